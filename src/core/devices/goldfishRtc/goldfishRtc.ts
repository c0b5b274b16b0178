/**
 * Goldfish real-time clock with an alarm. Its time is the board's plus a chosen epoch, never the
 * host's clock, so that runs repeat exactly.
 *
 * Android emulator, `docs/GOLDFISH-VIRTUAL-HARDWARE.TXT`; Linux `drivers/rtc/rtc-goldfish.c`.
 */
import { UserError } from '../../base/userError.ts';
import { big, fields, flag, mustFit, whole, type Persist } from '../../base/persist.ts';
import type { AccessSize, InterruptLine, MmioDevice, TimeSource, TimedDevice } from '../device.ts';
import * as r from './registers.ts';

export interface GoldfishRtcState {
  /** The clock minus the board's time, in nanoseconds modulo 2^64. */
  readonly offset: bigint;
  readonly alarm: bigint;
  readonly alarmRunning: boolean;
  readonly irqEnabled: boolean;
  readonly irqPending: boolean;
  readonly timeHigh: number;
}

export interface GoldfishRtcParts {
  readonly line: InterruptLine;
  readonly time: TimeSource;
  /** Ticks of `time` per second. */
  readonly timebase: number;
  /** What the clock shows when the machine starts: nanoseconds since 1970. */
  readonly epoch: bigint;
}

const SECOND = 1_000_000_000n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export class GoldfishRtc implements MmioDevice, TimedDevice, Persist<GoldfishRtcState> {
  readonly name = 'rtc';
  private readonly parts: GoldfishRtcParts;
  private readonly timebase: bigint;
  private offset: bigint;
  private alarm = 0n;
  private alarmRunning = false;
  private irqEnabled = false;
  private irqPending = false;
  private timeHigh = 0;

  constructor(parts: GoldfishRtcParts) {
    this.parts = parts;
    this.timebase = BigInt(parts.timebase);
    this.offset = parts.epoch;
  }

  read(offset: number, size: AccessSize): number {
    if (size !== 4) return 0;
    switch (offset) {
      case r.TIME_LOW: {
        this.parts.time.looked?.();
        const now = this.now();
        this.timeHigh = Number(now >> 32n);
        return Number(now & 0xffffffffn);
      }
      case r.TIME_HIGH:
        return this.timeHigh;
      case r.ALARM_LOW:
        return Number(this.alarm & 0xffffffffn);
      case r.ALARM_HIGH:
        return Number(this.alarm >> 32n);
      case r.IRQ_ENABLED:
        return this.irqEnabled ? 1 : 0;
      case r.ALARM_STATUS:
        return this.alarmRunning ? 1 : 0;
      default:
        return 0;
    }
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4) return;
    const word = BigInt(value >>> 0);
    switch (offset) {
      case r.TIME_LOW:
        this.setNow((this.now() & ~0xffffffffn) | word);
        return;
      case r.TIME_HIGH:
        this.setNow((this.now() & 0xffffffffn) | (word << 32n));
        return;
      case r.ALARM_LOW:
        this.alarm = (this.alarm & ~0xffffffffn) | word;
        this.alarmRunning = true;
        this.advance();
        return;
      case r.ALARM_HIGH:
        this.alarm = (this.alarm & 0xffffffffn) | (word << 32n);
        return;
      case r.IRQ_ENABLED:
        this.irqEnabled = (value & 1) === 1;
        this.updateLine();
        return;
      case r.CLEAR_ALARM:
        this.alarmRunning = false;
        return;
      case r.CLEAR_INTERRUPT:
        this.irqPending = false;
        this.updateLine();
        return;
      default:
        return;
    }
  }

  nextDeadline(): bigint | undefined {
    if (!this.alarmRunning) return undefined;
    const wait = this.alarm - this.now();
    // Rounded up: at the deadline the alarm must be due.
    const ticks = (wait * this.timebase + SECOND - 1n) / SECOND;
    return this.parts.time.ticks() + (wait > 0n ? ticks : 0n);
  }

  advance(): void {
    if (!this.alarmRunning || this.now() < this.alarm) return;
    this.alarmRunning = false;
    this.irqPending = true;
    this.updateLine();
  }

  save(): GoldfishRtcState {
    const { offset, alarm, alarmRunning, irqEnabled, irqPending, timeHigh } = this;
    return { offset, alarm, alarmRunning, irqEnabled, irqPending, timeHigh };
  }

  restore(state: GoldfishRtcState): void {
    const flags = { alarmRunning: flag, irqEnabled: flag, irqPending: flag };
    const times = { offset: big, alarm: big, timeHigh: whole };
    mustFit(this.name, state, fields({ ...flags, ...times }));
    const fits =
      state.offset === u64(state.offset) &&
      state.alarm === u64(state.alarm) &&
      state.timeHigh === state.timeHigh >>> 0;
    if (!fits) throw new UserError(`saved state of ${this.name} does not fit`);
    this.offset = state.offset;
    this.alarm = state.alarm;
    this.alarmRunning = state.alarmRunning;
    this.irqEnabled = state.irqEnabled;
    this.irqPending = state.irqPending;
    this.timeHigh = state.timeHigh;
    this.updateLine();
  }

  /** Nanoseconds since 1970. */
  private now(): bigint {
    return u64(this.sinceStart() + this.offset);
  }

  private setNow(value: bigint): void {
    this.offset = u64(value - this.sinceStart());
  }

  private sinceStart(): bigint {
    return (this.parts.time.ticks() * SECOND) / this.timebase;
  }

  private updateLine(): void {
    this.parts.line.set(this.irqEnabled && this.irqPending);
  }
}
