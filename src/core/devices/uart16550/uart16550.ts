/**
 * A 16550A UART on a console channel. What the guest sends is on the console at once, so the
 * transmitter is always empty; what is typed waits in the channel until the guest reads it, or until
 * the receiver has room when the guest wants interrupts, so that nothing is lost and a guest that
 * reads the same channel another way gets all of it. Time passes only for the character timeout.
 *
 * National Semiconductor PC16550D data sheet, section 8; where it is silent (reset values, modem
 * inputs of a line with no modem) as QEMU's `hw/char/serial.c`, which drivers are tested on.
 */
import type { ConsoleChannel } from '../../base/console.ts';
import { UserError } from '../../base/userError.ts';
import {
  big,
  fields,
  flag,
  list,
  mustFit,
  optional,
  within,
  type Persist,
} from '../../base/persist.ts';
import type { AccessSize, InterruptLine, MmioDevice, TimeSource, TimedDevice } from '../device.ts';
import * as r from './registers.ts';

export interface Uart16550State {
  readonly ier: number;
  readonly lcr: number;
  readonly mcr: number;
  readonly msr: number;
  readonly scr: number;
  readonly fcr: number;
  readonly divisor: number;
  /** Error bits of LSR that were not read yet. */
  readonly errors: number;
  readonly received: readonly number[];
  readonly thrEmptyPending: boolean;
  readonly timeoutPending: boolean;
  readonly timeoutAt: bigint | undefined;
}

export interface Uart16550Parts {
  readonly name: string;
  readonly console: ConsoleChannel;
  readonly line: InterruptLine;
  readonly time: TimeSource;
  /** Ticks of `time` per second, and of the UART's own clock. */
  readonly timebase: number;
  readonly clock: number;
}

/** A modem that is always there: carrier, data set ready, clear to send. */
const CONNECTED = r.MSR_DCD | r.MSR_DSR | r.MSR_CTS;

const RESET: Uart16550State = {
  ier: 0,
  lcr: 0,
  mcr: r.MCR_OUT2,
  msr: CONNECTED,
  scr: 0,
  fcr: 0,
  // 9600 baud from a PC's clock.
  divisor: 12,
  errors: 0,
  received: [],
  thrEmptyPending: false,
  timeoutPending: false,
  timeoutAt: undefined,
};

const byte = within(0, 0xff);
const shape = fields({
  ...{ ier: byte, lcr: byte, mcr: byte, msr: byte, scr: byte, fcr: byte, errors: byte },
  ...{ divisor: within(0, 0xffff), received: list(byte) },
  ...{ thrEmptyPending: flag, timeoutPending: flag, timeoutAt: optional(big) },
});

export class Uart16550 implements MmioDevice, TimedDevice, Persist<Uart16550State> {
  readonly name: string;
  private readonly parts: Uart16550Parts;
  private ier = 0;
  private lcr = 0;
  private mcr = 0;
  private msr = 0;
  private scr = 0;
  private fcr = 0;
  private divisor = 0;
  private errors = 0;
  private received: number[] = [];
  private thrEmptyPending = false;
  private timeoutPending = false;
  private timeoutAt: bigint | undefined;

  constructor(parts: Uart16550Parts) {
    this.name = parts.name;
    this.parts = parts;
    this.assign(RESET);
    parts.console.readable.on(() => this.receiveIfWanted());
  }

  read(offset: number, _size: AccessSize): number {
    switch (offset) {
      case r.RBR:
        return this.dlab ? this.divisor & 0xff : this.readRbr();
      case r.IER:
        return this.dlab ? this.divisor >> 8 : this.ier;
      case r.IIR:
        return this.readIir();
      case r.LCR:
        return this.lcr;
      case r.MCR:
        return this.mcr;
      case r.LSR:
        return this.readLsr();
      case r.MSR:
        return this.readMsr();
      case r.SCR:
        return this.scr;
      default:
        return 0;
    }
  }

