/**
 * Between a guest's consoles and the person or script outside: where output goes, and which
 * console gets what is typed. Bytes pass through unchanged in both directions.
 */
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ConsoleChannel } from '../core/base/console.ts';
import { UserError } from '../core/base/userError.ts';
import { UsageError } from './options.ts';

/** Where console output goes, parsed from one `--console`. */
export type ConsoleDestination =
  | { readonly kind: 'terminal' }
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'tcp'; readonly port: number };

export function parseDestination(text: string): ConsoleDestination {
  if (text === 'terminal' || text === 'none') return { kind: text };
  const [, kind, rest = ''] = /^(file|tcp):(.+)$/.exec(text) ?? [];
  if (kind === 'file') return { kind, path: rest };
  const port = Number(rest);
  if (kind === 'tcp' && Number.isInteger(port) && port >= 0 && port < 65536) return { kind, port };
  throw new UsageError(`--console wants terminal, none, file:PATH or tcp:PORT, not '${text}'`);
}

const ctrlA = 0x01;
const quitKeys = [0x78, 0x58];

/** Whether standard input is a person at a terminal. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true;
}

export class Consoles {
  /** Set by the user's Ctrl-A x. */
  quit = false;
  /** No input can come any more. */
  inputEnded = true;

  private readonly channels: readonly ConsoleChannel[];
  /** Who wrote last gets what is typed; before anyone wrote, what is typed waits. */
  private current: ConsoleChannel | undefined;
  private waiting: Uint8Array[] = [];
  private wake: (() => void) | undefined;
  private escape = false;
  private readonly closers: (() => void)[] = [];

  constructor(channels: readonly ConsoleChannel[]) {
    this.channels = channels;
  }

  async open(destinations: readonly ConsoleDestination[]): Promise<void> {
    for (const destination of destinations) {
      const write = await this.sink(destination);
      if (!write) continue;
      for (const channel of this.channels) channel.output.on(write);
    }
    for (const channel of this.channels) {
      channel.output.on(() => {
        this.current = channel;
        this.deliver();
      });
    }
    if (destinations.some(({ kind }) => kind === 'terminal')) this.openStandardInput();
  }

  close(): void {
    for (const close of this.closers.splice(0)) close();
  }

  flush(): void {
    for (const channel of this.channels) channel.flush();
  }

  /** Called when the guest stands still: whoever is first gets what nobody has asked for by writing. */
  deliverToAnyone(): boolean {
    this.current ??= this.channels[0];
    return this.deliver();
  }

  /** Until a byte came, input ended or the user quit. */
  untilInput(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private deliver(): boolean {
    if (!this.current || this.waiting.length === 0) return false;
    for (const bytes of this.waiting.splice(0)) this.current.feed(bytes);
    return true;
  }

  private async sink(
    destination: ConsoleDestination,
  ): Promise<((bytes: Uint8Array) => void) | undefined> {
    switch (destination.kind) {
      case 'terminal':
        return (bytes) => void process.stdout.write(bytes);
      case 'none':
        return undefined;
      case 'file':
        return this.fileSink(destination.path);
      case 'tcp':
        return this.tcpSink(destination.port);
    }
  }

  private fileSink(path: string): (bytes: Uint8Array) => void {
    const file = openForWriting(path, '--console');
    this.closers.push(() => closeSync(file));
    return (bytes) => void writeSync(file, bytes);
  }

  /** One listener on the loopback; every client sees the output and may type. */
  private async tcpSink(port: number): Promise<(bytes: Uint8Array) => void> {
    const clients = new Set<Socket>();
    const server = createServer((socket) => {
      clients.add(socket);
      socket.on('data', (bytes) => this.receive(bytes));
      socket.on('close', () => clients.delete(socket));
      // A client that breaks off is no more than a client that leaves.
      socket.on('error', () => clients.delete(socket));
    });
    await listen(server, port);
    this.inputEnded = false;
    this.closers.push(() => {
      for (const client of clients) client.end();
      server.close();
    });
    return (bytes) => {
      for (const client of clients) client.write(bytes);
    };
  }

  private openStandardInput(): void {
    const { stdin } = process;
    if (isInteractive()) {
      stdin.setRawMode(true);
      this.closers.push(() => stdin.setRawMode(false));
    } else if (isRegularFile(0)) {
      // A file is all there before the guest starts: when it gets the bytes does not depend on
      // how fast we read, and two runs are equal.
      this.receive(readFileSync(0));
      return;
    }
    this.inputEnded = false;
    stdin.on('data', (bytes: Buffer) => this.receive(isInteractive() ? this.keys(bytes) : bytes));
    stdin.on('end', () => {
      this.inputEnded = true;
      this.wakeUp();
    });
    this.closers.push(() => stdin.pause());
  }

  /** Takes Ctrl-A x (quit) and Ctrl-A Ctrl-A (a Ctrl-A for the guest) out of what is typed. */
  private keys(bytes: Uint8Array): Uint8Array {
    const kept: number[] = [];
    for (const byte of bytes) {
      if (this.escape) {
        this.escape = false;
        if (quitKeys.includes(byte)) this.quit = true;
        else kept.push(...(byte === ctrlA ? [ctrlA] : [ctrlA, byte]));
      } else if (byte === ctrlA) {
        this.escape = true;
      } else {
        kept.push(byte);
      }
    }
    return Uint8Array.from(kept);
  }

  private receive(bytes: Uint8Array): void {
    if (bytes.length > 0) this.waiting.push(bytes);
    this.deliver();
    this.wakeUp();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = undefined;
  }
}

/** A file that an option names, emptied. */
export function openForWriting(path: string, option: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UserError(`${option}: cannot write '${path}': ${(error as Error).message}`, option);
  }
}

function isRegularFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    // Standard input may be closed altogether, which is no error of anyone.
    return false;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new UserError(`--console: cannot listen on port ${port}: ${error.message}`, 'console'),
      );
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const actual = typeof address === 'object' && address ? address.port : port;
      process.stderr.write(`trapline: console on 127.0.0.1:${actual}\n`);
      resolve();
    });
  });
}
