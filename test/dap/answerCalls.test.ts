import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const unknown = path.join(sample('unknown-call'), 'unknown-call.elf');
const stopped = (t: Transcript) => t.event('stopped');
const type = (t: Transcript, expression: string) =>
  t.request('evaluate', { expression, context: 'repl' });

describe('a call answered by hand', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Launches, with the filters that a client sets by itself, until the call waits. */
  async function atCall(t: Transcript, attributes: object = {}) {
    await launch(t, { program: unknown, ...attributes });
    await t.request('setExceptionBreakpoints', { filters: ['unanswered-call', 'crash'] });
    await t.request('configurationDone');
    await stopped(t);
    return (await t.event('trapline/callWaiting'))['call'] as { why: string };
  }

  it('stops on the ecall when nobody answers, and takes an answer by request', () =>
    withTranscript(async (t) => {
      const call = await atCall(t);
      assert.equal(call.why, 'unanswered');
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.equal(stackFrames[0].name, 'sbi_call');
      await t.request('trapline/call');
      await t.request('trapline/answerCall', { error: '0', value: '0x36' });
      await t.event('terminated');
      t.check('answerRequest');
    }));

  it('takes an answer typed into the debug console, as expressions', () =>
    withTranscript(async (t) => {
      await atCall(t);
      await type(t, 'answer value=nonsense');
      await type(t, 'answer error=NO_SUCH');
      await type(t, 'answer a9=1');
      await type(t, 'answer value=$a0*$a1 s11=5 stay');
      await t.request('trapline/call');
      await type(t, 'answer 1');
      await t.request('stepIn', { threadId: 1, granularity: 'instruction' });
      await stopped(t);
      for (const register of ['$a0', '$a1', '$s11']) await type(t, register);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('answerConsole');
    }));

  it('is denied, by name or without, and the guest goes on', () =>
    withTranscript(async (t) => {
      await atCall(t);
      await type(t, 'deny twice');
      await type(t, 'deny');
      await t.event('terminated');
      t.check('answerDeny');
    }));

  it('is told its error by name', () =>
    withTranscript(async (t) => {
      await atCall(t);
      await t.request('trapline/answerCall', { error: 'ALREADY_STARTED' });
      await t.event('terminated');
      t.check('answerError');
    }));

  it('is let go without an answer: the guest hears that it is not supported', () =>
    withTranscript(async (t) => {
      await atCall(t);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('answerContinue');
    }));

  it('is let go by the console, which says what becomes of it', () =>
    withTranscript(async (t) => {
      await atCall(t);
      await type(t, 'continue twice');
      await type(t, 'continue');
      await t.event('terminated');
      t.check('answerTypedContinue');
    }));

  it('where a rule says break: shown decoded, and made when the person goes on', () =>
    withTranscript(async (t) => {
      const calls = [{ extension: 'DBCN', action: 'break' }];
      await launch(t, { program: unknown, calls });
      await t.request('configurationDone');
      await stopped(t);
      const { call } = await t.event('trapline/callWaiting');
      assert.deepEqual([call.text, call.why], ['sbi_debug_console_write_byte(byte=99)', 'break']);
      await t.request('continue', { threadId: 1 });
      await stopped(t);
      const DBCN = 0x4442434e;
      await t.request('trapline/calls', { extension: DBCN, function: 2 });
      await t.request('trapline/setCalls', { extension: [DBCN, DBCN], action: 'forward' });
      await t.request('trapline/calls', { extension: DBCN, function: 2 });
      const { rows } = await t.requestQuietly('trapline/calls', {});
      assert.equal(rows[0].source, 'debugger');
      await t.request('trapline/answerCall', { value: '0', stay: true });
      await t.request('trapline/setCalls', { extension: [DBCN, DBCN] });
      await t.request('continue', { threadId: 1 });
      await stopped(t);
      await t.request('trapline/setCalls', { extension: [DBCN, DBCN], action: 'forward' });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('answerBreak');
    }));

  it('in the place of a handler that failed or takes too long', () =>
    withTranscript(async (t) => {
      const handlers = path.join(folder, 'handlers.ts');
      writeFileSync(handlers, 'export const x08000042 = () => new Promise(() => {});\n');
      await launch(t, { program: unknown, handlers });
      await t.request('configurationDone');
      await t.event('output');
      await t.request('pause', { threadId: 1 });
      await stopped(t);
      const { call } = await t.event('trapline/callWaiting');
      assert.equal(call.why, 'pending');
      await type(t, 'answer 54');
      await t.event('terminated');
      t.check('answerPending');
    }));

  it('only while one waits', () =>
    withTranscript(async (t) => {
      await launch(t, { program: unknown, stopOnEntry: true });
      await t.request('configurationDone');
      await stopped(t);
      await t.request('trapline/call');
      await t.request('trapline/answerCall', { value: '1' });
      await type(t, 'deny');
      await t.request('terminate');
      t.check('answerNone');
    }));
});
