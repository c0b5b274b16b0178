/**
 * Every exit of a session's guest as lines of JSON in a file, as `trapline run --trace exits
 * --trace-format json` writes them, with the source line where there is one. The guest waits when
 * the file cannot take them as fast.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { UserError } from '../core/base/userError.ts';
import type { DebugTarget, ExitRecord } from '../core/debug/target.ts';
import { exitJson } from './exitJson.ts';
import type { ExitRow } from './protocol.ts';

interface Open {
  readonly file: string;
  readonly stream: WriteStream;
  count: number;
}

export class ExitRecording {
  private readonly say: (line: string) => void;
  private open: Open | undefined;
  private closed: Promise<void> = Promise.resolve();

  constructor(say: (line: string) => void) {
    this.say = say;
  }

  get file(): string | undefined {
    return this.open?.file;
  }

  /** Begins a new file. A `UserError` says why it cannot be written. */
  async start(file: string): Promise<void> {
    await this.stop();
    const stream = createWriteStream(file);
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', (error) =>
        reject(new UserError(`exits cannot be written to '${file}': ${error.message}`, file)),
      );
    });
    const open: Open = { file, stream, count: 0 };
    stream.on('error', (error) => {
      if (this.open !== open) return;
      this.open = undefined;
      this.say(`exits are recorded no more: ${error.message}`);
    });
    this.open = open;
  }

  /** Takes what the guest has handed over; it goes on once that is written, or cannot be. */
  take(
    target: DebugTarget,
    records: readonly ExitRecord[],
    row: (one: ExitRecord) => ExitRow,
  ): void {
    const taken = (): void => void target.exitsTaken(records.length).catch(() => undefined);
    const { open } = this;
    if (!open) return taken();
    open.count += records.length;
    open.stream.write(records.map((record) => `${exitJson(row(record))}\n`).join(''), taken);
  }

  async stop(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    if (open) this.closed = this.finish(open);
    // Also when somebody else has asked for it.
    await this.closed;
  }

  private async finish({ stream, count, file }: Open): Promise<void> {
    await new Promise<void>((resolve) => stream.end(() => resolve()));
    this.say(`${count} exits are in ${file}`);
  }
}
