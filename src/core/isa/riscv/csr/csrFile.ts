/**
 * Reading and writing CSRs: aliases, derived bits, WARL. Who may access which CSR is the business
 * of `csrAccess`; the fields and writable bits come from the table.
 */
import type { VirtualClock } from '../../../base/virtualClock.ts';
import { Bug } from '../../../base/assert.ts';
import type { RegisterWidth } from '../../../engine/semantics.ts';
import { status, type HartState } from '../hartState.ts';
import type { Pmp } from '../pmp.ts';
import { pmpEntries } from '../pmp.ts';
import { interrupt } from '../trapCause.ts';
import { maskOf } from './row.ts';
import { supervisorStatus } from './fields.ts';
import { markFloatsDirty, updateFloatUnit, withSummary } from './floatStatus.ts';
import { csrByNumber } from './names.ts';
import { CSR } from './numbers.ts';
import { csrRows } from './table.ts';

const supervisorInterrupts = 0x222;
const guestInterrupts = 0x444;
/** Bits of mip that software may set: SSIP, STIP, SEIP. VSSIP is an alias of hvip's. */
const softwarePending = (1 << interrupt.SSI) | (1 << interrupt.STI) | (1 << interrupt.SEI);
const sstatusWritable = maskOf(supervisorStatus);
const sstatusReadable = supervisorStatus.reduce(
  (mask, f) => mask | (((1n << BigInt(f.high - f.low + 1)) - 1n) << BigInt(f.low)),
  0n,
);
const STCE = 1n << 63n;
const CBIE = 3n << 4n;
const environmentRegisters = new Set<number>([CSR.menvcfg, CSR.henvcfg, CSR.senvcfg]);
/** GVA and MPV of mstatus. */
const hypervisorStatus = 3n << 38n;
/** Bits of mstatus and vsstatus that change how memory is accessed. */
const translationBits = status.MPRV | status.MPP | status.SUM | status.MXR;

/** Writing these may make an interrupt pending, or change when a timer is due. */
const interruptRegisters = new Set<number>([CSR.mideleg, CSR.hideleg, CSR.hvip]);
const timerRegisters = new Set<number>([
  CSR.stimecmp,
  CSR.vstimecmp,
  CSR.htimedelta,
  CSR.menvcfg,
  CSR.henvcfg,
]);

export interface CsrSurroundings {
  readonly clock: VirtualClock;
  /** What the `time` counter shows: the clock's ticks unless a device lets software set it. */
  readonly now: () => bigint;
  readonly xlen: RegisterWidth;
  /** Instructions retired by the hart. */
  readonly retired: () => number;
  /** Lower-case names of the extensions that exist. */
  readonly extensions: ReadonlySet<string>;
}

export class CsrFile {
  /** Levels of the interrupt inputs, as bits of mip. */
  inputs = 0;
  /** Set by writes; whoever wrote looks and clears. */
  translationChanged = false;
  protectionChanged = false;
  interruptsChanged = false;
  timersChanged = false;
  private readonly state: HartState;
  private readonly clock: VirtualClock;
  private readonly now: () => bigint;
  private readonly pmp: Pmp;
  private readonly xlen: RegisterWidth;
  private readonly retired: () => number;
  private readonly extensions: ReadonlySet<string>;
  /** By number: 1 where the CSR exists. */
  private readonly present = new Uint8Array(4096);
  /** Writable bits of the CSRs in which fields are missing because their extension is. */
  private readonly masks = new Map<number, bigint>();
  private readonly sstc: boolean;
  /** What the counters read is the instructions retired and this. */
  private cycleDelta = 0n;
  private instretDelta = 0n;

  constructor(state: HartState, pmp: Pmp, surroundings: CsrSurroundings) {
    this.state = state;
    this.pmp = pmp;
    this.clock = surroundings.clock;
    this.now = surroundings.now;
    this.xlen = surroundings.xlen;
    this.retired = surroundings.retired;
    this.extensions = surroundings.extensions;
    for (const { number, extension, fields, mask } of csrRows) {
      if (extension === '' || this.has(extension)) this.present[number] = 1;
      const missing = fields.filter((f) => f.extension !== undefined && !this.has(f.extension));
      if (missing.length > 0) this.masks.set(number, mask & ~maskOf(missing));
    }
    this.sstc = this.has('sstc');
  }

