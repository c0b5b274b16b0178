/** What the user gets wrong is one message, which names what is wrong. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { configuration, folder, Recorder, stop, type Message } from './debugSession.ts';

const sample = 'hello-dbcn/hello-dbcn.elf';

describe('a launch that cannot be', () => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = new Recorder();
  });
  afterEach(async () => {
    await stop();
    recorder.dispose();
  });

  /** Launches and expects one failed answer, and no other trace of it. */
  async function refused(wrong: vscode.DebugConfiguration, ...words: readonly RegExp[]) {
    // VS Code shows a failed launch in a dialog and the promise waits for it, so it isn't awaited.
    void vscode.debug.startDebugging(folder(), wrong);
    const failures = () =>
      recorder.messages.filter((message) => message.type === 'response' && !message.success);
    await recorder.until('failed answer', () => failures().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(failures().length, 1);
    const text = messageOf(failures()[0]);
    for (const word of words) assert.match(text, word);
    const errors = recorder.messages.filter(
      (message) => message.event === 'output' && message.body?.category === 'stderr',
    );
    assert.deepEqual(errors, []);
  }

  const made = (name: string, bytes: Uint8Array): string => {
    writeFileSync(path.join(folder().uri.fsPath, name), bytes);
    return name;
  };

  it('a missing file', () => refused(configuration('no/such.elf'), /such\.elf/));
  it('a file for another machine', async () => {
    const name = made('other.elf', readFileSync(process.execPath).subarray(0, 1 << 20));
    await refused(configuration(name), /RISC-V|truncated|larger/i, /other\.elf/);
  });
  it('a truncated file', async () => {
    const whole = readFileSync(path.join(folder().uri.fsPath, sample));
    await refused(configuration(made('cut.elf', whole.subarray(0, 300))), /cut\.elf/);
  });
  it('an image larger than memory', async () => {
    const name = made('large.bin', new Uint8Array(12 << 20));
    await refused(configuration(name, { memory: '8M' }), /large\.bin/, /memory|8M/i);
  });
  it('a bad attribute', () =>
    refused(configuration(sample, { mode: 'sideways' }), /mode/, /sideways/));
  it('an unknown attribute', () => refused(configuration(sample, { programme: 'x' }), /programme/));
});

/** The text VS Code shows: the body's format with its variables filled in. */
function messageOf(message: Message | undefined): string {
  const error = message?.body?.error as
    { format?: string; variables?: Record<string, string> } | undefined;
  const text = error?.format ?? message?.message ?? '';
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => error?.variables?.[name] ?? whole);
}
