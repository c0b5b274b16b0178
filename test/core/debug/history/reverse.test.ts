/**
 * Going back is compared with having gone forward: each state that was, whole, and each stop. The
 * forward run is the oracle; it knows nothing of the past.
 */
import assert from 'node:assert/strict';
import type { EndEvent, StopEvent } from '../../../../src/core/debug/target.ts';
import { assertSameState, type WholeState } from '../../machine/wholeState.ts';
import { nodeRunHost } from '../../../../src/worker/nodePort.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../../src/core/machine/snapshotFile.ts';
import { busyBase, busyGuest } from '../../machine/busyGuest.ts';
import { singleEngine } from '../../../engine.ts';
import { addressOf, back, backOne, go, rig, stepOne, type Rig } from './rig.ts';

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

function shown(event: StopEvent | EndEvent): string {
  if (!('hart' in event)) return event.reason;
  const { reason } = event;
  if (reason.kind === 'breakpoint') return `breakpoint ${reason.ids.join()}`;
  if (reason.kind === 'data') return `data ${reason.ids.join()}`;
  return reason.kind;
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
          assert.equal(shown(await r.resume(stepOne())), 'step');
          forward.push(seen(r));
        }
        for (let i = count - 1; i >= 0; i--) {
          assert.equal(shown(await r.resume(backOne())), 'step');
          const now = seen(r);
          assert.deepEqual([now.steps, now.pc], [forward[i]!.steps, forward[i]!.pc], `step ${i}`);
          assertSameState(now.state, forward[i]!.state, `back at ${i}`);
        }
        assert.equal(shown(await r.resume(backOne())), 'historyStart');
        for (let i = 1; i < count; i++) {
          await r.resume(stepOne());
          assertSameState(seen(r).state, forward[i]!.state, `again at ${i}`);
        }
      });
    }
  }

  it('every stop of the way forward is found again on the way back, in reverse', async () => {
    const launch = guests['C at -O2 with timer interrupts'];
    const r = rig(launch);
    await r.target.setBreakpoints(
      ['handle_trap', 'finish', 'main'].map((name, id) => ({
        id,
        address: addressOf(launch.program, name),
      })),
    );
    const ticks = addressOf(launch.program, 'progress');
    await r.target.setDataBreakpoints([{ id: 7, address: ticks, size: 4, access: 'write' }]);
    const stops: (Seen & { readonly what: string })[] = [];
    for (;;) {
      const what = shown(await r.resume(go));
      stops.push({ ...seen(r), what });
      if (what === 'breakpoint 1') break;
    }
    const expected = ['breakpoint 0', 'data 7'];
    const whole = [...expected, ...expected, ...expected, 'breakpoint 1'];
    assert.deepEqual(stops.map(({ what }) => what).slice(-7), whole);
    const output = r.output();
    for (const stop of stops.slice(0, -1).toReversed()) {
      assert.equal(shown(await r.resume(back)), stop.what);
      const now = seen(r);
      // Forward it stands behind an access, backward before it.
      if (stop.what === 'data 7') assert.equal(now.steps, stop.steps - 1);
      else assertSameState(now.state, stop.state, stop.what);
    }
    assert.equal(shown(await r.resume(back)), 'historyStart');
    for (const stop of stops) {
      assert.equal(shown(await r.resume(go)), stop.what);
      assertSameState(seen(r).state, stop.state, `again ${stop.what}`);
    }
    assert.equal(r.output(), output, 'nothing is printed twice');
  });

  for (const pace of ['never', 'waits'] as const) {
    it(`what was typed comes where it came (pace: ${pace})`, async () => {
      const launch = guests['a guest with paging'];
      const r = rig(launch, { pace });
      await r.target.setBreakpoints(
        ['kernel_main', 'run_planets'].map((name, id) => ({
          id,
          address: addressOf(launch.program, name),
        })),
      );
      await r.resume(go);
      const asked = new Promise<void>((resolve) =>
        r.target.onConsole(() => r.output().includes('your name? ') && resolve()),
      );
      const stop = r.next();
      await r.target.resume(go);
      await asked;
      await r.target.feedConsole('sbi', Buffer.from('Ad'));
      await nodeRunHost.yieldToHost();
      await r.target.feedConsole('sbi', Buffer.from('a\r'));
      assert.equal(shown(await stop), 'breakpoint 1');
      assert.match(r.output(), /Nice to meet you, Ada!/);
      const [there, output] = [seen(r), r.output()];
      assert.equal(shown(await r.resume(back)), 'breakpoint 0');
      assert.equal(shown(await r.resume(go)), 'breakpoint 1');
      assertSameState(seen(r).state, there.state, 'with the same input');
      assert.equal(r.output(), output);
      // Another answer makes another guest of it.
      await r.resume(back);
      await r.target.feedConsole('sbi', Buffer.from('Bob\r'));
      assert.equal((await r.target.history()).isPast, false);
      assert.equal(shown(await r.resume(go)), 'breakpoint 1');
      assert.match(r.output(), /Nice to meet you, Bob!/);
      assert.ok(r.log.some((line) => line.includes('is dropped')));
    });
  }

  it('what is set or typed on the way back neither holds it up nor changes the past', async () => {
    const launch = guests['C at -O2 with timer interrupts'];
    const r = rig({ ...launch, engine: singleEngine });
    const { target, machine } = r;
    await target.setBreakpoints([{ id: 1, address: addressOf(launch.program, 'finish') }]);
    assert.equal(shown(await r.resume(go)), 'breakpoint 1');
    const { end } = await target.history();
    const stopped = r.next();
    await target.resume(backOne());
    while (machine().steps === end) await nodeRunHost.yieldToHost();
    // It stands somewhere before, on its way.
    await target.setBreakpoints([{ id: 2, address: machine().harts[0]!.pc }]);
    const onItsWay = /on its way back/;
    await assert.rejects(target.feedConsole('uart0', Buffer.from('x')), onItsWay);
    await assert.rejects(target.writeRegister(0, 'a0', 1n), onItsWay);
    await assert.rejects(target.snapshots!.take(), onItsWay);
    assert.equal(shown(await stopped), 'step');
    const history = await target.history();
    assert.deepEqual([history.now, history.end], [end - 1, end]);
    assert.equal(shown(await r.resume(back)), 'breakpoint 2');
  });

  it('a step over a line of a million instructions leads to its beginning', async () => {
    // lui t0, 0x80; addi t0, t0, -1; bnez t0, .-4; ebreak
    const words = Uint32Array.of(0x000802b7, 0xfff28293, 0xfe029ee3, 0x00100073);
    const program = 'loop.bin@0x80000000';
    const r = rig({ program, mode: 'machine' }, { bytes: new Uint8Array(words.buffer) });
    const { target } = r;
    await target.setBreakpoints([{ id: 1, address: 0x8000_000cn }]);
    assert.equal(shown(await r.resume(go)), 'breakpoint 1');
    const within = [{ start: 0x8000_0004n, end: 0x8000_000cn }];
    assert.equal(shown(await r.resume(backOne())), 'step');
    const request = { kind: 'reverseStep', hart: 0, over: true, within } as const;
    assert.equal(shown(await r.resume(request)), 'step');
    assert.equal(r.machine().harts[0]!.pc, 0x8000_0004n);
    assert.equal(r.machine().harts[0]!.readRegister('t0'), 0x80000n);
  });

  it('a running guest that a broken snapshot stopped is said to stand', async () => {
    const r = rig(
      { program: `busy.bin@0x${busyBase.toString(16)}`, memory: '8M', engine: singleEngine },
      { bytes: busyGuest() },
    );
    const { target } = r;
    const { id } = await target.snapshots!.take('kept');
    const whole = decodeSnapshot(await target.snapshots!.save(id), 'whole');
    const [name = ''] = Object.keys(whole.components).slice(-1);
    const components = { ...whole.components, [name]: { version: 1, state: 'nonsense' } };
    const broken = encodeSnapshot({ ...whole, components });
    const loaded = await target.snapshots!.load(broken, 'broken');
    await target.resume(go);
    const stop = r.next();
    await assert.rejects(target.snapshots!.restore(loaded.id), /does not fit/);
    const nobody = nodeRunHost.delay(1000).then(() => undefined);
    const told = await Promise.race([stop, nobody]);
    assert.equal(told && shown(told), 'pause');
  });

  for (const options of [{}, { snapshots: false }]) {
    it(`an answer by hand is given again (${JSON.stringify(options)})`, async () => {
      const program = 'media/samples/unknown-call/unknown-call.elf';
      const r = rig({ program, memory: '16M' }, options);
      await r.target.setBreakpoints([{ id: 1, address: addressOf(program, 'main') }]);
      await r.resume(go);
      const start = seen(r);
      await r.target.setExitStops([{ kind: 'unanswered-call' }]);
      assert.equal(shown(await r.resume(go)), 'event');
      await r.target.answerCall({ reply: { error: 0n, value: 54n } });
      for (let i = 0; i < 12; i++) await r.resume(stepOne());
      await r.target.setExitStops([]);
      const there = seen(r);
      for (let i = 0; i < 3; i++) await r.resume(backOne());
      assert.equal(shown(await r.resume(back)), 'breakpoint 1');
      assertSameState(seen(r).state, start.state, 'before the call');
      while (r.machine().steps < there.steps) await r.resume(stepOne());
      assertSameState(seen(r).state, there.state, 'behind the call');
      assert.equal((await r.target.history()).isPast, false);
    });
  }

  it('two harts go back as they ran, also where one ran alone', async () => {
    const launch = { program: `busy.bin@0x${busyBase.toString(16)}`, harts: 2, memory: '8M' };
    const r = rig(launch, { bytes: busyGuest() });
    const forward: Seen[] = [];
    for (const hart of [0, 1, 1, 0, 1]) {
      const stopped = r.next();
      const { steps } = r.machine();
      await r.target.resume(go);
      while (r.machine().steps < steps + 1000) await nodeRunHost.yieldToHost();
      await r.target.pause();
      await stopped;
      for (let i = 0; i < 4; i++) {
        // Alone, a hart that waits would wait for ever.
        const alone = i % 2 === 0 && r.machine().hartState(hart) === 'running';
        assert.equal(shown(await r.resume({ kind: 'stepInstruction', hart, alone })), 'step');
        forward.push(seen(r));
      }
    }
    assert.ok(forward.at(-1)!.steps > 1000);
    const places = new Map(forward.map((each) => [each.steps, each]));
    const met = new Set<number>();
    // The hart's own steps; those of the other one lie between.
    for (let turn = 0; turn < 400 && met.size < 8; turn++) {
      assert.equal(shown(await r.resume(backOne(1))), 'step');
      const expected = places.get(r.machine().steps);
      if (!expected) continue;
      met.add(expected.steps);
      assertSameState(seen(r).state, expected.state, `back at ${expected.steps}`);
    }
    assert.ok(met.size >= 3, `${met.size}`);
  });
});
