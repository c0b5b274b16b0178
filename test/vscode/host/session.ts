/** A debug session of the sample through VS Code's own API. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CustomRequests } from '../../../src/adapter/protocol.ts';
import { configuration, folder, Recorder, stop } from './debugSession.ts';

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

  it('runs, says how fast it started, and reads what is typed', async () => {
    assert.ok(await vscode.debug.startDebugging(folder(), sample));
    await recorder.untilConsole('What is your name?');
    const session = active();
    await request(session, 'trapline/consoleInput', {
      console: firstConsole(recorder),
      text: 'Bo\r',
    });
    await recorder.untilConsole('Nice to meet you, Bo!');
    const times = recorder.messages.filter((message) => message.event === 'trapline/timing');
    const firstByte = times.map((message) => message.body?.launchToFirstByte).find(Number.isFinite);
    console.log(
      `[mocha]       first console byte: ${Number(firstByte).toFixed(0)} ms after the launch`,
    );
    assert.ok(Number(firstByte) < 500, `${String(firstByte)} ms`);
    const exited = await recorder.event('exited');
    assert.equal(exited.exitCode, 0);
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
