/**
 * How machines are held back to the wall clock. What a person notices is waiting: a countdown, a
 * prompt, `sleep`. A machine that computes need not be as slow as its clock, whose ticks are counts
 * of instructions.
 */
import type { Machine } from './machine.ts';

/**
 * `waits`: virtual time in which the guest waits does not run ahead of the wall clock. `always`: no
 * virtual time does.
 */
export type Pace = 'never' | 'waits' | 'always';

/** A guest that looks at the time so often, in instructions, does it to wait. */
const betweenLooks = 1000;

/** Milliseconds that a machine was made to wait or waited in a loop, looking at the time. */
export class WaitedTime {
  private readonly machine: Machine;
  private waited = 0;
  private virtual = 0;
  private instructions = 0;
  private skipped = 0;
  private looks = 0;

  constructor(machine: Machine) {
    this.machine = machine;
    this.now();
    this.waited = 0;
  }

  /** To be asked often: what lies between two questions is all taken for waiting, or for none. */
  now(): number {
    const { instructions, virtualMilliseconds: virtual = 0, timeUse } = this.machine;
    if (!timeUse) return virtual;
    const { looks, skippedMilliseconds: skipped } = timeUse;
    const isPolling = (looks - this.looks) * betweenLooks >= instructions - this.instructions;
    this.waited += isPolling ? virtual - this.virtual : skipped - this.skipped;
    this.virtual = virtual;
    this.instructions = instructions;
    this.skipped = skipped;
    this.looks = looks;
    return this.waited;
  }
}

/** The time of a machine that is held back: undefined where none is. */
export function pacedTime(machine: Machine, pace: Pace): (() => number) | undefined {
  if (pace === 'never' || machine.virtualMilliseconds === undefined) return undefined;
  if (pace === 'always') return () => machine.virtualMilliseconds ?? 0;
  const waited = new WaitedTime(machine);
  return () => waited.now();
}
