import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const where = async (t: Transcript) => {
  const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
  const frames = stackFrames as { name: string; line: number }[];
  return frames.map(({ name, line }) => `${name}:${line}`);
};

describe('debugging a machine', () => {
  const main = path.join(sample('machine-hello'), 'main.c');
  const program = path.join(sample('machine-hello'), 'machine-hello.elf');
  const line = (text: string) => lineOf(main, text);
  const breakAt = (t: Transcript, ...texts: string[]) =>
    t.request('setBreakpoints', {
      source: { path: main },
      breakpoints: texts.map((text) => ({ line: line(text) })),
    });

  it('shows the call stack through a trap, and steps over the trap from below', () =>
    withTranscript(async (t) => {
      await launch(t, { program, mode: 'machine' });
      await breakAt(t, 'progress.ticks++');
      await t.request('configurationDone');
      await t.event('stopped');
      const stack = await where(t);
      assert.equal(stack[0], `handle_trap:${line('progress.ticks++')}`);
      assert.ok(
        stack.some((frame) => frame.startsWith('main:')),
        stack.join(),
      );
      await t.request('threads');
      await t.request('evaluate', { expression: 'mcause', context: 'watch' });
      await t.request('evaluate', { expression: 'progress.ticks', context: 'watch' });
      await t.request('stepOut', { threadId: 1 });
      await t.event('stopped');
      assert.match((await where(t))[0]!, /^trap_entry:/);

      t.note('the next tick comes while wfi is stepped over: its handler runs through');
      await breakAt(t, '"wfi"');
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      await breakAt(t);
      await t.request('evaluate', { expression: 'progress.ticks', context: 'watch' });
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      assert.match((await where(t))[0]!, /^main:/);
      t.check('machineHelloTrap');
    }));

  it('runs through the trap of every line until the end', () =>
    withTranscript(async (t) => {
      await launch(t, { program, mode: 'machine' });
      await breakAt(t, 'unsigned seen = 0');
      await t.request('configurationDone');
      await t.event('stopped');
      const main = /^main:/;
      let ended = false;
      const lines: string[] = [];
      for (let steps = 0; !ended && steps < 40; steps++) {
        const [frame] = await where(t);
        if (!main.test(frame!)) break;
        lines.push(frame!);
        await t.request('next', { threadId: 1 });
        ended = 'exitCode' in (await t.event('stopped', 'exited'));
      }
      assert.ok(!lines.some((l) => l.startsWith('handle_trap')));
      assert.equal(lines.filter((l) => l === `main:${line('print("tick ")')}`).length, 3);
      t.check('machineHelloLines');
    }));
});

describe('a call that nobody answers', () => {
  const program = path.join(sample('unknown-call'), 'unknown-call.elf');

  it('stops when the policy says break, and takes an answer by hand', () =>
    withTranscript(async (t) => {
      await launch(t, { program, calls: [{ extension: '0x08000042', action: 'break' }] });
      await t.request('configurationDone');
      await t.event('stopped');
      await where(t);
      const { result } = await t.request('evaluate', { expression: '$pc', context: 'repl' });
      const after = `0x${(BigInt(result.split(' ')[0]) + 4n).toString(16)}`;
      await t.request('evaluate', { expression: '$a0 = 0', context: 'repl' });
      await t.request('evaluate', { expression: '$a1 = 54', context: 'repl' });
      await t.request('evaluate', { expression: `$pc = ${after}`, context: 'repl' });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('unknownCall');
    }));
});

describe('views', () => {
  const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

  it('get CSRs with what changed, mappings and exits', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: 'paging_enable' }, { name: 'touch_memory' }],
      });
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      const rowOf = async (name: string) => {
        const { groups } = await t.requestQuietly('trapline/csrs', { hart: 0 });
        return groups
          .flatMap((group: { registers: { name: string }[] }) => group.registers)
          .find((row: { name: string }) => row.name === name);
      };
      assert.equal((await rowOf('vsatp')).changed, false);
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const vsatp = await rowOf('vsatp');
      assert.equal(vsatp.changed, true);
      const mode = vsatp.fields.find((field: { name: string }) => field.name === 'MODE');
      assert.deepEqual([mode.meaning, mode.changed], ['Sv39', true]);
      // Asked again at the same stop it says the same.
      assert.equal((await rowOf('vsatp')).changed, true);

      const guest = await t.request('trapline/mappings', { hart: 0, stage: 'guest' });
      assert.match(guest['title'], /Sv39x4/);
      assert.ok(guest['rows'].length > 0);
      assert.ok(guest['rows'].every((row: { backing: string }) => row.backing !== ''));
      const virtual = await t.request('trapline/mappings', {
        hart: 0,
        stage: 'virtual',
        maxRows: 2,
      });
      assert.match(virtual['title'], /Sv39/);
      assert.ok(virtual['rows'].length <= 2);
      // How many instructions there were depends on when the key came.
      const { exits } = await t.requestQuietly('trapline/exits', { after: 0, max: 5 });
      assert.equal(exits.length, 5);
      const { value } = await t.request('trapline/writeCsr', {
        hart: 0,
        name: 'vsscratch',
        value: '0x1234',
      });
      assert.equal(value, '0x0000000000001234');
      assert.equal((await t.request('evaluate', { expression: '$vsscratch' }))['result'], value);
      assert.deepEqual((await t.request('trapline/info'))['consoles'], ['sbi', 'uart0']);
      await t.request('terminate');
      t.check('views');
    }));
});

describe('several harts', () => {
  const program = path.join(sample('hello-dbcn'), 'hello-dbcn.elf');

  it('are threads, of which one stands and the others wait to be started', () =>
    withTranscript(async (t) => {
      await launch(t, { program, harts: 2, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      const { threads } = await t.request('threads');
      assert.equal(threads.length, 2);
      const { stackFrames } = await t.request('stackTrace', { threadId: 1 });
      const { scopes } = await t.request('scopes', { frameId: stackFrames[0].id });
      const registers = await rows(t, scopes[2].variablesReference);
      assert.match(registers.find(({ name }) => name === 'pc')!.value, /_start/);
      await t.request('terminate');
      t.check('harts');
    }));
});
