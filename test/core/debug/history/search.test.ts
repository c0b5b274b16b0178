/** The last of many things that happened, of which none is met again where it was. */
import assert from 'node:assert/strict';
import type { RecordedMachine } from '../../../../src/core/debug/history/recordedMachine.ts';
import { atSteps, findLast } from '../../../../src/core/debug/history/search.ts';

/** A run of 100,000 steps in which something happens by each of so many steps, from the first on. */
function lastOf(count: number, every: number): number | undefined {
  const machine = {
    steps: 0,
    start: atSteps(0),
    *goTo({ steps }: { steps: number }) {
      machine.steps = steps;
      yield;
    },
  };
  const search = findLast<string>(machine as unknown as RecordedMachine, atSteps(100_000), {
    install() {},
    clear() {},
    go(budget) {
      const next = (Math.floor(machine.steps / every) + 1) * every;
      const end = machine.steps + budget;
      machine.steps = Math.min(next, end);
      const happens = next <= end && next <= count * every;
      return happens ? { at: atSteps(next), what: 'event' } : undefined;
    },
  });
  for (;;) {
    const { done, value } = search.next();
    if (done) return value?.at.steps;
  }
}

describe('the search for the last event', () => {
  for (const count of [1, 1999, 2000, 2001, 4000]) {
    it(`of ${count}`, () => assert.equal(lastOf(count, 10), count * 10));
  }
});
