import assert from 'node:assert/strict';
import { isTouched } from '../../../src/core/debug/dataBreakpoints.ts';
import { LocalTarget } from '../../../src/core/debug/localTarget.ts';
import type {
  DataBreakpoint,
  EndEvent,
  ResumeRequest,
  StopEvent,
} from '../../../src/core/debug/target.ts';
import { nodeRunHost } from '../../../src/worker/nodePort.ts';
import { toy, ToyMachine } from './toyMachine.ts';

/** Counts in the word at 0x1000: load, add, store, again. */
const counting = [
  toy('load', 0, 0), // 0
  toy('addi', 0, 0, 1), // 4
  toy('store', 0, 0), // 8
  toy('jump', 0, 0, -3), // c
];

function rig(program: readonly number[][], prepare?: (machine: ToyMachine) => void) {
  let machine!: ToyMachine;
  const make = () => {
    machine = new ToyMachine(program);
    prepare?.(machine);
    return machine;
  };
  const target = new LocalTarget(make, nodeRunHost, { pace: 'never' });
  return {
    target,
    machine: () => machine,
    pc: () => machine.harts[0]!.pc,
    async resume(request: ResumeRequest): Promise<string> {
      const event = new Promise<StopEvent | EndEvent>((resolve) => {
        const off = [target.onStop(settle), target.onEnd(settle)];
        function settle(stop: StopEvent | EndEvent) {
          for (const unsubscribe of off) unsubscribe();
          resolve(stop);
        }
      });
      await target.resume(request);
      return describeEvent(await event);
    },
  };
}

function describeEvent(event: StopEvent | EndEvent): string {
  if (!('hart' in event)) return event.reason;
  const { reason } = event;
  if (reason.kind !== 'data') return reason.kind;
  const { ids, access, changes } = reason;
  const what = `${access.read ? 'r' : ''}${access.write ? 'w' : ''}${access.size}`;
  const shown = changes.map(({ before, after }) => `${before[0]}>${after[0]}`);
  return `${ids.join()} ${what} at ${access.pc}: ${shown.join()}`;
}

const watch = (id: number, access: DataBreakpoint['access'], address = 0x1000n, size = 8) => ({
  ...{ id, access, address, size },
});
const run: ResumeRequest = { kind: 'continue' };
const over: ResumeRequest = { kind: 'stepRange', hart: 0, start: 0n, end: 12n, over: true };

describe('data breakpoints', () => {
  it('stop behind the access, with what was there before and is there now', async () => {
    const r = rig(counting);
    await r.target.setDataBreakpoints([watch(7, 'write')]);
    assert.equal(await r.resume(run), '7 w8 at 8: 0>1');
    assert.equal(r.pc(), 12n);
    assert.equal(await r.resume(run), '7 w8 at 8: 1>2');
    await r.target.setDataBreakpoints([watch(8, 'read'), watch(9, 'readWrite', 0x1007n, 1)]);
    assert.equal(await r.resume(run), '8,9 r8 at 0: 2>2,0>0');
    assert.equal(await r.resume(run), '9 w8 at 8: 0>0');
  });

  it('tell of a large range what was accessed', async () => {
    const r = rig([toy('addi', 0, 0, 5), toy('store', 0, 3), toy('halt')]);
    await r.target.setDataBreakpoints([watch(1, 'write', 0x1000n, 0x1000)]);
    assert.equal(await r.resume(run), '1 w8 at 4: 0>5');
    assert.equal(await r.resume(run), 'shutdown');
  });

  it('interrupt a step, which goes on when nobody wanted the stop', async () => {
    const r = rig(counting);
    await r.target.setDataBreakpoints([watch(1, 'read')]);
    assert.equal(await r.resume({ kind: 'stepInstruction', hart: 0 }), '1 r8 at 0: 0>0');
    assert.equal(await r.resume({ kind: 'proceed' }), 'step');
    assert.equal(r.pc(), 4n);
    await r.target.setDataBreakpoints([watch(1, 'write')]);
    assert.equal(await r.resume(over), '1 w8 at 8: 0>1');
    assert.equal(await r.resume({ kind: 'proceed' }), 'step');
    assert.equal(r.pc(), 12n);
  });

  it('leave a breakpoint behind the access to stop for itself', async () => {
    const r = rig(counting);
    await r.target.setDataBreakpoints([watch(1, 'write')]);
    await r.target.setBreakpoints([{ id: 2, address: 12n }]);
    assert.equal(await r.resume(run), '1 w8 at 8: 0>1');
    assert.equal(await r.resume(run), 'breakpoint');
    assert.equal(await r.resume(run), '1 w8 at 8: 1>2');
  });

  it('stop once for an access that an interrupt comes before', async () => {
    const r = rig(counting, (machine) => (machine.harts[0]!.interruptAt = 2));
    await r.target.setDataBreakpoints([watch(1, 'write')]);
    assert.equal(await r.resume(run), '1 w8 at 8: 0>1');
    assert.equal(await r.resume(run), '1 w8 at 8: 1>2');
  });

  it('do not count what the debugger does, and stay over a restart until they are removed', async () => {
    const r = rig(counting);
    await r.target.setDataBreakpoints([watch(1, 'readWrite')]);
    await r.target.readMemory(0, 'virtual', 0x1000n, 8);
    await r.target.writeMemory(0, 'virtual', 0x1000n, Uint8Array.of(40));
    assert.equal(await r.resume(run), '1 r8 at 0: 40>40');
    await r.target.restart();
    assert.equal(await r.resume(run), '1 r8 at 0: 0>0');
    await r.target.setDataBreakpoints([]);
    await r.target.setBreakpoints([{ id: 2, address: 12n }]);
    assert.equal(await r.resume(run), 'breakpoint');
  });

  it('are touched by any of their bytes, and by atomic operations in both ways', () => {
    const made = { address: 0x100fn, size: 2, read: false, write: true };
    assert.equal(isTouched(watch(1, 'write', 0x1008n), made), true);
    assert.equal(isTouched(watch(1, 'write', 0x1010n), made), true);
    assert.equal(isTouched(watch(1, 'write', 0x1011n), made), false);
    assert.equal(isTouched(watch(1, 'write', 0x1007n), made), false);
    assert.equal(isTouched(watch(1, 'read', 0x1010n), made), false);
    assert.equal(isTouched(watch(1, 'read', 0x1010n), { ...made, read: true }), true);
  });
});
