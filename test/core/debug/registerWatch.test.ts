import assert from 'node:assert/strict';
import { LocalTarget } from '../../../src/core/debug/localTarget.ts';
import type { EndEvent, StopEvent } from '../../../src/core/debug/target.ts';
import { nodeRunHost } from '../../../src/worker/nodePort.ts';
import { toy, ToyMachine } from './toyMachine.ts';

const target = (program: readonly number[][]) =>
  new LocalTarget(() => new ToyMachine(program), nodeRunHost, { pace: 'never' });

describe('registerWatch', () => {
  const watch = (register: string, access: 'read' | 'write' | 'readWrite', id = 1) =>
    ({ id, address: 0n, size: 0, access, register }) as const;
  /** Goes on until something is told. */
  const touch = async (target: LocalTarget): Promise<string> => {
    const event = new Promise<StopEvent | EndEvent>((resolve) => {
      const off = [target.onStop(settle), target.onEnd(settle)];
      function settle(told: StopEvent | EndEvent) {
        for (const unsubscribe of off) unsubscribe();
        resolve(told);
      }
    });
    await target.resume({ kind: 'continue' });
    const stop = await event;
    if (!('hart' in stop)) return `${stop.reason} ${stop.code}`;
    if (stop.reason.kind === 'event') return `${stop.reason.name}: ${stop.reason.text}`;
    assert.equal(stop.reason.kind, 'data');
    const { ids, access } = stop.reason;
    return `${ids.join()} ${access.read ? 'read' : ''}${access.write ? 'write' : ''} ${access.pc}`;
  };
  const program = [
    toy('addi', 1, 2, 0), // 0: reads r2; r1 keeps its value
    toy('addi', 2, 2, 1), // 4: reads r2 and changes it
    toy('addi', 1, 2, 0), // 8: reads r2, changes r1
    toy('addi', 2, 0, 9), // c: changes r2
    toy('halt', 1),
  ];

  it('stop who reads them, who changes them, or both', async () => {
    for (const [access, expected] of [
      ['read', ['1 read 0', '1 read 4', '1 read 8', 'shutdown 1']],
      ['write', ['1 write 4', '1 write 12', 'shutdown 1']],
      ['readWrite', ['1 read 0', '1 readwrite 4', '1 read 8', '1 write 12', 'shutdown 1']],
    ] as const) {
      const r = target(program);
      await r.setDataBreakpoints([watch('r2', access)]);
      for (const each of expected) assert.equal(await touch(r), each, access);
    }
  });

  it('are told of together, each by what is watched of it', async () => {
    const r = target(program);
    await r.setDataBreakpoints([watch('r2', 'read', 1), watch('r1', 'write', 2)]);
    for (const each of ['1 read 0', '1 read 4', '1,2 readwrite 8', 'shutdown 1']) {
      assert.equal(await touch(r), each);
    }
  });

  it('keep no event of the same instruction from being told', async () => {
    const r = target([toy('event', 5), toy('addi', 0, 0, 1), toy('halt', 2)]);
    await r.setDataBreakpoints([watch('r0', 'write')]);
    assert.equal(await touch(r), '1 write 0');
    assert.equal(await touch(r), 'call: call 5');
    assert.equal(await touch(r), '1 write 4');
    assert.equal(await touch(r), 'shutdown 2');
  });

  it('forget the event when the machine is started again', async () => {
    const r = target([toy('event', 5), toy('halt', 2)]);
    await r.setDataBreakpoints([watch('r0', 'write')]);
    assert.equal(await touch(r), '1 write 0');
    await r.restart();
    assert.equal(await touch(r), '1 write 0');
    assert.equal(await touch(r), 'call: call 5');
  });
});
