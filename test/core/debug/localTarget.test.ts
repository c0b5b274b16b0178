import assert from 'node:assert/strict';
import { LocalTarget } from '../../../src/core/debug/localTarget.ts';
import type { RunHost } from '../../../src/core/debug/runControl.ts';
import type { EndEvent, ResumeRequest, StopEvent } from '../../../src/core/debug/target.ts';
import { toy, ToyMachine, TRAP_VECTOR } from './toyMachine.ts';

const host: RunHost = {
  now: () => performance.now(),
  yieldToHost: () => new Promise((resolve) => setImmediate(resolve)),
  delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Turns of the event loop in which a machine that is not held back runs as many slices. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await host.yieldToHost();
}

interface Rig {
  readonly target: LocalTarget;
  readonly machine: () => ToyMachine;
  /** The next stop or end. */
  next(): Promise<StopEvent | EndEvent>;
  resume(request: ResumeRequest): Promise<string>;
  pc(hart?: number): bigint;
  output(): string;
}

function rig(
  program: readonly number[][],
  options: {
    harts?: number;
    pace?: 'never' | 'always';
    consoleWindow?: number;
    prepare?: (machine: ToyMachine) => void;
  } = {},
  runHost = host,
): Rig {
  let machine!: ToyMachine;
  let text = '';
  const make = () => {
    machine = new ToyMachine(program, options);
    options.prepare?.(machine);
    return machine;
  };
  const target = new LocalTarget(make, runHost, { pace: 'never', ...options });
  target.onConsole((event) => (text += Buffer.from(event.bytes).toString('latin1')));
  const next = () =>
    new Promise<StopEvent | EndEvent>((resolve) => {
      const off = [target.onStop(settle), target.onEnd(settle)];
      function settle(event: StopEvent | EndEvent) {
        for (const unsubscribe of off) unsubscribe();
        resolve(event);
      }
    });
  return {
    target,
    machine: () => machine,
    next,
    pc: (hart = 0) => machine.harts[hart]!.pc,
    output: () => text,
    async resume(request) {
      const event = next();
      await target.resume(request);
      return describeEvent(await event);
    },
  };
}

function describeEvent(event: StopEvent | EndEvent): string {
  if (!('hart' in event)) return `${event.reason} ${event.code}`;
  const { reason, hart } = event;
  if (reason.kind === 'breakpoint') return `hart ${hart} breakpoint ${reason.ids.join()}`;
  if (reason.kind === 'event') return `hart ${hart} ${reason.name}: ${reason.text}`;
  return `hart ${hart} ${reason.kind}`;
}

const range = (start: bigint, end: bigint, over: boolean, hart = 0): ResumeRequest => ({
  kind: 'stepRange',
  hart,
  start,
  end,
  over,
});
const step = (hart = 0): ResumeRequest => ({ kind: 'stepInstruction', hart });

/** 0: call f; 4: addi; 8: halt 3 … 0x40: f = addi, call g, ret … */
const calls = [
  toy('addi', 0, 0, 1), // 0
  toy('call', 0, 0, 3), // 4 -> 0x10
  toy('addi', 1, 1, 1), // 8
  toy('halt', 3), // c
  toy('addsp', 0, 0, -16), // 10
  toy('addi', 2, 2, 1), // 14
  toy('addsp', 0, 0, 16), // 18
  toy('ret'), // 1c
];

