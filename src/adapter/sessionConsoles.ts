/**
 * What the guest of a session writes to its consoles on its way to the client and to files and
 * ports, and what comes back from ports. Files and ports stay open over a restart.
 */
import type { ConsoleEvent } from '../core/debug/target.ts';
import { ConsoleOutputs } from '../host/node/console/consoleOutputs.ts';
import type { Guest } from './guest.ts';
import type { LaunchRequest } from './launch.ts';

export interface ConsoleClient {
  /** Bytes for the client's terminal of that console. */
  show(console: string, bytes: Uint8Array): void;
  say(line: string): void;
  failed(error: unknown): void;
}

/** What of a guest its consoles are. */
type ConsoleGuest = Pick<Guest, 'info' | 'target'>;

export class SessionConsoles {
  private readonly client: ConsoleClient;
  private outputs: ConsoleOutputs | undefined;
  /** The destinations that are open, to see whether a restart wants others. */
  private opened = '';
  private terminal = false;
  private guest: ConsoleGuest | undefined;
  /** Who wrote last gets what comes from a port. */
  private speaker: string | undefined;

  constructor(client: ConsoleClient) {
    this.client = client;
  }

  /** Opens what the launch names. A `UserError` says what cannot be opened. */
  async open({ consoles, cwd }: Pick<LaunchRequest, 'consoles' | 'cwd'>): Promise<void> {
    this.terminal = consoles.some(({ kind }) => kind === 'terminal');
    const wanted = JSON.stringify([consoles, cwd]);
    if (this.outputs && wanted === this.opened) return;
    await this.close();
    this.outputs = await ConsoleOutputs.open(consoles, cwd, {
      input: (bytes) => this.input(bytes),
      say: (line) => this.client.say(line),
    });
    this.opened = wanted;
  }

  attach(guest: ConsoleGuest): void {
    this.guest = guest;
    this.speaker = guest.info.consoles[0];
  }

  /** Passes on what a guest wrote, and tells it when that has arrived. */
  write(guest: ConsoleGuest, { console, bytes }: ConsoleEvent): void {
    this.speaker = console;
    this.outputs?.write(bytes);
    if (this.terminal) this.client.show(console, bytes);
    const taken = (): Promise<void> => guest.target.consoleTaken(bytes.length);
    const settled = this.outputs?.settled();
    // A machine that has gone meanwhile waits for nothing.
    (settled ? settled.then(taken) : taken()).catch(() => undefined);
  }

  async close(): Promise<void> {
    const { outputs } = this;
    this.outputs = undefined;
    await outputs?.close();
  }

  /** What somebody types, for the console that wrote last. */
  input(bytes: Uint8Array): void {
    const { guest, speaker } = this;
    if (!guest || speaker === undefined) return;
    guest.target.feedConsole(speaker, bytes).catch((error: unknown) => this.client.failed(error));
  }
}