  write(offset: number, _size: AccessSize, value: number): void {
    const byte = value & 0xff;
    switch (offset) {
      case r.THR:
        if (this.dlab) this.divisor = (this.divisor & 0xff00) | byte;
        else this.writeThr(byte);
        return;
      case r.IER:
        if (this.dlab) this.divisor = (this.divisor & 0xff) | (byte << 8);
        else this.writeIer(byte);
        return;
      case r.FCR:
        this.writeFcr(byte);
        return;
      case r.LCR:
        this.lcr = byte;
        return;
      case r.MCR:
        this.writeMcr(byte);
        return;
      case r.SCR:
        this.scr = byte;
        return;
      default:
        // LSR and MSR are read-only; beyond SCR there is nothing.
        return;
    }
  }

  nextDeadline(): bigint | undefined {
    return this.timeoutAt;
  }

  advance(): void {
    if (this.timeoutAt === undefined || this.parts.time.ticks() < this.timeoutAt) return;
    this.timeoutAt = undefined;
    if (this.received.length > 0) this.timeoutPending = true;
    this.updateLine();
  }

  save(): Uart16550State {
    const { ier, lcr, mcr, msr, scr, fcr, divisor, errors } = this;
    const { thrEmptyPending, timeoutPending, timeoutAt } = this;
    const received = [...this.received];
    return {
      ...{ ier, lcr, mcr, msr, scr, fcr, divisor, errors, received },
      ...{ thrEmptyPending, timeoutPending, timeoutAt },
    };
  }

  restore(state: Uart16550State): void {
    mustFit(this.name, state, shape);
    if (state.received.length > r.FIFO_DEPTH)
      throw new UserError(`saved state of ${this.name} does not fit`);
    this.assign(state);
    this.updateLine();
  }

  private get dlab(): boolean {
    return (this.lcr & r.LCR_DLAB) !== 0;
  }

  private get fifosEnabled(): boolean {
    return (this.fcr & r.FCR_ENABLE) !== 0;
  }

  private get loopback(): boolean {
    return (this.mcr & r.MCR_LOOP) !== 0;
  }

  private readRbr(): number {
    if (this.received.length === 0) this.receive(1);
    const byte = this.received.shift() ?? 0;
    this.timeoutPending = false;
    this.timeoutAt = undefined;
    if (this.fifosEnabled && this.received.length > 0) this.startTimeout();
    this.receiveIfWanted();
    this.updateLine();
    return byte;
  }

  private readIir(): number {
    const iir = this.interruptId();
    // Reading IIR while it names the transmitter resets the transmitter's interrupt (Table IV).
    if (iir === r.IIR_THR_EMPTY) this.thrEmptyPending = false;
    this.updateLine();
    return iir | (this.fifosEnabled ? r.IIR_FIFOS_ENABLED : 0);
  }

  private readLsr(): number {
    const waiting = !this.loopback && this.parts.console.available > 0;
    const ready = this.received.length > 0 || waiting ? r.LSR_DR : 0;
    const lsr = r.LSR_THRE | r.LSR_TEMT | this.errors | ready;
    this.errors = 0;
    this.updateLine();
    return lsr;
  }

  private readMsr(): number {
    if (this.loopback) return this.loopbackMsr();
    const msr = this.msr;
    this.msr &= ~r.MSR_DELTAS;
    this.updateLine();
    return msr;
  }

  /** In loopback mode the modem outputs are wired to the modem inputs (8.7). */
  private loopbackMsr(): number {
    return (
      (this.mcr & r.MCR_RTS ? r.MSR_CTS : 0) |
      (this.mcr & r.MCR_DTR ? r.MSR_DSR : 0) |
      (this.mcr & r.MCR_OUT1 ? r.MSR_RI : 0) |
      (this.mcr & r.MCR_OUT2 ? r.MSR_DCD : 0)
    );
  }

  private writeThr(byte: number): void {
    if (this.loopback) this.push(byte);
    else this.parts.console.put(byte);
    this.thrEmptyPending = true;
    this.updateLine();
  }

  private writeIer(byte: number): void {
    const enabled = byte & ~this.ier;
    this.ier = byte & 0x0f;
    // The transmitter is empty, so enabling its interrupt raises it at once.
    if (enabled & r.IER_ETBEI) this.thrEmptyPending = true;
    this.receiveIfWanted();
    this.updateLine();
  }

