import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');
const source = { path: main };

const stopAt = async (t: Transcript, ...texts: string[]) => {
  const breakpoints = texts.map((text) => ({ line: lineOf(main, text) }));
  await t.request('setBreakpoints', { source, breakpoints });
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
  await t.event('stopped');
};
const top = async (t: Transcript) =>
  (await t.request('stackTrace', { threadId: 1, levels: 3 }))['stackFrames'];
const shown = async (t: Transcript, expression: string, more = {}) =>
  (await t.request('evaluate', { expression, context: 'watch', ...more }))['result'] as string;

describe('places in code', () => {
  it('a hart jumps to a line, into the function of its choice, back to where its frame began', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'moons += p->moons');
      const line = lineOf(main, 'p->visited = 1');
      t.note('goto');
      const { targets } = await t.request('gotoTargets', { source, line });
      await t.request('goto', { threadId: 1, targetId: targets[0].id });
      assert.equal((await t.event('stopped'))['reason'], 'goto');
      assert.equal((await top(t))[0].line, line);
      t.note('an id of before is nothing any more');
      await t.request('goto', { threadId: 1, targetId: targets[0].id });
      await t.request('gotoTargets', { source: { path: '/no/such.c' }, line: 1 });

      t.note('into one function of a line');
      await t.request('setBreakpoints', {
        source,
        breakpoints: [{ line: lineOf(main, 'print_decimal(distance[') }],
      });
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      const [frame] = await top(t);
      const into = await t.request('stepInTargets', { frameId: frame.id });
      assert.deepEqual(
        into['targets'].map(({ label }: { label: string }) => label),
        ['print_decimal'],
      );
      await t.request('stepIn', { threadId: 1, targetId: into['targets'][0].id });
      await t.event('stopped');
      const frames = await top(t);
      assert.match(frames[0].name, /^print_decimal/);

      t.note('the frame of the caller again from its first instruction');
      await t.request('setBreakpoints', { source, breakpoints: [] });
      await t.request('restartFrame', { frameId: frames[1].id });
      assert.equal((await t.event('stopped'))['reason'], 'restart');
      const again = await top(t);
      assert.equal(again[0].name, frames[1].name);
      assert.equal(again[1].name, frames[2].name);
      assert.notEqual(again[0].line, frames[1].line);
      t.note('outermost: nobody called it');
      const all = (await t.request('stackTrace', { threadId: 1 }))['stackFrames'];
      await t.request('restartFrame', { frameId: all.at(-1).id });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('codePlaces');
    }));

  it('modules say which file, where, and with which symbols; frames name theirs', () =>
    withTranscript(async (t) => {
      const other = path.join(sample('unknown-call'), 'unknown-call.elf');
      await launch(t, { program, symbolFiles: [{ file: other, offset: '0x10000000' }] });
      await stopAt(t, 'moons += p->moons');
      const { modules, totalModules } = await t.request('modules', {});
      assert.equal(totalModules, 2);
      assert.equal(modules[1].loadOffset, '0x10000000');
      await t.request('modules', { startModule: 1, moduleCount: 1 });
      const { sources } = await t.request('loadedSources');
      assert.ok(sources.some(({ path: file }: { path: string }) => file === main));
      await t.request('stackTrace', {
        threadId: 1,
        levels: 2,
        format: {
          ...{ module: true, line: true, parameters: true },
          ...{ parameterTypes: true, parameterNames: true, parameterValues: true },
        },
      });
      await t.request('terminate');
      t.check('codeModules');
    }));

  it('values in hexadecimal and binary, and whole for the clipboard', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'moons += p->moons');
      const [frame] = await top(t);
      const { scopes } = await t.request('scopes', { frameId: frame.id });
      const { variablesReference } = scopes[0];
      await rows(t, variablesReference);
      await t.request('variables', { variablesReference, format: { hex: true } });
      assert.equal(await shown(t, 'distance[1]'), '108');
      assert.equal(await shown(t, 'distance[1]', { format: { hex: true } }), '0x6c');
      assert.equal(await shown(t, 'distance[1],b'), '0b1101100');
      assert.equal(await shown(t, '1000 + 1, x'), '0x3e9');
      assert.equal(await shown(t, '-1,d'), '-1');
      const hexadecimal = await t.request('evaluate', { expression: 'distance,x' });
      await rows(t, hexadecimal['variablesReference']);
      assert.ok(!(await shown(t, 'planets')).includes('Mars'), 'what is nested deeply is cut');
      assert.match(await shown(t, 'planets', { context: 'clipboard' }), /Mars.*next = 0x0/);
      await t.request('setExpression', {
        ...{ expression: 'distance[1]', value: '109', frameId: frame.id },
        format: { hex: true },
      });
      await t.request('terminate');
      t.check('codeFormats');
    }));

  it('cancel takes back a request that has no answer yet', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await stopAt(t, 'moons += p->moons');
      const first = t.request('evaluate', { expression: 'distance' });
      const second = t.request('evaluate', { expression: 'planets' });
      const cancel = t.request('cancel', { requestId: t.lastSeq });
      assert.equal((await first)['failed'], undefined);
      assert.equal((await second)['error'].format, 'cancelled');
      assert.equal((await cancel)['failed'], undefined);
      await t.request('cancel', { requestId: 1 });
      await t.request('cancel', { progressId: 'nothing' });
      await t.request('terminate');
      t.check('codeCancel');
    }));

  it('one hart runs and the other stands still', () =>
    withTranscript(async (t) => {
      const two = path.join(sample('machine-hello'), 'machine-hello.elf');
      await launch(t, { program: two, mode: 'machine', harts: 2, stopOnEntry: true });
      await t.request('configurationDone');
      await t.event('stopped');
      const pcOf = async (threadId: number) => {
        const { stackFrames } = await t.request('stackTrace', { threadId, levels: 1 });
        return stackFrames[0].instructionPointerReference as string;
      };
      const before = await pcOf(2);
      for (let step = 0; step < 3; step++) {
        const args = { threadId: 1, granularity: 'instruction', singleThread: true };
        await t.request('stepIn', args);
        await t.event('stopped');
      }
      assert.equal(await pcOf(2), before);
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'main' }] });
      const { allThreadsContinued } = await t.request('continue', {
        threadId: 1,
        singleThread: true,
      });
      assert.equal(allThreadsContinued, false);
      await t.event('stopped');
      assert.equal(await pcOf(2), before);
      await t.request('terminate');
      t.check('codeOneHart');
    }));
});
