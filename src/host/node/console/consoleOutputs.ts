/**
 * All destinations of a guest's consoles together. Nothing that a guest wrote is dropped while a
 * destination cannot take it: it is held, and above a limit the guest's time stands still until
 * there is room again (`settled`). With no destination, bytes are dropped, as asked for.
 */
import path from 'node:path';
import type { ConsoleDestination } from '../../../core/machine/consoleDestination.ts';
import { openFileSink } from './fileSink.ts';
import type { ConsoleSink } from './sink.ts';

/** Bytes that a destination may lag behind before the guest waits for it. */
export const heldLimit = 1 << 20;
/** A guest that waits longer than this is worth a line. */
const patienceMilliseconds = 3000;

export interface ConsoleHost {
  /** Bytes that somebody typed at a destination that takes input. */
  input(bytes: Uint8Array): void;
  say(line: string): void;
}

export class ConsoleOutputs {
  private readonly host: ConsoleHost;
  private sinks: ConsoleSink[] = [];
  private waiting: (() => void)[] = [];

  private constructor(host: ConsoleHost) {
    this.host = host;
  }

  /**
   * Opens what is a file or a port; `terminal` gives the terminal's own sink, if there is one.
   * Relative paths start at `folder`. A `UserError` names the destination that cannot be opened.
   */
  static async open(
    destinations: readonly ConsoleDestination[],
    folder: string,
    host: ConsoleHost,
    terminal?: (drained: () => void) => ConsoleSink,
  ): Promise<ConsoleOutputs> {
    const outputs = new ConsoleOutputs(host);
    try {
      for (const destination of destinations) {
        const sink = await outputs.sinkFor(destination, folder, terminal);
        if (sink) outputs.sinks.push(sink);
      }
    } catch (error) {
      await outputs.close();
      throw error;
    }
    return outputs;
  }

  write(bytes: Uint8Array): void {
    for (const sink of this.sinks) sink.write(bytes);
  }

  /** Bytes that the slowest destination lags behind. */
  get held(): number {
    return Math.max(0, ...this.sinks.map((sink) => sink.held));
  }

  /** Until no destination lags behind by more than the limit; undefined when none does. */
  settled(): Promise<void> | undefined {
    if (this.held <= heldLimit) return undefined;
    const complaint = setTimeout(() => this.complain(), patienceMilliseconds);
    return new Promise<void>((resolve) => this.waiting.push(resolve)).finally(() =>
      clearTimeout(complaint),
    );
  }

  async close(): Promise<void> {
    const sinks = this.sinks;
    this.sinks = [];
    await Promise.all(sinks.map((sink) => sink.close()));
    this.drained();
  }

  private async sinkFor(
    destination: ConsoleDestination,
    folder: string,
    terminal: ((drained: () => void) => ConsoleSink) | undefined,
  ): Promise<ConsoleSink | undefined> {
    const host = { ...this.host, drained: () => this.drained() };
    switch (destination.kind) {
      case 'terminal':
        return terminal?.(host.drained);
      case 'none':
        return undefined;
      case 'file':
        return openFileSink(path.resolve(folder, destination.path), host);
      case 'tcp': {
        // Node's part of it takes milliseconds to read, and is seldom asked for.
        const { openTcpSink } = await import('./tcpSink.ts');
        return openTcpSink(destination, host);
      }
    }
  }

  private drained(): void {
    if (this.held > heldLimit) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private complain(): void {
    const slowest = this.sinks.find((sink) => sink.held > heldLimit);
    if (slowest) this.host.say(`console: the guest waits: ${slowest.reason}`);
  }
}
