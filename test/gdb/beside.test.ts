/** gdb beside the editor (`gdbPort`): one machine, and each hears of what the other does. */
import assert from 'node:assert/strict';
import { TraplineSession } from '../../src/adapter/session.ts';
import { inThisThread } from '../dap/machine.ts';
import { gdb, sample } from './serving.ts';

interface Message {
  readonly type: string;
  readonly request_seq?: number;
  readonly event?: string;
  readonly success?: boolean;
  readonly body?: Record<string, unknown>;
}

/** The editor's side, with all events in order. */
class Editor {
  readonly events: Message[] = [];
  readonly session: TraplineSession;
  readonly defects: string[] = [];
  private readonly answers = new Map<number, (message: Message) => void>();
  private readonly waiting: (() => void)[] = [];
  private seq = 1;

  constructor() {
    const log = (line: string) => void (/first console/.test(line) || this.defects.push(line));
    this.session = new TraplineSession({ startMachine: inThisThread, ownConsoles: false, log });
    this.session.onDidSendMessage((message) => this.receive(message as Message));
  }

  async request(command: string, args: object = {}): Promise<Record<string, unknown>> {
    const seq = this.seq++;
    const answer = new Promise<Message>((resolve) => this.answers.set(seq, resolve));
    this.session.handleMessage({ type: 'request', seq, command, arguments: args } as never);
    const { success, body } = await answer;
    assert.ok(success, `${command}: ${JSON.stringify(body)}`);
    return body ?? {};
  }

  /** Waits until an event that fits has come, now or before. */
  async until(fits: (event: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.events.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** What was told of the guest's state, in order. */
  get states(): string[] {
    return this.events.flatMap(({ event = '', body }) => {
      if (event === 'stopped') return [`stopped ${String(body?.['reason'])}`];
      if (event === 'memory') return [`memory ${String(body?.['count'])}`];
      return ['continued', 'invalidated', 'terminated'].includes(event) ? [event] : [];
    });
  }

  private receive(message: Message): void {
    if (message.type === 'event') this.events.push(message);
    else this.answers.get(message.request_seq ?? 0)?.(message);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

const elf = sample('hello-dbcn');

describe('gdb beside the editor', () => {
  let editor: Editor;
  let port: string;

  beforeEach(async () => {
    editor = new Editor();
    await editor.request('initialize', { adapterID: 'trapline', supportsMemoryEvent: true });
    await editor.request('launch', { program: elf, gdbPort: 0, stopOnEntry: true });
    const said = (event: Message) => /target remote/.test(String(event.body?.['output']));
    port = /:(\d+)/.exec(String((await editor.until(said)).body?.['output']))?.[1] ?? '';
  });
  afterEach(async () => {
    await editor.session.end();
    assert.deepEqual(editor.defects, []);
  });

  it('the editor hears of stops, steps and writes', async () => {
    await editor.request('configurationDone');
    await editor.until(({ event }) => event === 'stopped');
    const text = await gdb(elf, [
      `target remote :${port}`,
      'break factorial',
      'continue',
      'print timer_ticks = 5',
      'set $a7 = 1',
      'stepi',
      'disconnect',
    ]);
    assert.match(text, /Breakpoint 1, factorial \(n=/);
    await editor.until(({ body }) => /has gone/.test(String(body?.['output'])));
    const [last = '', ...before] = editor.states.toReversed();
    // The next instruction may have one of gdb's own.
    assert.match(last, /^stopped (step|breakpoint)$/);
    assert.deepEqual(before.toReversed(), [
      'stopped entry',
      'continued',
      'stopped breakpoint',
      'invalidated',
      'memory 4',
      'invalidated',
      'continued',
    ]);
    // gdb's breakpoints have gone with it; the editor goes on to the end.
    await editor.request('continue', { threadId: 1 });
    await editor.until(({ event }) => event === 'terminated');
  });

  it('gdb hears of the editor’s breakpoint once its condition holds', async () => {
    const breakpoints = [{ name: 'factorial', condition: 'n == 3' }];
    await editor.request('setFunctionBreakpoints', { breakpoints });
    await editor.request('configurationDone');
    await editor.until(({ event }) => event === 'stopped');
    const text = await gdb(elf, [
      `target remote :${port}`,
      'continue',
      'print n',
      'break factorial if n == 1',
      'continue',
      'print n',
      'kill',
    ]);
    assert.match(text, /SIGTRAP[^]*\$1 = 3\n[^]*Breakpoint 1, factorial[^]*\$2 = 1\n/);
    await editor.until(({ event }) => event === 'terminated');
    assert.equal(editor.states.filter((state) => state === 'stopped breakpoint').length >= 2, true);
  });

  it('gdb’s run starts the guest anew in the session', async () => {
    await editor.request('configurationDone');
    await editor.until(({ event }) => event === 'stopped');
    const text = await gdb(elf, [
      `target extended-remote :${port}`,
      'break factorial',
      'continue',
      'run',
      'print $pc',
      'disconnect',
    ]);
    assert.match(text, /Breakpoint 1, factorial[^]*Breakpoint 1, factorial/);
    assert.deepEqual(editor.defects, []);
  });

  it('refuses what is no port', async () => {
    const other = new Editor();
    await other.request('initialize', { adapterID: 'trapline' });
    await assert.rejects(
      other.request('launch', { program: elf, gdbPort: 99999 }),
      /gdbPort: 99999 is not a port number/,
    );
    await other.session.end();
  });
});
