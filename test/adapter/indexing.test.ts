import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { Indexing } from '../../src/adapter/indexing.ts';

type Told = [event: string, body: Record<string, unknown>];

/** Steps that take so long each. */
function* steps(count: number, milliseconds: number, taken: number[]): Generator<number> {
  for (let i = 1; i <= count; i++) {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    taken.push(i);
    yield i / count;
  }
}

function indexing(isShown: boolean): { indexing: Indexing; told: Told[] } {
  const told: Told[] = [];
  const tell = (event: string, body: object) => void told.push([event, { ...body }]);
  return { indexing: new Indexing({ showsProgress: () => isShown, tell }), told };
}

describe('the index of names', () => {
  it('is made between other things, and a short one is not told', async () => {
    const { indexing: own, told } = indexing(true);
    const taken: number[] = [];
    const done = own.run({ prepare: () => steps(5, 1, taken) });
    await setImmediate();
    assert.ok(taken.length < 5, 'others had their turn');
    await done;
    assert.deepEqual(taken, [1, 2, 3, 4, 5]);
    assert.deepEqual(told, []);
  });

  it('is told as progress when it takes long, to a client that shows it', async () => {
    const { indexing: own, told } = indexing(true);
    await own.run({ prepare: () => steps(12, 100, []) });
    const events = told.map(([event]) => event);
    assert.equal(events[0], 'progressStart');
    assert.equal(events.at(-1), 'progressEnd');
    assert.ok(events.slice(1, -1).every((event) => event === 'progressUpdate'));
    assert.equal(told[0]?.[1]['cancellable'], true);
    assert.equal(new Set(told.map(([, body]) => body['progressId'])).size, 1);

    const silent = indexing(false);
    await silent.indexing.run({ prepare: () => steps(6, 100, []) });
    assert.deepEqual(silent.told, []);
  });

  it('ends when it is cancelled, by its id alone, and with the next program', async () => {
    const { indexing: own, told } = indexing(true);
    const taken: number[] = [];
    const done = own.run({ prepare: () => steps(1000, 100, taken) });
    while (told.length === 0) await setImmediate();
    own.cancel('another');
    const before = taken.length;
    while (taken.length === before) await setImmediate();
    own.cancel(String(told[0]?.[1]['progressId']));
    await done;
    assert.ok(taken.length < 1000);
    assert.equal(told.at(-1)?.[0], 'progressEnd');

    const first: number[] = [];
    const old = own.run({ prepare: () => steps(1000, 1, first) });
    await own.run({ prepare: () => steps(3, 1, []) });
    await old;
    assert.ok(first.length < 1000);
  });
});
