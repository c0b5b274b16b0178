/** A debug session of the sample through VS Code's own API. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CustomEvents, CustomRequests } from '../../../src/adapter/protocol.ts';
import { configuration, folder, Recorder, stop, type Message } from './debugSession.ts';

const sample = configuration('hello-dbcn/hello-dbcn.elf');

describe('a session of hello-dbcn', () => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = new Recorder();
  });
  afterEach(async () => {
    await stop();
    recorder.dispose();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  });

  it('runs, reads what is typed, and ends with the guest’s exit code', async () => {
    assert.ok(await vscode.debug.startDebugging(folder(), sample));
    await recorder.untilConsole('What is your name?');
    const session = active();
    const input = { console: firstConsole(recorder), text: 'Bo\r' };
    await request(session, 'trapline/consoleInput', input);
    await recorder.untilConsole('Nice to meet you, Bo!');
    const exited = await recorder.event('exited');
    assert.equal(exited.exitCode, 0);
  });

  it('tells how long its first console byte took', async () => {
    assert.ok(await vscode.debug.startDebugging(folder(), sample));
    const isFirstByte = (message: Message) => message.body?.launchToFirstByte !== undefined;
    await recorder.until('first byte', () => recorder.messages.some(isFirstByte));
    const timing = recorder.messages.find(isFirstByte)?.body as CustomEvents['trapline/timing'];
    assert.ok(Number.isInteger(timing.launchToFirstByte));
    // A figure to read: how fast a shared machine is at this moment is nothing to fail for.
    console.log(`[mocha]       first console byte after ${timing.launchToFirstByte} ms`);
    await stop();
  });

  it('stops on entry, shows CSRs and stage-2 mappings, and is the hart', async () => {
    assert.ok(await vscode.debug.startDebugging(folder(), { ...sample, stopOnEntry: true }));
    const stopped = await recorder.event('stopped');
    assert.equal(stopped.reason, 'entry');
    const session = active();
    const { threads } = (await session.customRequest('threads')) as { threads: { name: string }[] };
    assert.deepEqual(
      threads.map((thread) => thread.name),
      ['hart 0 · VS-mode'],
    );
    const { groups } = await request(session, 'trapline/csrs', { hart: 0 });
    const names = groups.flatMap((group) => group.registers.map((register) => register.name));
    for (const name of ['hgatp', 'vsatp', 'hstatus']) assert.ok(names.includes(name), name);
    const hgatp = groups
      .flatMap((group) => group.registers)
      .find((register) => register.name === 'hgatp');
    assert.ok(hgatp?.fields.some((field) => field.name === 'MODE' && field.meaning !== undefined));
    const mappings = await request(session, 'trapline/mappings', { hart: 0, stage: 'guest' });
    assert.match(mappings.title, /x4/);
  });

  it('stops at a function by name', async () => {
    vscode.debug.addBreakpoints([new vscode.FunctionBreakpoint('run_planets')]);
    assert.ok(await vscode.debug.startDebugging(folder(), sample));
    await recorder.untilConsole('What is your name?');
    await request(active(), 'trapline/consoleInput', {
      console: firstConsole(recorder),
      text: '\r',
    });
    const stopped = await recorder.event('stopped');
    assert.match(String(stopped.reason), /breakpoint/);
    const { stackFrames } = (await active().customRequest('stackTrace', {
      threadId: stopped.threadId,
    })) as { stackFrames: { name: string }[] };
    assert.equal(stackFrames[0]?.name, 'run_planets');
  });
});

function active(): vscode.DebugSession {
  const session = vscode.debug.activeDebugSession;
  assert.ok(session, 'no session is active');
  return session;
}

function request<Name extends keyof CustomRequests>(
  session: vscode.DebugSession,
  name: Name,
  args: CustomRequests[Name]['arguments'],
): Promise<CustomRequests[Name]['body']> {
  return session.customRequest(name, args) as Promise<CustomRequests[Name]['body']>;
}

function firstConsole(recorder: Recorder): string {
  const ready = recorder.messages.find((message) => message.event === 'trapline/ready');
  const [name] = (ready?.body?.consoles ?? []) as string[];
  assert.ok(name, 'no console');
  return name;
}
