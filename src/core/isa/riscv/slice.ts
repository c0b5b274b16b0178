/**
 * The slice in progress: one run of generated code with so many instructions at most. Keeps the
 * counts exact whenever TypeScript looks, and lets the slice end earlier than was planned.
 */
import { largeCount } from '../../base/largeCount.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';

export class Slice {
  /** Instructions that the hart has retired. */
  instructions = largeCount;
  /** Generated code is at work, or what it calls. */
  isRunning = false;
  private readonly clock: VirtualClock;
  private budget = 0;
  /** The counts of hart and clock when it began. */
  private start = largeCount;
  private clockStart = largeCount;
  /** Budget taken away so that the slice ends earlier. */
  private withheld = 0;
  /** Of instructions that trapped without ending it. */
  private traps = 0;
  /** The clock's count at which it is to end, if that is not yet taken from the budget. */
  private end = Infinity;

  constructor(clock: VirtualClock) {
    this.clock = clock;
    this.instructions = this.start = this.clockStart = 0;
  }

  /** The slice is of one instruction. */
  get isSingle(): boolean {
    return this.budget === 1;
  }

  begin(budget: number): void {
    this.isRunning = true;
    this.budget = budget;
    this.start = this.instructions;
    this.clockStart = this.clock.instructions;
    this.withheld = 0;
    this.end = Infinity;
  }

  finish(left: number): void {
    this.sync(left);
    this.isRunning = false;
  }

  /** Generated code takes the instruction in progress for one that retires, but it traps. */
  noteTrap(): void {
    this.traps++;
    this.withheld++;
  }

  /** Tells them once. */
  takeTraps(): number {
    const { traps } = this;
    this.traps = 0;
    return traps;
  }

  /** Brings the counts up to date: `left` of the budget remains, less what is withheld. */
  sync(left: number): void {
    const used = this.budget - left - this.withheld;
    this.instructions = this.start + used;
    this.clock.instructions = this.clockStart + used;
  }

  /** Less is wanted of it than generated code knows. */
  get isCut(): boolean {
    return this.end !== Infinity;
  }

  /** Is to end at a count of the clock; after the present instruction if that is over. */
  endAt(count: number): void {
    if (count < this.end) this.end = count;
  }

  /** What generated code has left behind a call, in which it may be that less was wanted. */
  remaining(left: number): number {
    if (this.end === Infinity) return left;
    const now = this.clockStart + this.budget - left - this.withheld;
    const allowed = Math.max(1, this.end - now);
    this.end = Infinity;
    if (allowed >= left) return left;
    this.withheld += left - allowed;
    return allowed;
  }
}
