/** How fast a machine runs for its debugger, by a clock that only waiting moves. */
import assert from 'node:assert/strict';
import { RunControl } from '../../../src/core/debug/runControl.ts';
import type { Plan, SliceResult } from '../../../src/core/debug/planContext.ts';

const perSlice = 10;

/** A machine whose slices take no time of the host, and ten milliseconds of its own. */
class Rig {
  /** Milliseconds. */
  host = 0;
  virtual = 0;
  stops = 0;
  readonly control: RunControl;
  private stopped = (): void => {};

  constructor() {
    this.control = new RunControl(
      {
        now: () => this.host,
        yieldToHost: () => Promise.resolve(),
        delay: async (milliseconds) => {
          this.host += milliseconds;
        },
      },
      {
        onSlice: () => {},
        onStop: () => {
          this.stops++;
          this.stopped();
        },
        onEnd: () => {},
      },
      { virtualTime: () => this.virtual },
    );
  }

  /** Runs until the stop after so many slices. */
  async run(slices: number): Promise<void> {
    let left = slices;
    const slice = (): SliceResult => {
      this.virtual += perSlice;
      if (--left > 0) return { kind: 'more' };
      return { kind: 'stop', stop: { hart: 0, reason: { kind: 'pause' } } };
    };
    const stop = new Promise<void>((resolve) => (this.stopped = resolve));
    this.control.start({ slice } as Plan, 0);
    await stop;
  }
}

describe('core/debug/runControl', () => {
  it('keeps to the wall clock while it runs', async () => {
    const rig = new Rig();
    await rig.run(100);
    const ahead = rig.virtual - rig.host;
    assert.ok(ahead >= 0 && ahead <= 2 * perSlice, `${ahead} ms ahead`);
  });

  it('keeps to it too when it stops in each slice and is sent on at once', async () => {
    const rig = new Rig();
    for (let i = 0; i < 100; i++) await rig.run(1);
    assert.equal(rig.stops, 100);
    const ahead = rig.virtual - rig.host;
    assert.ok(ahead >= 0 && ahead <= 2 * perSlice, `${ahead} ms ahead`);
  });

  it('does not hurry after a long stop', async () => {
    const rig = new Rig();
    await rig.run(100);
    rig.host += 60_000;
    const began = rig.host;
    await rig.run(100);
    assert.ok(rig.host - began >= 98 * perSlice, `a second in ${rig.host - began} ms`);
  });
});
