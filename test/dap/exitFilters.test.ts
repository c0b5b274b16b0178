import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');

const input = (t: Transcript) => t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
const stopped = async (t: Transcript) => {
  const { reason, description, text } = await t.event('stopped');
  return { reason, description, text } as Record<string, string>;
};
const value = async (t: Transcript, expression: string) =>
  (await t.request('evaluate', { expression, context: 'watch' }))['result'] as string;

describe('exception filters', () => {
  it('are announced, and stop after an SBI call that contains a text', () =>
    withTranscript(async (t) => {
      const capabilities = await t.request('initialize', { adapterID: 'trapline' });
      const filters = capabilities['exceptionBreakpointFilters'] as { filter: string }[];
      assert.ok(filters.some(({ filter }) => filter === 'sbi'));
      await t.request('launch', { program });
      await t.event('initialized');
      await t.request('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'sbi', condition: 'dbcn console_write(' }],
      });
      await t.request('configurationDone');
      const first = await stopped(t);
      assert.equal(first['reason'], 'exception');
      assert.match(first['text']!, /^DBCN console_write\(.*SUCCESS/);
      await t.request('exceptionInfo', { threadId: 1 });
      assert.match(await value(t, '$a0'), /^0x0000000000000000/);
      t.note('each call stops once');
      await t.request('continue', { threadId: 1 });
      const second = await stopped(t);
      assert.match(second['text']!, /^DBCN console_write/);
      assert.notEqual(second['text'], first['text']);
      t.note('a pause is nothing that an exception would explain');
      await t.request('setExceptionBreakpoints', { filters: [] });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'run_planets' }] });
      await t.request('continue', { threadId: 1 });
      await input(t);
      assert.equal((await stopped(t))['reason'], 'function breakpoint');
      await t.request('exceptionInfo', { threadId: 1 });
      t.note('an exit ends the step that it comes in');
      await t.request('setBreakpoints', {
        source: { path: main },
        breakpoints: [{ line: lineOf(main, 'print(p->name)') }],
      });
      await t.request('continue', { threadId: 1 });
      await stopped(t);
      await t.request('setExceptionBreakpoints', { filters: ['sbi'] });
      await t.request('next', { threadId: 1 });
      assert.equal((await stopped(t))['reason'], 'exception');
      await t.request('setExceptionBreakpoints', { filters: ['nothing-of-this-name'] });
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [] });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('exitSbi');
    }));

  it('come from the launch too: faults of fresh memory, waits', () =>
    withTranscript(async (t) => {
      await launch(t, { program, stopOn: ['guest-page-fault: 0x80800000', 'wfi'] });
      await t.request('configurationDone');
      await input(t);
      const fault = await stopped(t);
      assert.equal(fault['description'], 'guest-page-fault');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.equal(stackFrames[0].name, 'touch_memory');
      await t.request('continue', { threadId: 1 });
      assert.equal((await stopped(t))['description'], 'wfi');
      t.note('a restart keeps them');
      await t.request('restart', {});
      await input(t);
      assert.equal((await stopped(t))['text'], fault['text']);
      await t.request('terminate');
      t.check('exitStopOn');
    }));

  it('stop at a call that nobody answers, which may be answered by hand', () =>
    withTranscript(async (t) => {
      const unknown = path.join(sample('unknown-call'), 'unknown-call.elf');
      const calls = [{ extension: '0x08000042', action: 'forward' }];
      await launch(t, { program: unknown, calls, stopOn: ['unanswered-call'] });
      await t.request('configurationDone');
      assert.equal((await stopped(t))['description'], 'unanswered-call');
      for (const set of ['$a0 = 0', '$a1 = 6 * 9', '$pc = $pc + 4']) {
        await t.request('evaluate', { expression: set, context: 'repl' });
      }
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('exitUnanswered');
    }));

  it('stop before a guest that fails is gone', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setExceptionBreakpoints', { filters: ['crash'] });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'shutdown' }] });
      await t.request('configurationDone');
      await input(t);
      await stopped(t);
      // The argument has been passed on already.
      await t.request('evaluate', { expression: '$a3 = 1', context: 'repl' });
      await t.request('continue', { threadId: 1 });
      assert.equal((await stopped(t))['description'], 'crash');
      await t.request('exceptionInfo', { threadId: 1 });
      await t.request('continue', { threadId: 1 });
      assert.equal((await t.event('exited'))['exitCode'], 1);
      t.check('exitCrash');
    }));

  it('say what there is not in mode machine', () =>
    withTranscript(async (t) => {
      const machine = path.join(sample('machine-hello'), 'machine-hello.elf');
      await launch(t, { program: machine, mode: 'machine', stopOn: ['crash'] });
      const { breakpoints } = await t.request('setExceptionBreakpoints', {
        filters: ['sbi', 'crash'],
      });
      const verified = (breakpoints as { verified: boolean }[]).map((b) => b.verified);
      assert.deepEqual(verified, [false, true]);
      await t.request('configurationDone');
      await t.event('terminated');
      t.check('exitMachine');
    }));

  it('stop by a choice made in a view, of exits like one that was seen', () =>
    withTranscript(async (t) => {
      const program = path.join(sample('unknown-call'), 'unknown-call.elf');
      await launch(t, { program, stopOnEntry: true });
      await t.request('configurationDone');
      await stopped(t);
      const like = { kind: 'sbi', text: 'SRST system_reset(' };
      await t.request('trapline/breakOnExit', { ...like, on: true });
      await t.request('trapline/breakOnExit', { kind: 'wfi', on: true });
      await t.request('trapline/breakOnExit', { kind: 'wfi', on: false });
      await t.request('continue', { threadId: 1 });
      assert.match(String((await stopped(t))['text']), /^SRST system_reset/);
      // The last two of all, and so many more of each kind; each with its place in the source.
      const { exits, counts } = await t.requestQuietly('trapline/exits', {
        after: 0,
        max: 2,
        newest: true,
      });
      const total = Object.values(counts as Record<string, number>).reduce((a, b) => a + b, 0);
      assert.deepEqual([exits.length, exits.at(-1).sequence], [total, total]);
      assert.match(exits.at(-1).source.path, /main\.c$/);
      await t.request('trapline/breakOnExit', { ...like, on: false });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('exitLike');
    }));
});
