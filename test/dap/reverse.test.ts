import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const program = path.join(sample('machine-hello'), 'machine-hello.elf');
const main = path.join(sample('machine-hello'), 'main.c');
const thread = { threadId: 1 };

const place = async (t: Transcript) => {
  const { stackFrames } = await t.request('stackTrace', { ...thread, levels: 2 });
  return `${stackFrames[0].name}:${stackFrames[0].line}`;
};

const stopped = async (t: Transcript, command: string, more: object = {}) => {
  await t.request(command, { ...thread, ...more });
  return t.event('stopped');
};

describe('going back over DAP', () => {
  it('lines are gone back through, to the start', () =>
    withTranscript(async (t) => {
      await launch(t, { program, mode: 'machine', stopOnEntry: true });
      const line = lineOf(main, 'progress.started =');
      await t.request('setBreakpoints', { source: { path: main }, breakpoints: [{ line }] });
      await t.request('configurationDone');
      await t.event('stopped');
      t.note('nothing was before the entry');
      await t.request('stepBack', thread);
      await stopped(t, 'continue');
      const forward = [await place(t)];
      for (let i = 0; i < 4; i++) {
        await stopped(t, 'next');
        forward.push(await place(t));
      }
      for (const expected of forward.slice(0, -1).toReversed()) {
        assert.equal((await stopped(t, 'stepBack'))['reason'], 'step');
        assert.equal(await place(t), expected);
      }
      t.note('by instructions');
      await stopped(t, 'stepBack', { granularity: 'instruction' });
      await stopped(t, 'stepIn', { granularity: 'instruction' });
      t.note('to the start');
      assert.equal((await stopped(t, 'reverseContinue'))['text'], 'start of the recorded history');
      await t.request('reverseContinue', thread);
      t.check('reverseLines');
    }));

  it('who wrote this: a data breakpoint is gone back to', () =>
    withTranscript(async (t) => {
      await launch(t, { program, mode: 'machine' });
      const line = lineOf(main, 'finish(TEST_PASS)');
      const source = { path: main };
      await t.request('setBreakpoints', { source, breakpoints: [{ line }] });
      await t.request('configurationDone');
      await t.event('stopped');
      const { dataId } = await t.request('dataBreakpointInfo', { name: 'progress.ticks' });
      const breakpoints = [{ dataId, accessType: 'write' }];
      await t.request('setDataBreakpoints', { breakpoints });
      for (const before of ['2', '1', '0']) {
        assert.equal((await stopped(t, 'reverseContinue'))['reason'], 'data breakpoint');
        const { result } = await t.request('evaluate', { expression: 'progress.ticks' });
        assert.equal(result, before);
      }
      t.note('forward it is made again');
      await stopped(t, 'continue');
      const { result } = await t.request('evaluate', { expression: 'progress.ticks' });
      assert.equal(result, '1');
      t.check('reverseData');
    }));

  it('hits are counted anew where the past was changed', () =>
    withTranscript(async (t) => {
      await launch(t, { program, mode: 'machine' });
      const at = {
        start: lineOf(main, 'print("Hello'),
        behind: lineOf(main, 'progress.started ='),
      };
      const third = { line: lineOf(main, 'progress.ticks++'), hitCondition: '3' };
      const source = { path: main };
      await t.request('setBreakpoints', { source, breakpoints: [{ line: at.start }, third] });
      await t.request('configurationDone');
      await t.event('stopped');
      const ticks = async () =>
        (await t.request('evaluate', { expression: 'progress.ticks' }))['result'] as string;
      await stopped(t, 'continue');
      assert.equal(await ticks(), '2');
      await stopped(t, 'reverseContinue');
      assert.equal(await ticks(), '0');
      const { targets } = await t.request('gotoTargets', { source, line: at.behind });
      await stopped(t, 'goto', { targetId: targets[0].id });
      await stopped(t, 'continue');
      assert.equal(await ticks(), '2');
      t.check('reverseHits');
    }));
});
