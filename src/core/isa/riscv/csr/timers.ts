/**
 * What stimecmp and vstimecmp make of time (Sstc): which timer interrupts are pending, and until
 * which instruction that stays so. Comparing needs 64 bits; it is done again only when a register
 * was written, when time was set or jumped, or when the instruction has come that was foreseen.
 */
import type { TimeCounter, VirtualClock } from '../../../base/virtualClock.ts';
import type { HartState } from '../hartState.ts';
import { interrupt } from '../trapCause.ts';
import { CSR } from './numbers.ts';

const range = 1n << 64n;
const STIP = 1 << interrupt.STI;
const VSTIP = 1 << interrupt.VSTI;

export interface TimersHart {
  readonly state: HartState;
  readonly time: TimeCounter;
  guestTime(): bigint;
  guestTimeNumber(): number;
  has(extension: string): boolean;
}

export class Timers {
  private readonly hart: TimersHart;
  private readonly clock: VirtualClock;
  private readonly exist: boolean;
  private known = false;
  private jumps = 0;
  private bits = 0;
  private changeAt = Infinity;

  constructor(hart: TimersHart, clock: VirtualClock) {
    this.hart = hart;
    this.clock = clock;
    this.exist = hart.has('sstc');
  }

  /** A register that they depend on was written. */
  forget(): void {
    this.known = false;
  }

  /** STIP and VSTIP as bits of mip; 0 for the one that is not compared. */
  pending(): number {
    if (!this.exist) return 0;
    this.lookAgain();
    return this.bits;
  }

  /** The clock's count of instructions at which `pending` changes, if nothing else happens. */
  nextChange(): number {
    if (!this.exist) return Infinity;
    this.lookAgain();
    return this.changeAt;
  }

  private lookAgain(): void {
    const { clock, hart } = this;
    if (this.known && clock.instructions < this.changeAt && clock.jumps === this.jumps) return;
    this.known = true;
    this.jumps = clock.jumps;
    this.bits = 0;
    this.changeAt = Infinity;
    const enabled = (envcfg: number): boolean => hart.state.high(envcfg) >>> 31 === 1;
    if (!enabled(CSR.menvcfg)) return;
    const began = clock.tickBegan();
    const now = hart.time.tickNumber();
    if (now < 0) this.compare(STIP, hart.time.ticks(), hart.state.csr(CSR.stimecmp));
    else this.compareNumber(STIP, now, CSR.stimecmp, began);
    if (!enabled(CSR.henvcfg)) return;
    const guestNow = hart.guestTimeNumber();
    if (guestNow < 0) this.compare(VSTIP, hart.guestTime(), hart.state.csr(CSR.vstimecmp));
    else this.compareNumber(VSTIP, guestNow, CSR.vstimecmp, began);
  }

  /** Time and what remains are exact; a comparison with more than that is later in any case. */
  private compareNumber(bit: number, now: number, register: number, tickBegan: number): void {
    const { state } = this.hart;
    const wait = state.high(register) * 2 ** 32 + state.low(register) - now;
    const change = tickBegan + wait * this.clock.instructionsPerTick;
    // What is pending ends when time comes round to 0, which is not foreseeable from here.
    if (wait <= 0) this.bits |= bit;
    else if (change < this.changeAt) this.changeAt = change;
  }

  private compare(bit: number, now: bigint, compare: bigint): void {
    const { clock } = this;
    const isPending = now >= compare;
    if (isPending) this.bits |= bit;
    // Time that comes round to 0 ends what is pending.
    const wait = (isPending ? range : compare) - now;
    const change = clock.instructions + clock.instructionsUntil(clock.ticks() + wait);
    if (change < this.changeAt) this.changeAt = change;
  }
}
