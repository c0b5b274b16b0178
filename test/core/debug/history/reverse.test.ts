/**
 * Going back is compared with having gone forward: each state that was, whole, and each stop. The
 * forward run is the oracle; it knows nothing of the past.
 */
import assert from 'node:assert/strict';
import type { EndEvent, StopEvent } from '../../../../src/core/debug/target.ts';
import { assertSameState, type WholeState } from '../../machine/wholeState.ts';
import { back, backOne, go, rig, stepOne, type Rig } from './rig.ts';

const guests = {
  'C at -O2 with timer interrupts': {
    program: 'media/samples/machine-hello/machine-hello.elf',
    mode: 'machine',
  },
  'traps of all levels': { program: 'test/guests/traps.elf', mode: 'machine' },
  'a guest with paging': { program: 'media/samples/hello-dbcn/hello-dbcn.elf', memory: '16M' },
} as const;

/** Where it stands and all that it is; before that, so many steps away from the start. */
interface Seen {
  readonly steps: number;
  readonly pc: bigint;
  readonly state: WholeState;
}

const seen = ({ machine, state }: Rig): Seen => ({
  steps: machine().steps,
  pc: machine().harts[0]!.pc,
  state: state(),
});

function describe_(event: StopEvent | EndEvent): string {
  if (!('hart' in event)) return event.reason;
  const { reason } = event;
  if (reason.kind === 'breakpoint') return `breakpoint ${reason.ids.join()}`;
  return reason.kind;
}

async function runTo(r: Rig, steps: number): Promise<void> {
  // Not by the target: the machine's own run says what is to be.
  assert.equal(r.machine().run(steps).kind, 'budget');
}

describe('going back', function () {
  this.timeout(120_000);
  for (const [name, launch] of Object.entries(guests)) {
    for (const options of [{ snapshots: true }, { snapshots: false }]) {
      it(`${name}: each step has its state again (${JSON.stringify(options)})`, async () => {
        const r = rig(launch, options);
        const count = options.snapshots ? 30 : 4;
        const forward: Seen[] = [seen(r)];
        for (let i = 0; i < count; i++) {
          assert.equal(describe_(await r.resume(stepOne())), 'step');
          forward.push(seen(r));
        }
        for (let i = count - 1; i >= 0; i--) {
          assert.equal(describe_(await r.resume(backOne())), 'step');
          const now = seen(r);
          assert.deepEqual([now.steps, now.pc], [forward[i]!.steps, forward[i]!.pc], `step ${i}`);
          assertSameState(now.state, forward[i]!.state, `back at ${i}`);
        }
        assert.equal(describe_(await r.resume(backOne())), 'historyStart');
        for (let i = 1; i < count; i++) {
          await r.resume(stepOne());
          assertSameState(seen(r).state, forward[i]!.state, `again at ${i}`);
        }
      });
    }
  }
});
(void back, go, runTo);
