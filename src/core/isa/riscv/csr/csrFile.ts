/**
 * The CSRs of one hart: the table's rows fitted to what the hart has, and reading, writing and
 * access by them. What a particular register does beyond its fields is in its row.
 */
import type { RegisterWidth } from '../../../engine/semantics.ts';
import type { TimeCounter, VirtualClock } from '../../../base/virtualClock.ts';
import { Bug } from '../../../base/assert.ts';
import type { HartState } from '../hartState.ts';
import type { Pmp } from '../pmp.ts';
import { Triggers } from '../triggers.ts';
import { Counters } from './counters.ts';
import type { ExternalInterrupts, HartInterruptFiles } from './externalInterrupts.ts';
import { raisedVirtually } from './filtering.ts';
import { pendingInterrupts, supervisorReady } from './interrupts.ts';
import { CSR } from './numbers.ts';
import type { CsrRefusal } from './refusal.ts';
import { Registers, type CsrAccess, type Register } from './register.ts';
import { effect, type CsrConfig, type CsrHart } from './row.ts';
import { statedRows } from './table.ts';
import { Timers } from './timers.ts';
import { topGuest } from './topInterrupt.ts';

export interface CsrSurroundings {
  readonly clock: VirtualClock;
  /** What the `time` counter shows: the clock's ticks unless a device lets software set it. */
  readonly time: TimeCounter;
  /** Instructions retired by the hart. */
  readonly retired: () => number;
  /** Lower-case names of the extensions that exist. */
  readonly extensions: ReadonlySet<string>;
  readonly xlen: RegisterWidth;
  /** Modes besides M as letters of misa; S and U by default. */
  readonly modes?: readonly string[];
  /** What CSRs reach of the external interrupt controller: nothing of a PLIC. */
  readonly external?: ExternalInterrupts;
}

export class CsrFile implements CsrHart {
  readonly state: HartState;
  readonly pmp: Pmp;
  readonly counters: Counters;
  readonly triggers: Triggers;
  readonly timers: Timers;
  readonly xlen: RegisterWidth;
  readonly guestFiles: number;
  readonly hasImsic: boolean;
  readonly imsic: HartInterruptFiles | undefined;
  readonly priorityBits: number;
  readonly has: (extension: string) => boolean;
  readonly time: TimeCounter;
  /** Levels of the interrupt inputs, as bits of mip; of guest external interrupts, as of hgeip. */
  inputs = 0;
  guestInputs = 0n;
  /** Set by writes; whoever wrote looks and clears. */
  translationChanged = false;
  protectionChanged = false;
  interruptsChanged = false;
  timersChanged = false;
  private readonly clock: VirtualClock;
  private readonly external: ExternalInterrupts;
  private readonly config: CsrConfig;
  private readonly registers: Registers;

  constructor(state: HartState, pmp: Pmp, surroundings: CsrSurroundings) {
    const { extensions, xlen, external = {}, modes = ['s', 'u'] } = surroundings;
    this.state = state;
    this.pmp = pmp;
    this.clock = surroundings.clock;
    this.time = surroundings.time;
    this.xlen = xlen;
    this.external = external;
    this.imsic = external.imsic;
    this.hasImsic = this.imsic !== undefined;
    this.guestFiles = this.imsic?.guests.length ?? 0;
    this.priorityBits = external.priorityBits ?? 8;
    const existing = new Set([...extensions, ...modes]);
    this.has = (extension) => existing.has(extension);
    const { guestFiles, hasImsic, has } = this;
    this.config = { xlen, guestFiles, hasImsic, has };
    this.counters = new Counters(state, surroundings.retired, this.has);
    this.triggers = new Triggers(state, xlen, this.has('h'));
    this.timers = new Timers(this, this.clock);
    this.registers = new Registers(statedRows, this.config);
  }

  /** Whether the CSR is there at all: its extension may be switched off. */
  exists(number: number): boolean {
    return this.registers.at(number) !== undefined;
  }

  reset(hartId: number): void {
    this.registers.reset(this.state);
    this.state.setCsr(CSR.mhartid, BigInt(hartId));
    this.state.setCsr(CSR.seed, BigInt(hartId) << 32n);
    this.counters.reset();
    this.triggers.reset();
    this.pmp.update();
    this.affect(effect.translation | effect.protection | effect.interrupts | effect.timers);
  }