  /** Whether the CSR is there at all: its extension may be switched off. */
  exists(number: number): boolean {
    return this.present[number] === 1;
  }

  reset(hartId: number): void {
    for (const row of csrRows) this.state.setCsr(row.number, row.reset);
    this.state.setCsr(CSR.misa, this.misa());
    if (!this.has('h')) this.state.setCsr(CSR.mideleg, 0n);
    this.state.setCsr(CSR.mhartid, BigInt(hartId));
    this.state.setCsr(CSR.seed, BigInt(hartId) << 32n);
    this.cycleDelta = 0n;
    this.instretDelta = 0n;
    this.pmp.update();
    this.translationChanged = this.protectionChanged = this.interruptsChanged = true;
  }

  read(number: number): bigint {
    const { state } = this;
    switch (number) {
      case CSR.sstatus:
        return withSummary(state.csr(CSR.mstatus)) & sstatusReadable;
      case CSR.mstatus:
      case CSR.vsstatus:
        return withSummary(state.csr(number));
      case CSR.fcsr:
        return BigInt((state.low(CSR.frm) << 5) | state.low(CSR.fflags));
      case CSR.sie:
        return BigInt(state.low(CSR.mie) & state.low(CSR.mideleg) & supervisorInterrupts);
      case CSR.sip:
        return BigInt(this.pending() & state.low(CSR.mideleg) & supervisorInterrupts);
      case CSR.hie:
        return BigInt(state.low(CSR.mie) & guestInterrupts);
      case CSR.hip:
        return BigInt(this.pending() & guestInterrupts);
      case CSR.vsie:
        return BigInt((state.low(CSR.mie) & state.low(CSR.hideleg)) >>> 1);
      case CSR.vsip:
        return BigInt((this.pending() & state.low(CSR.hideleg)) >>> 1);
      case CSR.mip:
        return BigInt(this.pending());
      case CSR.henvcfg:
        return state.csr(number) & (state.csr(CSR.menvcfg) | ~STCE);
      case CSR.seed:
        return entropySource(state.csr(CSR.seed));
      case CSR.time:
        return this.time();
      case CSR.cycle:
      case CSR.mcycle:
        return this.counter(CSR.mcycle, 1n, this.cycleDelta);
      case CSR.instret:
      case CSR.minstret:
        return this.counter(CSR.minstret, 4n, this.instretDelta);
      default:
        if (!this.exists(number)) throw new Bug(`no CSR 0x${number.toString(16)}`);
        return state.csr(number);
    }
  }

  /** What CSRRS and CSRRC combine with: inputs of mip from outside must not become software's. */
  readForUpdate(number: number): bigint {
    if (number !== CSR.mip && number !== CSR.sip) return this.read(number);
    const outside = 1n << BigInt(interrupt.SEI);
    return (this.read(number) & ~outside) | (this.state.csr(CSR.mip) & outside);
  }

