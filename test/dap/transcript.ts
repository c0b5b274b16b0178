/**
 * A DAP session in this thread, driven request by request, and its log as a golden file. The log
 * has everything the client would see but what may differ between two runs: sequence numbers,
 * times, folders, and how console bytes were cut into events.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TraplineSession } from '../../src/adapter/session.ts';
import type { StartMachine } from '../../src/adapter/launch.ts';

type Body = Record<string, any>;

interface Message {
  readonly type: 'response' | 'event';
  readonly request_seq: number;
  readonly success: boolean;
  readonly event: string;
  readonly body?: Body;
}

const WAIT_MILLISECONDS = 50_000;

export class Transcript {
  private readonly session: TraplineSession;
  private readonly lines: string[] = [];
  private readonly waiting: { matches(message: Message): boolean; resolve(m: Message): void }[] =
    [];
  private readonly backlog: Message[] = [];
  private readonly quiet = new Set<number>();
  private seq = 1;
  /** Whether `check` was called: a transcript that is only written proves nothing. */
  private checked = false;
  /** Console output that is still coming. */
  private pendingOutput: { category: string; text: string } | undefined;
  readonly defects: string[] = [];

  constructor(startMachine: StartMachine, ownConsoles = false) {
    const log = (line: string) => {
      if (!line.startsWith('first console byte')) this.defects.push(line);
    };
    this.session = new TraplineSession({ startMachine, ownConsoles, log });
    this.session.onDidSendMessage((message) => this.receive(message as Message));
  }

  /** The same, but a long answer that the test itself looks into is left out of the log. */
  async requestQuietly(command: string, args?: object): Promise<Body> {
    this.quiet.add(this.seq);
    return this.request(command, args);
  }

  /** Number of the last request. */
  get lastSeq(): number {
    return this.seq - 1;
  }

  /** Sends a request and waits for its answer; an error response is an answer. */
  async request(command: string, args?: object): Promise<Body> {
    const seq = this.seq++;
    this.log(`> ${command}${args ? ` ${render(args)}` : ''}`);
    const answer = this.next((m) => m.type === 'response' && m.request_seq === seq);
    // Through JSON, as a pipe would do it.
    const message = JSON.parse(JSON.stringify({ type: 'request', seq, command, arguments: args }));
    this.session.handleMessage(message);
    const { success, body } = await answer;
    this.flushOutput();
    return success ? (body ?? {}) : { failed: true, ...body };
  }

  /** Waits for one of some events, also one that has come already and was not asked for. */
  async event(...names: string[]): Promise<Body> {
    const matches = (m: Message) => m.type === 'event' && names.includes(m.event);
    const index = this.backlog.findIndex(matches);
    if (index >= 0) return this.backlog.splice(index, 1)[0]!.body ?? {};
    return (await this.next(matches)).body ?? {};
  }

  note(text: string): void {
    this.log(`# ${text}`);
  }

  /**
   * Compares the log with test/dap/<name>.golden; `UPDATE_GOLDEN=1` accepts it. `folder` is one
   * whose name differs from run to run.
   */
  check(name: string, folder?: string): void {
    this.checked = true;
    this.flushOutput();
    assert.deepEqual(this.defects, [], 'the adapter logged defects');
    const text = `${this.lines.join('\n')}\n`;
    const log = folder === undefined ? text : text.replaceAll(folder, '<folder>');
    checkGolden(path.join('test/dap', `${name}.golden`), log);
  }

  /** Ends the session whatever the test did. Fails a test that never looked at its log. */
  async close(passed: boolean): Promise<void> {
    await this.session.end();
    if (passed) assert.ok(this.checked, 'this transcript was never compared with a golden file');
  }

  private receive(message: Message): void {
    this.record(message);
    const index = this.waiting.findIndex(({ matches }) => matches(message));
    if (index >= 0) this.waiting.splice(index, 1)[0]!.resolve(message);
    else if (message.type === 'event') this.backlog.push(message);
  }

  private record(message: Message): void {
    if (message.type === 'event' && message.event === 'trapline/timing') return;
    if (message.type === 'event' && message.event === 'output') {
      const { category, output, source, line } = message.body as Body;
      if (source) {
        this.flushOutput();
        this.log(`! output ${category} ${JSON.stringify(output)} of ${source.name}:${line}`);
        return;
      }
      if (this.pendingOutput?.category !== category) this.flushOutput();
      this.pendingOutput = { category, text: (this.pendingOutput?.text ?? '') + output };
      return;
    }
    this.flushOutput();
    const body = message.body && Object.keys(message.body).length > 0 ? render(message.body) : '';
    if (this.quiet.has(message.request_seq)) this.log('< …');
    else if (message.type === 'event') this.log(`! ${message.event} ${body}`);
    else this.log(`${message.success ? '<' : '< FAILED'} ${body}`);
  }

  private flushOutput(): void {
    if (!this.pendingOutput) return;
    const { category, text } = this.pendingOutput;
    this.pendingOutput = undefined;
    this.log(`! output ${category} ${JSON.stringify(text)}`);
  }

  private next(matches: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing came after:\n${this.lines.slice(-12).join('\n')}`)),
        WAIT_MILLISECONDS,
      );
      const settle = (message: Message) => {
        clearTimeout(timer);
        resolve(message);
      };
      this.waiting.push({ matches, resolve: settle });
    });
  }

  private log(line: string): void {
    this.lines.push(normalise(line).trimEnd());
  }
}

/** Temporary folders of the tests, as `mkdtemp` names them. */
const temporary = /trapline-\w{6}/g;

function normalise(line: string): string {
  return line
    .replaceAll(process.cwd(), '<root>')
    .replaceAll(tmpdir() + path.sep, '<tmp>')
    .replaceAll(temporary, 'folder')
    .replaceAll(/(127\.0\.0\.1|"tcp"):\d+/g, '$1:<port>')
    .replaceAll('<tmp>folder', '<folder>');
}

/** JSON on one line while it is short, one element or member per line where it is not. */
function render(value: unknown, indent = ''): string {
  // How long a line is must not depend on where the project or the temporary folder is.
  const flat = normalise(JSON.stringify(value) ?? 'undefined');
  if (flat.length + indent.length <= 110 || typeof value !== 'object' || value === null)
    return flat;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => inner + render(item, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${inner}${JSON.stringify(key)}: ${render(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

export function checkGolden(golden: string, actual: string): void {
  const actualFile = golden.replace(/golden$/, 'actual');
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(golden, actual);
    rmSync(actualFile, { force: true });
    return;
  }
  const expected = existsSync(golden) ? readFileSync(golden, 'utf8') : '';
  if (expected === actual) return rmSync(actualFile, { force: true });
  writeFileSync(actualFile, actual);
  assert.equal(actual, expected, `differs from its golden file: diff ${golden} ${actualFile}`);
}
