/**
 * Looks for the last thing of a kind before a place of the recorded run: forward through windows of
 * it, the last one first. Comes back often, so that somebody may give up.
 */
import type { Position } from './journal.ts';
import type { RecordedMachine } from './recordedMachine.ts';

export interface Met<T> {
  readonly at: Position;
  readonly what: T;
}

/** What is looked for. */
export interface Wanted<T> {
  /** Brings the stops into the machine; they are out otherwise. */
  install(): void;
  clear(): void;
  /** Runs the machine on, at most so far, to the next thing that may be wanted. */
  go(budget: number): Met<T> | undefined;
}

/** Steps of the first window, and how many times larger each further one is. */
const firstWindow = 2000;
const growth = 16;
/** So many in one window are too many to look at one by one. */
const many = 2000;
/** The most steps of a run, and the fewest from one look at the surroundings to the next. */
const stride = 2_000_000;
const strideOfSteps = 20_000;
const metInARow = 200;

export function* findLast<T>(
  machine: RecordedMachine,
  before: Position,
  wanted: Wanted<T>,
): Generator<void, Met<T> | undefined> {
  const start = machine.start.steps;
  let end = before.steps;
  for (let size = firstWindow; ; size *= growth) {
    const from = Math.max(start, before.steps - size);
    const found = yield* lastBetween(machine, from, end, wanted);
    if (found || from === start) return found;
    end = from;
  }
}

function* lastBetween<T>(
  machine: RecordedMachine,
  from: number,
  to: number,
  wanted: Wanted<T>,
): Generator<void, Met<T> | undefined> {
  yield* machine.goTo(atSteps(from));
  wanted.install();
  let found: Met<T> | undefined;
  let count = 0;
  let looked = machine.steps;
  while (machine.steps < to) {
    const met = wanted.go(Math.min(to - machine.steps, stride));
    if (met && met.at.steps < to) {
      found = met;
      count++;
    }
    if (count % metInARow === metInARow - 1 || machine.steps - looked >= strideOfSteps) {
      looked = machine.steps;
      yield;
    }
    const left = to - machine.steps;
    if (count < many || left < firstWindow || !found) continue;
    // Only the last one counts: it is in the second half of the rest, or in the first.
    wanted.clear();
    const middle = machine.steps + Math.floor(left / 2);
    const later = yield* lastBetween(machine, middle, to, wanted);
    // What it leaves behind, as an event, is not met again by going on from there.
    return later ?? (yield* lastBetween(machine, found.at.steps, middle, wanted)) ?? found;
  }
  wanted.clear();
  return found;
}

/** The first place with so many steps. */
export function atSteps(steps: number): Position {
  return { steps, skipped: 0 };
}