  write(number: number, value: bigint): void {
    const row = csrByNumber(number);
    if (!row) throw new Bug(`no CSR 0x${number.toString(16)}`);
    const { state } = this;
    switch (number) {
      case CSR.sstatus:
        return this.writeStatus(CSR.mstatus, value, sstatusWritable);
      case CSR.mstatus:
      case CSR.vsstatus:
        return this.writeStatus(number, value, row.mask);
      case CSR.fflags:
      case CSR.frm:
        return this.writeFloatControl([[number, value & row.mask]]);
      case CSR.fcsr:
        return this.writeFloatControl([
          [CSR.fflags, value & 31n],
          [CSR.frm, (value >> 5n) & 7n],
        ]);
      case CSR.sie:
        return this.writeEnable(value, state.low(CSR.mideleg) & supervisorInterrupts);
      case CSR.hie:
        return this.writeEnable(value, guestInterrupts);
      case CSR.vsie:
        return this.writeEnable(value << 1n, state.low(CSR.hideleg));
      case CSR.mip:
        return this.writePending(value, softwarePending, 1 << interrupt.VSSI);
      case CSR.sip: {
        const delegated = state.low(CSR.mideleg) & (1 << interrupt.SSI);
        return this.writePending(value, delegated, 0);
      }
      case CSR.hip:
        return this.writePending(value, 0, 1 << interrupt.VSSI);
      case CSR.vsip: {
        const delegated = state.low(CSR.hideleg) & (1 << interrupt.VSSI);
        return this.writePending(value << 1n, 0, delegated);
      }
      case CSR.satp:
      case CSR.vsatp:
      case CSR.hgatp:
        return this.writeRoot(number, value, row.mask);
      case CSR.seed:
        // What was read is gone; what was written does not matter.
        state.setCsr(CSR.seed, state.csr(CSR.seed) + 1n);
        return;
      case CSR.mcycle:
        this.cycleDelta = value - BigInt(this.retired() + 1);
        state.setCsr(number, value);
        return;
      case CSR.minstret:
        this.instretDelta = value - BigInt(this.retired() + 1);
        state.setCsr(number, value);
        return;
      case CSR.mcountinhibit:
        return this.writeInhibit(value & row.mask);
      case CSR.pmpcfg0:
      case CSR.pmpcfg2:
        state.setCsr(number, this.pmp.legalConfig(number, value));
        return this.protectionWritten();
      default:
        if (number >= CSR.pmpaddr0 && number < CSR.pmpaddr0 + pmpEntries) {
          if (!this.pmp.addressLocked(number - CSR.pmpaddr0))
            state.setCsr(number, value & row.mask);
          return this.protectionWritten();
        }
        const mask = this.masks.get(number) ?? row.mask;
        state.setCsr(number, (state.csr(number) & ~mask) | (legal(number, value) & mask));
        if (timerRegisters.has(number)) this.timersChanged = true;
        if (interruptRegisters.has(number)) this.interruptsChanged = true;
    }
  }

  /** mip as a number: inputs, software bits, timers, virtual interrupts. */
  pending(): number {
    const { state } = this;
    let bits = this.inputs | state.low(CSR.mip) | state.low(CSR.hvip);
    if (this.timerCompares) {
      bits &= ~(1 << interrupt.STI);
      if (this.now() >= state.csr(CSR.stimecmp)) bits |= 1 << interrupt.STI;
      if (this.guestTimerCompares && this.guestTime() >= state.csr(CSR.vstimecmp)) {
        bits |= 1 << interrupt.VSTI;
      }
    }
    return bits;
  }

  /** The tick of the clock at which a timer interrupt becomes pending that is not yet. */
  nextTimer(): bigint | undefined {
    if (!this.timerCompares) return undefined;
    const { state } = this;
    const now = this.now();
    const waits: bigint[] = [];
    const compare = state.csr(CSR.stimecmp);
    if (compare > now) waits.push(compare - now);
    if (this.guestTimerCompares) {
      const guestNow = this.guestTime();
      const guestCompare = state.csr(CSR.vstimecmp);
      if (guestCompare > guestNow) waits.push(guestCompare - guestNow);
    }
    if (waits.length === 0) return undefined;
    return this.clock.ticks() + waits.reduce((a, b) => (a < b ? a : b));
  }

  /** time with htimedelta, as VS- and VU-mode read it. */
  guestTime(): bigint {
    return BigInt.asUintN(64, this.now() + this.state.csr(CSR.htimedelta));
  }

  private has(extension: string): boolean {
    return this.extensions.has(extension.toLowerCase());
  }

  private misa(): bigint {
    const present = [...'abcdfhim'].filter((letter) => this.has(letter));
    const bit = (letter: string): bigint => 1n << BigInt(letter.charCodeAt(0) - 97);
    const MXL = this.xlen === 32 ? 1n << 30n : 2n << 62n;
    return [...present, 's', 'u'].reduce((bits, letter) => bits | bit(letter), MXL);
  }

  private get timerCompares(): boolean {
    return this.state.high(CSR.menvcfg) >>> 31 === 1 && this.sstc;
  }
  private get guestTimerCompares(): boolean {
    return this.state.high(CSR.henvcfg) >>> 31 === 1;
  }

