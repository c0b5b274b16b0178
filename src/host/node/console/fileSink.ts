/**
 * Console output in a file. A write that fails (a full disk, say) is tried again until it succeeds:
 * meanwhile the bytes are held, and the guest waits.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { UserError } from '../../../core/base/userError.ts';
import type { ConsoleSink, SinkHost } from './sink.ts';

const retryMilliseconds = 500;

export type WriteBytes = (file: number, bytes: Uint8Array) => number;

/** Throws a `UserError` naming the file when it cannot be opened for writing; empties it. */
export function openFileSink(
  path: string,
  host: SinkHost,
  write: WriteBytes = writeSync,
): ConsoleSink {
  return new FileSink(path, host, write);
}

class FileSink implements ConsoleSink {
  private readonly path: string;
  private readonly host: SinkHost;
  private readonly writeBytes: WriteBytes;
  private readonly file: number;
  private waiting: Uint8Array[] = [];
  private failure: string | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(path: string, host: SinkHost, write: WriteBytes) {
    this.path = path;
    this.host = host;
    this.writeBytes = write;
    try {
      this.file = openSync(path, 'w');
    } catch (error) {
      const why = (error as Error).message;
      throw new UserError(`console: cannot write '${path}': ${why}`, 'console');
    }
  }

  get held(): number {
    return this.waiting.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  get reason(): string {
    return `'${this.path}' cannot be written: ${this.failure ?? 'not tried yet'}`;
  }

  write(bytes: Uint8Array): void {
    this.waiting.push(bytes);
    if (this.retry === undefined) this.writeOut();
  }

  async close(): Promise<void> {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.writeOut();
    clearTimeout(this.retry);
    closeSync(this.file);
    if (this.held > 0) this.host.say(`console: ${this.held} bytes are lost; ${this.reason}`);
  }

  private writeOut(): void {
    const before = this.waiting.length;
    try {
      this.writeWaiting();
      this.failure = undefined;
    } catch (error) {
      const why = (error as Error).message;
      if (this.failure === undefined) {
        this.host.say(`console: cannot write '${this.path}': ${why}; the bytes are kept`);
      }
      this.failure = why;
      this.retry = setTimeout(() => {
        this.retry = undefined;
        this.writeOut();
      }, retryMilliseconds);
    }
    if (before > 0 && this.waiting.length === 0) this.host.drained();
  }

  /** A write may take less than it is given. */
  private writeWaiting(): void {
    for (;;) {
      const bytes = this.waiting[0];
      if (!bytes) return;
      const written = this.writeBytes(this.file, bytes);
      if (written < bytes.length) this.waiting[0] = bytes.subarray(written);
      else this.waiting.shift();
    }
  }
}