describe('LocalTarget', () => {
  it('runs to the end and says how it ended', async () => {
    const r = rig(calls);
    assert.equal(await r.resume({ kind: 'continue' }), 'shutdown 3');
    await assert.rejects(r.target.resume({ kind: 'continue' }), /has ended/);
  });

  it('names the entry when paused before anything ran, once', async () => {
    const r = rig(calls);
    const event = r.next();
    await r.target.pause();
    assert.equal(describeEvent(await event), 'hart 0 entry');
    let again = false;
    r.target.onStop(() => (again = true));
    await r.target.pause();
    assert.equal(again, false);
  });

  it('stops at a breakpoint once, goes on from it, and does not touch the guest', async () => {
    const r = rig([toy('addi', 0, 0, 1), toy('jump', 0, 0, -1)]);
    const before = Buffer.from(r.machine().memory.view8(0, 16)!).toString('hex');
    await r.target.setBreakpoints([
      { id: 7, address: 4n },
      { id: 9, address: 4n },
    ]);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 7,9');
    assert.equal(r.machine().instructions, 1);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 7,9');
    assert.equal(r.machine().instructions, 3);
    assert.equal(Buffer.from(r.machine().memory.view8(0, 16)!).toString('hex'), before);
  });

  it('stops at a breakpoint on the very first instruction unless the entry was shown', async () => {
    const fresh = rig(calls);
    await fresh.target.setBreakpoints([{ id: 1, address: 0n }]);
    assert.equal(await fresh.resume({ kind: 'continue' }), 'hart 0 breakpoint 1');
    const shown = rig(calls);
    await shown.target.setBreakpoints([{ id: 1, address: 0n }]);
    await shown.target.pause();
    assert.equal(await shown.resume({ kind: 'continue' }), 'shutdown 3');
  });

  it('steps one instruction of one hart', async () => {
    const r = rig(calls, { harts: 2 });
    assert.equal(await r.resume(step()), 'hart 0 step');
    assert.deepEqual([r.pc(0), r.pc(1)], [4n, 0n]);
    assert.equal(await r.resume(step(1)), 'hart 1 step');
    assert.deepEqual([r.pc(0), r.pc(1)], [4n, 4n]);
  });

  it('reports the breakpoint a step lands on', async () => {
    const r = rig(calls);
    await r.target.setBreakpoints([{ id: 5, address: 4n }]);
    assert.equal(await r.resume(step()), 'hart 0 breakpoint 5');
    assert.equal(await r.resume(step()), 'hart 0 step');
    assert.equal(r.pc(), 0x10n);
  });

  it('steps a range into a callee, or over it', async () => {
    const into = rig(calls);
    assert.equal(await into.resume(range(0n, 8n, false)), 'hart 0 step');
    assert.equal(into.pc(), 0x10n);
    const over = rig(calls);
    assert.equal(await over.resume(range(0n, 8n, true)), 'hart 0 step');
    assert.equal(over.pc(), 8n);
    assert.equal(over.machine().harts[0]!.registers['r2'], 1n);
  });

  it('steps over a recursive call by its stack pointer, not by the address alone', async () => {
    // f: r0 -= 1; if (r0) f(); ret, called with r0 = 4. Every level returns to 0x18.
    const program = [
      toy('addi', 0, 0, 4), // 0
      toy('call', 0, 0, 3), // 4 -> 10
      toy('halt', 0), // 8
      toy('nop'), // c
      toy('addsp', 0, 0, -8), // 10 f
      toy('addi', 0, 0, -1), // 14
      toy('bnez', 0, 0, 3), // 18 -> 24
      toy('addsp', 0, 0, 8), // 1c
      toy('ret'), // 20
      toy('store', 1, 0), // 24: anything
      toy('call', 0, 0, -6), // 28 -> 10, returns to 2c
      toy('addi', 1, 1, 1), // 2c: counts returns
      toy('addsp', 0, 0, 8), // 30
      toy('jump', 0, 0, 8), // 34 -> 54: not a return, the toy keeps one ra
    ];
    const r = rig(program);
    await r.target.setBreakpoints([{ id: 1, address: 0x28n }]);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 1');
    await r.target.setBreakpoints([]);
    const stack = r.machine().harts[0]!.registers['sp'];
    // The innermost level returns to 2c first, two frames deeper.
    assert.equal(
      await r.resume({ kind: 'stepRange', hart: 0, start: 0x28n, end: 0x2cn, over: false }),
      'hart 0 step',
    );
    assert.equal(r.pc(), 0x10n);
    const event = r.next();
    await r.target.resume({ kind: 'runTo', hart: 0, address: 0x2cn, stackAtLeast: stack! });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await r.target.pause();
    assert.equal(describeEvent(await event), 'hart 0 pause');
    assert.ok(r.machine().harts[0]!.registers['sp']! < stack!, 'the deeper return did not count');
  });

  it('goes on with the step that a breakpoint interrupted', async () => {
    const proceed = { kind: 'proceed' } as const;
    const r = rig(calls);
    await r.target.setBreakpoints([
      { id: 1, address: 0x10n },
      { id: 2, address: 0x18n },
    ]);
    assert.equal(await r.resume(range(0n, 8n, true)), 'hart 0 breakpoint 1');
    assert.equal(r.pc(), 0x10n);
    assert.equal(await r.resume(proceed), 'hart 0 breakpoint 2');
    assert.equal(await r.resume(proceed), 'hart 0 step');
    assert.equal(r.pc(), 8n);
    assert.equal(await r.resume(proceed), 'shutdown 3');
  });

  it('says when a step ends at a breakpoint, also where a call returns to', async () => {
    const r = rig(calls);
    await r.target.setBreakpoints([{ id: 1, address: 8n }]);
    const stop = r.next();
    await r.target.resume(range(0n, 8n, true));
    const ended = { kind: 'breakpoint', ids: [1], stepEnded: true };
    assert.deepEqual(await stop, { hart: 0, reason: ended, at: 6 });

    const inside = rig(calls);
    await inside.target.setBreakpoints([{ id: 1, address: 8n }]);
    const event = inside.next();
    await inside.target.resume(range(0n, 0xcn, true));
    assert.deepEqual(await event, { hart: 0, reason: { kind: 'breakpoint', ids: [1] }, at: 6 });
    assert.equal(await inside.resume({ kind: 'proceed' }), 'hart 0 step');
    assert.equal(inside.pc(), 0xcn);
  });

  it('continues where nothing was interrupted', async () => {
    const r = rig(calls);
    assert.equal(await r.resume({ kind: 'proceed' }), 'shutdown 3');
    await r.target.restart();
    await r.target.setBreakpoints([{ id: 4, address: 0x10n }]);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 4');
    assert.equal(await r.resume({ kind: 'proceed' }), 'shutdown 3');
  });

  it('ends a step where a call or a return leads back into the range: that is another frame', async () => {
    const into = rig(calls);
    assert.equal(await into.resume(range(0n, 0x20n, false)), 'hart 0 step');
    assert.equal(into.pc(), 0x10n);
    assert.equal(await into.resume(range(0n, 0x20n, true)), 'hart 0 step');
    assert.equal(into.pc(), 8n);
  });

  it('runs an interrupt through when it comes in the middle of a line', async () => {
    for (const over of [true, false]) {
      const prepare = (machine: ToyMachine) => (machine.harts[0]!.interruptAt = 1);
      const r = rig([toy('addi', 0, 0, 1), toy('addi', 0, 0, 1), toy('halt')], { prepare });
      assert.equal(await r.resume(range(0n, 8n, over)), 'hart 0 step');
      assert.equal(r.pc(), 8n);
      assert.equal(r.machine().harts[0]!.registers['r3'], 1n, 'the handler ran');
      assert.equal(r.machine().harts[0]!.registers['r0'], 2n);
    }
  });

  it('steps over an environment call, or into its handler', async () => {
    const program = [toy('addi', 0, 0, 1), toy('trap'), toy('halt')];
    const over = rig(program);
    assert.equal(await over.resume(range(0n, 8n, true)), 'hart 0 step');
    assert.equal(over.pc(), 8n);
    assert.equal(over.machine().harts[0]!.registers['r3'], 1n);
    const into = rig(program);
    assert.equal(await into.resume(range(0n, 8n, false)), 'hart 0 step');
    assert.equal(into.pc(), TRAP_VECTOR);
  });

  it('stops at a breakpoint inside what is stepped over', async () => {
    const r = rig(calls);
    await r.target.setBreakpoints([{ id: 2, address: 0x14n }]);
    assert.equal(await r.resume(range(0n, 8n, true)), 'hart 0 breakpoint 2');
    assert.equal(r.pc(), 0x14n);
    // Nothing temporary is left behind.
    assert.deepEqual([...r.machine().harts[0]!.breakpoints], [0x14n]);
    assert.equal(await r.resume({ kind: 'continue' }), 'shutdown 3');
  });

  it('lets the other harts run while a line spins on what they hold', async () => {
    // Hart 0 spins in [0x10, 0x18) until hart 1 stores a zero.
    const program = [
      toy('jump', 0, 0, 4), // 0: both harts to 10; hart 1 is sent to 20 by its pc
      toy('nop'),
      toy('nop'),
      toy('nop'),
      toy('load', 1, 0), // 10
      toy('bnez', 1, 0, -1), // 14 -> 10
      toy('halt', 0), // 18
      toy('nop'), // 1c
      toy('store', 0, 0), // 20: the lock is released
      toy('wait'), // 24
    ];
    const r = rig(program, {
      harts: 2,
      prepare(machine) {
        machine.memory.write64(0x1000, 1n);
        machine.harts[0]!.pc = 0x10n;
        machine.harts[1]!.pc = 0x20n;
      },
    });
    assert.equal(await r.resume(range(0x10n, 0x18n, true)), 'hart 0 step');
    assert.equal(r.pc(), 0x18n);
  });

  it('shows an event and goes on after it', async () => {
    const r = rig([toy('event', 5), toy('halt', 2)]);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 call: call 5');
    assert.equal(await r.resume({ kind: 'continue' }), 'shutdown 2');
  });

  it('pauses a loop, answering when it stands still', async () => {
    const r = rig([toy('jump')]);
    const event = r.next();
    await r.target.resume({ kind: 'continue' });
    await assert.rejects(r.target.resume({ kind: 'continue' }), /running already/);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await r.target.pause();
    assert.equal(describeEvent(await event), 'hart 0 pause');
    const count = r.machine().instructions;
    await new Promise((resolve) => setTimeout(resolve, 15));
    assert.equal(r.machine().instructions, count);
    assert.ok(count > 0);
  });

  it('waits for input without running, and wakes when it comes', async () => {
    const program = [toy('wait'), toy('in', 0), toy('out', 0), toy('halt')];
    let yields = 0;
    const counting: RunHost = { ...host, yieldToHost: () => (yields++, host.yieldToHost()) };
    const r = rig(program, {}, counting);
    const event = r.next();
    await r.target.resume({ kind: 'continue' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(yields < 5, `${yields} turns of the loop while idle`);
    await r.target.feedConsole('uart0', Uint8Array.of(65));
    assert.equal(describeEvent(await event), 'shutdown 0');
    assert.equal(r.output(), 'A');
    await assert.rejects(r.target.feedConsole('uart9', new Uint8Array(1)), /no console 'uart9'/);
  });

  it('stands still while its console output is not taken, and may be paused then', async () => {
    const program = [...Array.from({ length: 8 }, () => toy('out', 0)), toy('halt')];
    const r = rig(program, { consoleWindow: 3, prepare: (machine) => (machine.sliceLimit = 1) });
    let event = r.next();
    await r.target.resume({ kind: 'continue' });
    await manyTurns();
    assert.equal(r.output().length, 4);
    await r.target.pause();
    assert.equal(describeEvent(await event), 'hart 0 pause');
    event = r.next();
    await r.target.resume({ kind: 'continue' });
    await r.target.consoleTaken(4);
    await manyTurns();
    assert.equal(r.output().length, 8);
    await r.target.consoleTaken(4);
    assert.equal(describeEvent(await event), 'shutdown 0');
  });

  it('pauses an idle machine', async () => {
    const r = rig([toy('wait'), toy('halt')]);
    const event = r.next();
    await r.target.resume({ kind: 'continue' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await r.target.pause();
    assert.equal(describeEvent(await event), 'hart 0 pause');
  });

  it('restarts from the beginning with its breakpoints, also while it runs', async () => {
    const r = rig([toy('addi', 0, 0, 1), toy('addi', 0, 0, 1), toy('jump')]);
    await r.target.setBreakpoints([{ id: 1, address: 4n }]);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 1');
    let told = 0;
    await r.target.resume({ kind: 'continue' });
    r.target.onStop(() => told++);
    await r.target.restart();
    assert.equal(told, 0);
    assert.equal(r.pc(), 0n);
    assert.equal(await r.resume({ kind: 'continue' }), 'hart 0 breakpoint 1');
  });

  it('paces without changing what the machine computes', async () => {
    const program = [
      toy('addi', 0, 0, 20),
      toy('addi', 0, 0, -1),
      toy('bnez', 0, 0, -1),
      toy('halt'),
    ];
    const prepare = (machine: ToyMachine) => (machine.millisecondsPerInstruction = 1);
    const paced = rig(program, { pace: 'always', prepare });
    const free = rig(program, { prepare });
    assert.equal(await free.resume({ kind: 'continue' }), 'shutdown 0');
    // The loop of 42 instructions fits one slice: pacing shows on the next one.
    await paced.target.setBreakpoints([]);
    assert.equal(await paced.resume({ kind: 'continue' }), 'shutdown 0');
    assert.equal(paced.machine().instructions, free.machine().instructions);
  });

  it('sleeps while virtual time is ahead of the wall clock', async () => {
    // One million instructions of a microsecond each: a second of virtual time.
    let clock = 0;
    let slept = 0;
    const fake: RunHost = {
      now: () => clock,
      yieldToHost: host.yieldToHost,
      delay: async (ms) => {
        slept += ms;
        clock += ms;
      },
    };
    const r = rig(
      [toy('jump')],
      { pace: 'always', prepare: (m) => (m.millisecondsPerInstruction = 0.001) },
      fake,
    );
    const event = r.next();
    await r.target.resume({ kind: 'continue' });
    while (r.machine().instructions < 1_000_000) await host.yieldToHost();
    await r.target.pause();
    await event;
    const virtual = r.machine().virtualMilliseconds;
    // The first slice is not waited for in advance, and the last one may be cut short by the pause.
    assert.ok(slept > 0 && slept <= virtual, `slept ${slept} of ${virtual}`);
  });

  it('reads and writes registers and memory, through translation and around it', async () => {
    const r = rig(calls);
    assert.deepEqual(await r.target.readRegisters(0, ['pc', 'sp', 'nothing']), [
      0n,
      0x800n,
      undefined,
    ]);
    assert.equal(await r.target.writeRegister(0, 'status', 0xffn), 0xdn);
    await assert.rejects(r.target.writeRegister(0, 'nothing', 1n), /no register 'nothing'/);
    assert.equal(await r.target.writeMemory(0, 'virtual', 0x10ffen, Uint8Array.of(1, 2, 3, 4)), 2);
    assert.deepEqual([...(await r.target.readMemory(0, 'physical', 0xffen, 2))], [1, 2]);
    // Up to the end of what is mapped, and nothing beyond.
    assert.equal((await r.target.readMemory(0, 'virtual', 0x1ff0n, 64)).length, 16);
    assert.equal((await r.target.readMemory(0, 'virtual', 0xffff_ffff_ffff_fff0n, 64)).length, 0);
  });
});