  private time(): bigint {
    return this.state.virtualized ? this.guestTime() : this.now();
  }

  private counter(slot: number, inhibit: bigint, delta: bigint): bigint {
    if (this.state.csr(CSR.mcountinhibit) & inhibit) return this.state.csr(slot);
    return BigInt.asUintN(64, BigInt(this.retired()) + delta);
  }

  /** A counter that stops keeps its value in its slot; one that starts again goes on from there. */
  private writeInhibit(value: bigint): void {
    const cycle = this.read(CSR.mcycle);
    const instret = this.read(CSR.minstret);
    const changed = this.state.csr(CSR.mcountinhibit) ^ value;
    this.state.setCsr(CSR.mcountinhibit, value);
    if (changed & 1n) this.write(CSR.mcycle, cycle);
    if (changed & 4n) this.write(CSR.minstret, instret);
  }

  private writeStatus(slot: number, value: bigint, mask: bigint): void {
    const { state } = this;
    const old = state.csr(slot);
    let writable = this.has('h') ? mask : mask & ~hypervisorStatus;
    if (!this.has('f')) writable &= ~BigInt(status.FS);
    let next = (old & ~writable) | (value & writable);
    const previousPrivilege = BigInt(status.MPP);
    if ((next & previousPrivilege) >> 11n === 2n) {
      next = (next & ~previousPrivilege) | (old & previousPrivilege);
    }
    state.setCsr(slot, next);
    updateFloatUnit(state);
    const changed = old ^ next;
    if (changed & BigInt(translationBits) || changed >> 39n) this.translationChanged = true;
    this.interruptsChanged = true;
  }

  private writeFloatControl(slots: readonly (readonly [number, bigint])[]): void {
    for (const [slot, value] of slots) this.state.setCsr(slot, value);
    markFloatsDirty(this.state);
  }

  private writeEnable(value: bigint, mask: number): void {
    const { state } = this;
    state.setLow(CSR.mie, (state.low(CSR.mie) & ~mask) | (Number(value & 0xffffn) & mask));
    this.interruptsChanged = true;
  }

  private writePending(value: bigint, machineMask: number, guestMask: number): void {
    const { state } = this;
    const bits = Number(value & 0xffffn);
    state.setLow(CSR.mip, (state.low(CSR.mip) & ~machineMask) | (bits & machineMask));
    state.setLow(CSR.hvip, (state.low(CSR.hvip) & ~guestMask) | (bits & guestMask));
    this.interruptsChanged = true;
  }

  /** A write of satp or vsatp with a MODE that does not exist does nothing at all. */
  private writeRoot(number: number, value: bigint, mask: bigint): void {
    const mode = Number((value >> 60n) & 15n);
    const supported = mode === 0 || (mode >= 8 && mode <= 10);
    if (number !== CSR.hgatp) {
      if (!supported) return;
      this.state.setCsr(number, value & mask);
    } else {
      // hgatp is WARL field by field, and its root is aligned to 16 KiB.
      const old = this.state.csr(number);
      const kept = supported ? value : (value & ~(15n << 60n)) | (old & (15n << 60n));
      this.state.setCsr(number, kept & mask & ~3n);
    }
    this.translationChanged = true;
  }

  private protectionWritten(): void {
    this.pmp.update();
    this.protectionChanged = true;
  }
}

/**
 * What the seed CSR shows at a position of its sequence: ES16 and sixteen bits of SplitMix64. It
 * is the same in every run, as all that a machine does is.
 */
function entropySource(position: bigint): bigint {
  const ES16 = 2n << 30n;
  let z = BigInt.asUintN(64, (position + 1n) * 0x9e37_79b9_7f4a_7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return ES16 | ((z ^ (z >> 31n)) & 0xffffn);
}

/** Values that no field mask can express: trap vectors have two modes, CBIE is never 2. */
function legal(number: number, value: bigint): bigint {
  if (environmentRegisters.has(number)) return (value & CBIE) === 2n << 4n ? value & ~CBIE : value;
  const isVector = number === CSR.mtvec || number === CSR.stvec || number === CSR.vstvec;
  return isVector ? value & ~2n : value;
}
