import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');
const line = (text: string) => lineOf(main, text);

const start = async (t: Transcript) => {
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
};
const set = (t: Transcript, ...breakpoints: object[]) =>
  t.request('setBreakpoints', { source: { path: main }, breakpoints });
const value = async (t: Transcript, expression: string) =>
  (await t.request('evaluate', { expression, context: 'watch' }))['result'] as string;
const innermost = async (t: Transcript) => {
  const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
  return `${stackFrames[0].name}:${stackFrames[0].line}`;
};

const loop = 'moons += p->moons';

describe('breakpoints with rules', () => {
  it('stop where the condition holds: at the third planet', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await set(t, { line: line(loop), condition: 'p->moons == 1 && p - planets == 2' });
      await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: 'wait_for_ticks', condition: 'phase == PHASE_TIMER && count == 3' }],
      });
      await start(t);
      await t.event('stopped');
      assert.match(await value(t, 'p->name'), /"Earth"/);
      t.note('the same language everywhere');
      for (const expression of [
        'moons + 1',
        'p == &planets[2]',
        '*p->next',
        'p[0].moons',
        'distance[p - planets]',
        'phase == PHASE_PAGING',
        '$vsatp.MODE == Sv39',
        '$sp % 16 == 0 ? p->name : 0',
        "*p->name == 'E'",
        '-1',
        '1 / moons',
        'p->mons',
        'moons +',
      ]) {
        await t.request('evaluate', { expression, context: 'watch' });
      }
      await t.request('evaluate', { expression: 'moons = p->moons * 20 + 2', context: 'repl' });
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      assert.match(await innermost(t), /^wait_for_ticks:/);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('breakpointConditions');
    }));

  it('count hits, each for itself at the same address, and go on counting when set again', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      const counted = { line: line(loop), hitCondition: '% 2' };
      const { breakpoints } = await set(t, counted);
      await t.request('setInstructionBreakpoints', {
        breakpoints: [
          { instructionReference: breakpoints[0].instructionReference, hitCondition: '>= 3' },
        ],
      });
      await start(t);
      const { hitBreakpointIds: second } = await t.event('stopped');
      assert.match(await value(t, 'p->name'), /"Venus"/);
      assert.equal(second.length, 1);
      await set(t, counted, { line: line('print("Goodbye'), hitCondition: '1' });
      await t.request('continue', { threadId: 1 });
      const { hitBreakpointIds: third } = await t.event('stopped');
      assert.match(await value(t, 'p->name'), /"Earth"/);
      assert.notDeepEqual(third, second);
      await t.request('continue', { threadId: 1 });
      const { hitBreakpointIds: fourth } = await t.event('stopped');
      assert.match(await value(t, 'p->name'), /"Mars"/);
      assert.equal(fourth.length, 2);
      await t.request('continue', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await innermost(t), `kernel_main:${line('print("Goodbye')}`);
      t.note('a restart counts from the beginning');
      await t.request('restart', {});
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await t.event('stopped');
      assert.match(await value(t, 'p->name'), /"Venus"/);
      await t.request('terminate');
      t.check('breakpointHits');
    }));

  it('log instead of stopping, in order with what the guest says', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await set(
        t,
        {
          line: line(loop),
          logMessage:
            '{p->name}: {p->moons} of {moons + p->moons} moons \\{{distance[p - planets]}\\}',
        },
        {
          line: line('return moons'),
          logMessage: '{moons} {no_such_thing} $sp ok',
          condition: 'moons > 2',
        },
      );
      await start(t);
      await t.event('terminated');
      t.check('breakpointLogs');
    }));

  it('do not disturb a step over the code they stand in', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await set(t, { line: line('moons = run_planets') });
      await start(t);
      await t.event('stopped');
      const { breakpoints } = await set(t, { line: line(loop), condition: 'p->moons > 7' });
      await t.request('setFunctionBreakpoints', {
        breakpoints: [
          { name: 'run_planets', condition: '0' },
          { name: 'print', condition: '*text == 0' },
        ],
      });
      await t.request('next', { threadId: 1 });
      await t.event('stopped');
      assert.equal(await innermost(t), `kernel_main:${line('print("moons: ")')}`);
      t.note('one whose condition holds ends the step');
      await t.request('restart', {});
      await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
      await set(t, { line: line('moons = run_planets') });
      await t.event('stopped');
      await set(t, { line: line(loop), condition: 'p->moons > 1' });
      await t.request('next', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'breakpoint');
      assert.match(await value(t, 'p->name'), /"Mars"/);
      t.note('a step that ends at one whose condition does not hold is a step');
      await set(t, { line: line('p->visited = 1') + 2, condition: 'p->moons == 9' });
      await t.request('next', { threadId: 1 });
      assert.equal((await t.event('stopped'))['reason'], 'step');
      await t.request('terminate');
      assert.equal(breakpoints.length, 1);
      t.check('breakpointSteps');
    }));

  it('stop and say why when a condition has no value', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await set(t, { line: line(loop), condition: 'p->mons == 1' });
      await start(t);
      assert.match((await t.event('stopped'))['text'], /has no member 'mons'/);
      for (const rule of [
        { condition: 'p->moons ==' },
        { condition: 'p' + '->moons / (moons - moons)' },
        { hitCondition: 'often' },
      ]) {
        await set(t, { line: line(loop), ...rule });
        await t.request('continue', { threadId: 1 });
        assert.ok((await t.event('stopped'))['text']);
      }
      await set(t);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('breakpointErrors');
    }));

  it('can be paused between hits that do not count', () =>
    withTranscript(async (t) => {
      await launch(t, { program });
      await t.request('setFunctionBreakpoints', { breakpoints: [{ name: 'read_line' }] });
      await t.request('configurationDone');
      await t.event('stopped');
      t.note('it asks for a key again and again, and says nothing');
      await t.request('setFunctionBreakpoints', {
        breakpoints: [{ name: 'sbi_call', condition: '0' }],
      });
      await t.request('continue', { threadId: 1 });
      await t.request('pause', { threadId: 1 });
      const { reason } = await t.event('stopped');
      assert.equal(reason, 'pause');
      await t.request('terminate');
      t.check('breakpointPause');
    }));
});
