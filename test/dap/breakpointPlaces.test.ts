import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, sample, withTranscript } from './machine.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');
const source = { path: main };

describe('places of breakpoints', () => {
  it('columns choose a statement of a line', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      const line = lineOf(main, 'for (struct planet *p = planets');
      const { breakpoints } = await t.request('breakpointLocations', { source, line });
      const columns = breakpoints.map(({ column }: { column?: number }) => column) as number[];
      assert.ok(columns.length >= 2, 'the loop has several statements');
      const last = columns.at(-1)!;
      const set = await t.request('setBreakpoints', {
        source,
        breakpoints: [{ line, column: last }],
      });
      assert.equal(set['breakpoints'][0].column, last);
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.deepEqual([stackFrames[0].line, stackFrames[0].column], [line, last]);
      const { result } = await t.request('evaluate', { expression: 'p->name', context: 'watch' });
      assert.match(result, /Mercury|Venus/);
      await t.request('terminate');
      t.check('breakpointColumns');
    }));

  it('patterns stand for all functions that they match', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      const { breakpoints } = await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: 'print_*' }, { name: 'fact?rial' }, { name: 'no*such' }],
      });
      const [many, one, none] = breakpoints;
      assert.match(many.message, /^[2-9] functions match/);
      assert.equal(one.verified, true);
      assert.equal(none.verified, false);
      await t.request('configurationDone');
      const stopped = await t.event('stopped');
      assert.deepEqual(stopped['hitBreakpointIds'], [many.id]);
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.match(stackFrames[0].name, /^print_/);
      await t.request('terminate');
      t.check('breakpointPatterns');
    }));

  it('a guest that panics stops where it says so, by the names that are chosen', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'guest-panic', condition: 'no_such, shut*' }],
      });
      await t.request('configurationDone');
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      const stopped = await t.event('stopped');
      assert.equal(stopped['reason'], 'exception');
      assert.equal(stopped['description'], 'guest-panic');
      await t.request('exceptionInfo', { threadId: 1 });
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.equal(stackFrames[0].name, 'shutdown');
      await t.request('setExceptionBreakpoints', { filters: ['guest-panic'] });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('breakpointPanic');
    }));
});
