/**
 * The debug adapter in a thread of its own: DAP messages go in and come out as objects. The
 * extension host's thread never runs the session nor the machine. When the thread dies without
 * being asked to, every request it owed an answer fails and the session ends, with one message.
 */
import { Worker } from 'node:worker_threads';
import { Emitter } from '../core/base/emitter.ts';

/** Any message of the Debug Adapter Protocol, as far as the relay looks into it. */
export interface Message {
  readonly type: string;
  readonly seq: number;
  readonly [key: string]: unknown;
}

export class WorkerRelay {
  readonly message = new Emitter<Message>();
  /** What the thread prints that is not protocol: warnings and stack traces. */
  readonly log = new Emitter<string>();
  /** The reason, when the thread died by itself. */
  readonly crash = new Emitter<string>();

  private readonly worker: Worker;
  private readonly unanswered = new Map<number, string>();
  private state: 'alive' | 'disposed' | 'dead' = 'alive';
  private reason: string | undefined;
  /** Set once the session is over as far as the protocol goes; the thread may then stop. */
  private finished = false;
  /** Above what the adapter uses for its own messages in any session. */
  private nextSeq = 0x4000_0000;

  constructor(script: string) {
    // Flags of the extension host are not all allowed in a worker, so it starts without them.
    this.worker = new Worker(script, { stdout: true, stderr: true, execArgv: [] });
    this.worker.on('message', (message: Message) => this.receive(message));
    this.worker.on('error', (error) => (this.reason ??= describe(error)));
    this.worker.on('exit', (code) => this.die(this.reason ?? `it ended with code ${code}`));
    this.worker.stdout.on('data', (data) => this.log.fire(String(data)));
    this.worker.stderr.on('data', (data) => this.log.fire(String(data)));
  }

  send(message: Message): void {
    if (this.state === 'dead') {
      if (message.type === 'request') this.refuse(message.seq, String(message['command']));
      return;
    }
    if (message.type === 'request') this.unanswered.set(message.seq, String(message['command']));
    this.worker.postMessage(message);
  }

  dispose(): void {
    if (this.state === 'alive') this.state = 'disposed';
    void this.worker.terminate();
  }

  private receive(message: Message): void {
    if (message.type === 'response') this.unanswered.delete(Number(message['request_seq']));
    this.finished ||= message['event'] === 'terminated' || message['command'] === 'disconnect';
    this.message.fire(message);
  }

  private die(reason: string): void {
    const expected = this.state === 'disposed' || this.finished;
    this.state = 'dead';
    this.reason ??= reason;
    if (!expected) this.crash.fire(this.reason);
    for (const [seq, command] of this.unanswered) this.refuse(seq, command);
    this.unanswered.clear();
    if (!expected) this.message.fire({ type: 'event', seq: this.nextSeq++, event: 'terminated' });
  }

  private refuse(requestSeq: number, command: string): void {
    const answered = command === 'disconnect' || command === 'terminate';
    this.message.fire({
      type: 'response',
      seq: this.nextSeq++,
      request_seq: requestSeq,
      command,
      success: answered,
      ...(answered ? {} : { message: `The debug adapter has ended: ${this.reason}` }),
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
