/**
 * Virtual time: instructions retired by all harts together, plus what was skipped while every
 * hart waited. Exact at every moment TypeScript code runs, since a hart brings it up to date before
 * it calls out. Nothing here looks at a wall clock.
 */
export class VirtualClock {
  /** Instructions per tick of the timebase. */
  readonly instructionsPerTick: number;
  /** Ticks per second of virtual time. */
  readonly timebase: number;
  /** Instructions retired since the machine started. */
  instructions = 0;
  /** How often time did anything else than pass with instructions. */
  jumps = 0;
  /** Ticks skipped while waiting. */
  private skipped = 0n;
  /** The answer that `ticks` gave last, and at which count: it is asked several times in a row. */
  private known = 0n;
  private knownAt = -1;

  constructor(timebase = 10_000_000, instructionsPerTick = 10) {
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

  /** Instructions that must retire until `ticks()` is at least `deadline`; 0 when it is already. */
  instructionsUntil(deadline: bigint): number {
    const wait = deadline - this.ticks();
    if (wait <= 0n) return 0;
    const partial = this.instructions % this.instructionsPerTick;
    return Number(wait) * this.instructionsPerTick - partial;
  }

  /** A time that others make of this one was set. */
  jumped(): void {
    this.jumps++;
  }

  /** Moves time forward to `deadline`, at most by `milliseconds`, with no instruction retired. */
  skipTo(deadline: bigint, milliseconds = Infinity): void {
    const wait = deadline - this.ticks();
    const limit = (this.timebase * milliseconds) / 1000;
    if (wait <= 0n) return;
    this.skipped += wait > limit ? BigInt(Math.ceil(limit)) : wait;
    this.knownAt = -1;
    this.jumps++;
  }
}