  /** Why the hart's present mode may not access a CSR, or undefined when it may. */
  refusal(number: number, write: boolean): CsrRefusal | undefined {
    const register = this.registers.at(number);
    if (!register) return 'illegal';
    return (write ? register.writeRefusals : register.readRefusals).now(this.state);
  }

  registerAt(number: number): Register | undefined {
    return this.registers.at(number);
  }

  /** Of an instruction of the present mode that is never refused, see `Register.plain`. */
  plain(number: number, how: CsrAccess): ReturnType<Register['plain']> {
    const register = this.registers.at(number);
    if (!register) return undefined;
    const refusals = how === 'read' ? register.readRefusals : register.writeRefusals;
    return refusals.areNone(this.state) ? this.accessible(number).plain(how) : undefined;
  }

  /** What is accessed under a number: with V=1 a supervisor CSR is the guest's own. */
  accessible(number: number): Register {
    return this.served(this.register(number));
  }

  /** The same of the register that has the number. */
  served(register: Register): Register {
    const { guest } = register;
    return guest !== undefined && this.state.virtualized ? this.register(guest) : register;
  }

  /** What software reads under a number: on RV32 half of a wide register. */
  read(number: number): bigint {
    const register = this.register(number);
    return register.half(register.read(this));
  }

  write(number: number, value: bigint): void {
    this.register(number).writeHalf(this, value);
  }

  readWhole(number: number): bigint {
    return this.register(number).read(this);
  }

  writeWhole(number: number, value: bigint): void {
    this.register(number).write(this, value);
  }

  affect(effects: number): void {
    if (effects & effect.translation) this.translationChanged = true;
    if (effects & effect.protection) this.protectionChanged = true;
    if (effects & effect.interrupts) this.interruptsChanged = true;
    if (effects & effect.timers) {
      this.timersChanged = true;
      this.timers.forget();
    }
  }

  timersPending(): number {
    return this.timers.pending();
  }

  /** mip as a number: inputs, software bits, timers, virtual interrupts. */
  pending(): number {
    return pendingInterrupts(this, this.inputs);
  }

  /** Whether any interrupt is pending and enabled at its level, whatever the global enables say. */
  awaited(): boolean {
    if (this.pending() & this.state.low(CSR.mie)) return true;
    if (!raisedVirtually(this)) return false;
    return supervisorReady(this) !== 0n || topGuest(this) !== 0;
  }

  setGuestInput(file: number, level: boolean): void {
    const mask = 1n << BigInt(file);
    this.guestInputs = level ? this.guestInputs | mask : this.guestInputs & ~mask;
  }

  externalPriority(level: 'machine' | 'supervisor'): number {
    return this.external.priority?.(level) ?? 0;
  }

  /** The tick of the clock at which a timer interrupt becomes pending that is not yet. */
  nextTimer(): bigint | undefined {
    const { state } = this;
    const enabled = (envcfg: number): boolean => state.high(envcfg) >>> 31 === 1;
    if (!this.has('sstc') || !enabled(CSR.menvcfg)) return undefined;
    const now = this.time.ticks();
    const waits: bigint[] = [];
    const compare = state.csr(CSR.stimecmp);
    if (compare > now) waits.push(compare - now);
    if (enabled(CSR.henvcfg)) {
      const guestNow = this.guestTime();
      const guestCompare = state.csr(CSR.vstimecmp);
      if (guestCompare > guestNow) waits.push(guestCompare - guestNow);
    }
    if (waits.length === 0) return undefined;
    return this.clock.ticks() + waits.reduce((a, b) => (a < b ? a : b));
  }

  lookAtTime(): void {
    this.clock.looked();
  }

  /** time with htimedelta, as VS- and VU-mode read it. */
  guestTime(): bigint {
    return BigInt.asUintN(64, this.time.ticks() + this.state.csr(CSR.htimedelta));
  }

  /** The same as a number, or -1 where that would not be exact. */
  guestTimeNumber(): number {
    const now = this.time.tickNumber();
    const { state } = this;
    // As a guest's time begins at 0, the difference is a small number below it.
    const sum = now + (state.high(CSR.htimedelta) | 0) * 2 ** 32 + state.low(CSR.htimedelta);
    return now >= 0 && sum >= 0 && sum < 2 ** 53 ? sum : -1;
  }

  private register(number: number): Register {
    const register = this.registers.at(number);
    if (!register) throw new Bug(`no CSR 0x${number.toString(16)}`);
    return register;
  }
}
