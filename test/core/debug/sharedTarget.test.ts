import assert from 'node:assert/strict';
import { Emitter } from '../../../src/core/base/emitter.ts';
import { SharedTarget } from '../../../src/core/debug/sharedTarget.ts';
import type {
  Breakpoint,
  DebugTarget,
  ResumeRequest,
  StopEvent,
} from '../../../src/core/debug/target.ts';

/** A machine that stops when the test says so. */
function machine() {
  const stops = new Emitter<StopEvent>();
  const resumed: ResumeRequest[] = [];
  let breakpoints: readonly Breakpoint[] = [];
  const target: Partial<DebugTarget> = {
    onStop: stops.on,
    onEnd: () => () => {},
    setBreakpoints: async (list) => void (breakpoints = list),
    setDataBreakpoints: async () => {},
    resume: async (request) => void resumed.push(request),
  };
  const stopAt = (hart: number, address: bigint, stepEnded?: true) => {
    const ids = breakpoints.filter((b) => b.address === address).map(({ id }) => id);
    const how = stepEnded ? { stepEnded } : {};
    stops.fire({ hart, reason: { kind: 'breakpoint', ids, ...how } });
  };
  return { target: target as DebugTarget, resumed, stopAt };
}

const hooks = {
  resume: async () => {},
  wrote: () => {},
  changed: () => {},
  restart: async () => {},
};

describe('core/debug/sharedTarget', () => {
  it('a stop that only the other debugger wants is shown on the hart that stopped', async () => {
    const { target, resumed, stopAt } = machine();
    const shared = new SharedTarget(hooks);
    const client = await shared.join(target);
    const [seen, others]: [StopEvent[], StopEvent[]] = [[], []];
    client.onStop((stop) => seen.push(stop));
    shared.other.onStop((stop) => others.push(stop));
    await client.setBreakpoints([{ id: 1, address: 0x80n }]);
    await shared.other.setBreakpoints([{ id: 1, address: 0x80n }]);
    stopAt(2, 0x80n);
    const reason = { kind: 'breakpoint', ids: [1] };
    assert.deepEqual([seen, others], [[{ hart: 2, reason }], [{ hart: 2, reason }]]);
    // The client's condition does not hold.
    await client.resume({ kind: 'proceed' });
    assert.deepEqual(seen[1], { hart: 2, reason: { kind: 'pause' } });
    assert.deepEqual(resumed, []);
    await client.resume({ kind: 'continue' });
    assert.deepEqual(resumed, [{ kind: 'continue' }]);
  });

  it('what only the client stops at reaches the other debugger when it counts', async () => {
    const { target, resumed, stopAt } = machine();
    const shared = new SharedTarget(hooks);
    const client = await shared.join(target);
    const others: StopEvent[] = [];
    shared.other.onStop((stop) => others.push(stop));
    await client.setBreakpoints([{ id: 7, address: 0x80n }]);
    stopAt(1, 0x80n);
    assert.deepEqual(others, []);
    await client.resume({ kind: 'proceed' });
    assert.deepEqual(resumed, [{ kind: 'proceed' }]);
    const stop: StopEvent = { hart: 1, reason: { kind: 'breakpoint', ids: [7] } };
    shared.shown(stop);
    // The client's number 7 is none of the other debugger's.
    assert.deepEqual(others, [{ hart: 1, reason: { kind: 'breakpoint', ids: [] } }]);
  });

  it('a step that ends at a breakpoint is one to whom the breakpoint is none of', async () => {
    const { target, stopAt } = machine();
    const shared = new SharedTarget(hooks);
    const client = await shared.join(target);
    const [seen, others]: [StopEvent[], StopEvent[]] = [[], []];
    client.onStop((stop) => seen.push(stop));
    shared.other.onStop((stop) => others.push(stop));
    await shared.other.setBreakpoints([{ id: 3, address: 0x80n }]);
    await client.setBreakpoints([{ id: 3, address: 0x84n }]);
    const step: StopEvent = { hart: 0, reason: { kind: 'step' } };
    const landed = (ids: number[]): StopEvent => ({
      hart: 0,
      reason: { kind: 'breakpoint', ids, stepEnded: true },
    });
    stopAt(0, 0x80n, true);
    assert.deepEqual([seen, others], [[step], [landed([3])]]);
    stopAt(0, 0x84n, true);
    assert.deepEqual(seen[1], landed([3]));
    shared.shown(seen[1]);
    assert.deepEqual(others[1], step);
  });
});
