/**
 * Virtual time: instructions retired by all harts together, plus what was skipped while every
 * hart waited. Exact at every moment TypeScript code runs, since a hart brings it up to date before
 * it calls out. Nothing here looks at a wall clock.
 */
import { largeCount } from './largeCount.ts';
import { big, fields, mustFit, whole, type Persist } from './persist.ts';

/** A time as others read it. */
export interface TimeCounter {
  ticks(): bigint;
  /** The same as a number, or -1 where that would not be exact. */
  tickNumber(): number;
}

export interface VirtualClockState {
  readonly instructions: number;
  readonly skipped: bigint;
  readonly looks: number;
}

const shape = fields({ instructions: whole, skipped: big, looks: whole });

export class VirtualClock implements TimeCounter, Persist<VirtualClockState> {
  /** Instructions per tick of the timebase. */
  readonly instructionsPerTick: number;
  /** Ticks per second of virtual time. */
  readonly timebase: number;
  /** Instructions retired since the machine started. */
  instructions = largeCount;
  /** How often time did anything else than pass with instructions. */
  jumps = 0;
  /** How often software looked at the time. */
  looks = 0;
  /** Ticks skipped while waiting; and as a number while that is exact, else -1. */
  private skipped = 0n;
  private skippedNumber = 0;
  /** The answer that `ticks` gave last, and at which count: it is asked several times in a row. */
  private known = 0n;
  private knownAt = -1;

  constructor(timebase = 10_000_000, instructionsPerTick = 10) {
    this.instructions = 0;
    this.timebase = timebase;
    this.instructionsPerTick = instructionsPerTick;
  }

  ticks(): bigint {
    if (this.instructions !== this.knownAt) {
      this.knownAt = this.instructions;
      this.known = BigInt(Math.floor(this.instructions / this.instructionsPerTick)) + this.skipped;
    }
    return this.known;
  }

  /** `ticks()` as a number, or -1 where that would not be exact. */
  tickNumber(): number {
    if (this.skippedNumber < 0) return -1;
    return Math.floor(this.instructions / this.instructionsPerTick) + this.skippedNumber;
  }

  /** Instructions that must retire until `ticks()` is at least `deadline`; 0 when it is already. */
  instructionsUntil(deadline: bigint): number {
    return this.instructionsFor(Number(deadline - this.ticks()));
  }

  /** Instructions that must retire until so many ticks have passed. */
  instructionsFor(ticks: number): number {
    if (ticks <= 0) return 0;
    return this.tickBegan() + ticks * this.instructionsPerTick - this.instructions;
  }

  /** The count of instructions at which the present tick began. Not by `%`: it is slow on large numbers. */
  tickBegan(): number {
    return Math.floor(this.instructions / this.instructionsPerTick) * this.instructionsPerTick;
  }

  /** The count of instructions at which `tick` comes or came; NaN where that would not be exact. */
  countAt(tick: number): number {
    if (this.skippedNumber < 0) return NaN;
    return (tick - this.skippedNumber) * this.instructionsPerTick;
  }

  get skippedMilliseconds(): number {
    return (Number(this.skipped) * 1000) / this.timebase;
  }

  /** Software reads the time, or one that others make of it. */
  looked(): void {
    this.looks++;
  }

  /** A time that others make of this one was set. */
  jumped(): void {
    this.jumps++;
  }

  /**
   * Moves time forward to `deadline`, at most by so many `milliseconds` as whole ticks and at least
   * by one, with no instruction retired.
   */
  skipTo(deadline: bigint, milliseconds = Infinity): void {
    const wait = deadline - this.ticks();
    const limit = Math.max(1, Math.round((this.timebase * milliseconds) / 1000));
    if (wait <= 0n) return;
    this.setSkipped(this.skipped + (wait > limit ? BigInt(limit) : wait));
  }

  save(): VirtualClockState {
    const { instructions, skipped, looks } = this;
    return { instructions, skipped, looks };
  }

  restore(state: VirtualClockState): void {
    mustFit('the clock', state, shape);
    this.instructions = state.instructions;
    this.looks = state.looks;
    this.setSkipped(state.skipped);
  }

  private setSkipped(ticks: bigint): void {
    this.skipped = ticks;
    this.skippedNumber = ticks < largestExact ? Number(ticks) : -1;
    this.knownAt = -1;
    this.jumps++;
  }
}

/** Half of what numbers hold exactly: the instructions' part comes on top. */
const largestExact = 2n ** 52n;
