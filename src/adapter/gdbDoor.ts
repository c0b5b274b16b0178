/**
 * `gdbPort`: gdb, lldb or the like beside the editor, on the session's own machine. Each side's
 * stops and doings reach the other; the port stays open over restarts of the guest.
 */
import { OutputEvent, TerminatedEvent, type Event } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { SharedTarget } from '../core/debug/sharedTarget.ts';
import type { StopEvent } from '../core/debug/target.ts';
import { GdbServer } from '../gdb/server.ts';
import { hex, type Guest } from './guest.ts';

/** What of a session the other debugger gets at. */
export interface GdbSession {
  /** Tells the client that the guest goes, then has it go. */
  goOn(go: () => Promise<void>): Promise<void>;
  changed(memory?: DebugProtocol.MemoryEvent['body']): void;
  /** The guest from its beginning, standing there. */
  standAtEntry(): Promise<void>;
  end(): Promise<void>;
  sendEvent(event: Event): void;
}

export class GdbDoor {
  private readonly session: GdbSession;
  private readonly shared: SharedTarget;
  private server: GdbServer | undefined;

  constructor(session: GdbSession) {
    this.session = session;
    this.shared = new SharedTarget({
      resume: (go) => session.goOn(go),
      changed: () => session.changed(),
      wrote: (address, count) => {
        session.changed({ memoryReference: hex(address), offset: 0, count });
      },
      restart: () => session.standAtEntry(),
    });
  }

  /** The guest as the session has it: with a port, another debugger may have it too. */
  async share(guest: Guest, port: number | undefined): Promise<Guest> {
    if (port === undefined) return guest;
    const target = await this.shared.join(guest.target);
    this.server ??= await this.open(guest, port);
    return { ...guest, target };
  }

  /** The client was told of a stop. */
  shown(stop: StopEvent): void {
    if (this.server) this.shared.shown(stop);
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await server?.close();
  }

  private async open({ isa }: Guest, port: number): Promise<GdbServer> {
    const { session } = this;
    const say = (text: string) => session.sendEvent(new OutputEvent(`${text}\n`, 'console'));
    const server = await GdbServer.listen({
      target: this.shared.other,
      isa,
      port,
      kill: async () => {
        // The answer goes out before the connection does.
        setImmediate(() => {
          void session.end().then(() => session.sendEvent(new TerminatedEvent()));
        });
      },
      log: say,
      attached: (is) => say(is ? 'gdb: a debugger has attached' : 'gdb: the debugger has gone'),
    });
    say(`gdb: target remote 127.0.0.1:${server.port}`);
    return server;
  }
}