  private writeFcr(byte: number): void {
    // Switching the FIFOs on or off clears them (8.4).
    const toggled = (byte ^ this.fcr) & r.FCR_ENABLE;
    if (toggled || byte & r.FCR_RESET_RECEIVER) {
      this.received = [];
      this.timeoutPending = false;
      this.timeoutAt = undefined;
      this.errors &= ~r.LSR_BI;
    }
    if (toggled || byte & r.FCR_RESET_TRANSMITTER) this.thrEmptyPending = true;
    // Without the enable bit the others are not programmed (8.4, bit 0).
    this.fcr = byte & r.FCR_ENABLE ? byte & r.FCR_STORED : 0;
    this.receiveIfWanted();
    this.updateLine();
  }

  private writeMcr(byte: number): void {
    this.mcr = byte & r.MCR_IMPLEMENTED;
    this.receiveIfWanted();
  }

  /** Fills the receiver when input is to interrupt; without that the guest asks LSR. */
  private receiveIfWanted(): void {
    if (this.ier & r.IER_ERBFI) this.receive(this.fifosEnabled ? r.FIFO_DEPTH : 1);
  }

  /** Takes bytes from the console until the receiver holds `count`. */
  private receive(count: number): void {
    if (this.loopback) return;
    while (this.received.length < count && this.parts.console.available > 0) {
      this.push(this.parts.console.take());
    }
  }

  private push(byte: number): void {
    const room = this.fifosEnabled ? r.FIFO_DEPTH : 1;
    if (this.received.length >= room) {
      this.errors |= r.LSR_OE;
      // A full FIFO keeps what it has; the single buffer is overwritten (8.6.1, overrun error).
      if (!this.fifosEnabled) this.received[0] = byte;
    } else {
      this.received.push(byte);
    }
    if (this.fifosEnabled) this.startTimeout();
    this.updateLine();
  }

  /** Four character times without a byte in or out, counted from now (FIFO interrupt mode, 8.4). */
  private startTimeout(): void {
    const { lcr, divisor } = this;
    const dataBits = 5 + (lcr & r.LCR_WORD_LENGTH);
    const frame = 1 + dataBits + (lcr & r.LCR_PARITY ? 1 : 0) + (lcr & r.LCR_STOP_BITS ? 2 : 1);
    const seconds = (4 * frame * 16 * Math.max(divisor, 1)) / this.parts.clock;
    const ticks = Math.ceil(seconds * this.parts.timebase);
    this.timeoutAt = this.parts.time.ticks() + BigInt(ticks);
  }

  /** The pending enabled interrupt of highest priority (Table IV). */
  private interruptId(): number {
    const { ier } = this;
    if (ier & r.IER_ELSI && this.errors & r.LSR_ERRORS) return r.IIR_LINE_STATUS;
    if (ier & r.IER_ERBFI && this.timeoutPending) return r.IIR_CHARACTER_TIMEOUT;
    if (ier & r.IER_ERBFI && this.received.length >= this.trigger) return r.IIR_RECEIVED_DATA;
    if (ier & r.IER_ETBEI && this.thrEmptyPending) return r.IIR_THR_EMPTY;
    if (ier & r.IER_EDSSI && this.msr & r.MSR_DELTAS) return r.IIR_MODEM_STATUS;
    return r.IIR_NONE;
  }

  private get trigger(): number {
    return this.fifosEnabled ? r.TRIGGER_LEVELS[(this.fcr >> 6) as 0 | 1 | 2 | 3] : 1;
  }

  private updateLine(): void {
    this.parts.line.set(this.interruptId() !== r.IIR_NONE);
  }

  private assign(state: Uart16550State): void {
    this.ier = state.ier;
    this.lcr = state.lcr;
    this.mcr = state.mcr;
    this.msr = state.msr;
    this.scr = state.scr;
    this.fcr = state.fcr;
    this.divisor = state.divisor;
    this.errors = state.errors;
    this.received = [...state.received];
    this.thrEmptyPending = state.thrEmptyPending;
    this.timeoutPending = state.timeoutPending;
    this.timeoutAt = state.timeoutAt;
  }
}
