import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launch, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const program = path.join(sample('unknown-call'), 'unknown-call.elf');
const stopped = (t: Transcript) => t.event('stopped');

describe('a handler module in a debug session', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-'));
  const file = path.join(folder, 'handlers.ts');
  after(() => rmSync(folder, { recursive: true, force: true }));
  const saved = async (t: Transcript, source: string) => {
    writeFileSync(file, source);
    for (;;) {
      const { output } = await t.event('output');
      if (/loaded again/.test(String(output))) return;
    }
  };

  it('answers calls', () =>
    withTranscript(async (t) => {
      const sensors = sample('vendor-sensor');
      await launch(t, {
        program: path.join(sensors, 'vendor-sensor.elf'),
        handlers: path.join(sensors, 'handlers.ts'),
      });
      await t.request('configurationDone');
      await t.event('terminated');
      t.check('handlersAnswer');
    }));

  it('stops the guest at the call when it fails, and answers once it is mended and saved', () =>
    withTranscript(async (t) => {
      writeFileSync(
        file,
        `export function x08000042_7(call, guest) {
  guest.setRegister('a3', 1n);
  throw new Error('not yet: ' + call.args.length);
}
`,
      );
      await launch(t, { program, cwd: folder, handlers: 'handlers.ts' });
      await t.request('configurationDone');
      const { description, text } = await stopped(t);
      assert.equal(description, 'handler-error');
      assert.match(text, /Error: not yet: 6\n {4}at x08000042_7 \(.*handlers\.ts:3\)/);
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.match(stackFrames[0].source.name, /^main\.c$/);
      await t.request('evaluate', { expression: '$a0', context: 'repl' });
      await t.request('evaluate', { expression: '$a3', context: 'repl' });
      await saved(t, `export const x08000042_7 = ({ args: [a, b] }) => a * b;\n`);
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('handlersReload');
    }));

  it('may be paused while it is at work, and answered in its place', () =>
    withTranscript(async (t) => {
      writeFileSync(file, 'export const x08000042 = () => new Promise(() => {});\n');
      await launch(t, { program, handlers: file });
      await t.request('configurationDone');
      await t.event('output');
      await t.request('pause', { threadId: 1 });
      await stopped(t);
      const { stackFrames } = await t.request('stackTrace', { threadId: 1, levels: 1 });
      assert.equal(stackFrames[0].name, 'sbi_call');
      await t.request('evaluate', { expression: '$a1 = 54', context: 'repl' });
      await t.request('evaluate', { expression: '$a0 = 0', context: 'repl' });
      await t.request('evaluate', { expression: '$pc = $pc + 4', context: 'repl' });
      await t.request('continue', { threadId: 1 });
      await t.event('terminated');
      t.check('handlersPause');
    }));

  it('begins anew with the guest, and ends with it while a call waits', () =>
    withTranscript(async (t) => {
      writeFileSync(
        file,
        `let asked = 0;
export const x08000042 = () => (asked++ > 0 ? asked : new Promise(() => {}));
`,
      );
      await launch(t, { program, handlers: file });
      await t.request('configurationDone');
      await t.event('output');
      await t.request('restart');
      await t.event('output');
      await t.request('pause', { threadId: 1 });
      await stopped(t);
      const { result } = await t.request('evaluate', { expression: '$a7', context: 'repl' });
      assert.match(result, /8000042$/, 'a second answer would have let it pass');
      await t.request('continue', { threadId: 1 });
      await t.request('terminate');
      await t.event('terminated');
      t.check('handlersRestart');
    }));

  it('is refused at the launch when it cannot be used', () =>
    withTranscript(async (t) => {
      writeFileSync(file, 'export const x08000042 = () => {\n  const = 5;\n};\n');
      await t.requestQuietly('initialize', { adapterID: 'trapline', clientID: 'test' });
      await t.request('launch', { program, handlers: file });
      await t.request('launch', { program, handlers: path.join(folder, 'absent.ts') });
      await t.request('launch', { program, handlers: file, mode: 'machine' });
      t.check('handlersRefused');
    }));
});
