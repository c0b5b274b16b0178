/**
 * The Trapline debug sessions of this window and what each is doing, learnt from the messages
 * between VS Code and the adapter. Consoles, views and the status bar ask here and nowhere else;
 * this knows none of them.
 */
import * as vscode from 'vscode';
import type { CustomEvents, CustomRequests, InfoBody } from '../adapter/protocol.ts';
import { SessionProgress, type GuestState } from './sessionProgress.ts';

export const debugType = 'trapline';

/** One debug session and the guest that it runs. */
export interface Guest {
  readonly session: vscode.DebugSession;
  readonly state: GuestState;
  /** Known from the moment that the machine exists. */
  readonly info: InfoBody | undefined;
  /** Known once the guest has ended by itself. */
  readonly exitCode: number | undefined;
  /** Why it ended, in words, where the adapter said so. */
  readonly endText: string;
}

export class Sessions implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  private readonly guests = new Map<string, MutableGuest>();
  private readonly ready = new vscode.EventEmitter<Guest>();
  private readonly console = new vscode.EventEmitter<ConsoleOutput>();
  private readonly call = new vscode.EventEmitter<CallWaiting>();
  private readonly timing = new vscode.EventEmitter<CustomEvents['trapline/timing']>();
  private readonly change = new vscode.EventEmitter<void>();
  private readonly end = new vscode.EventEmitter<Guest>();
  private readonly subscriptions: vscode.Disposable[];

  /** The machine of a session exists. */
  readonly onReady = this.ready.event;
  readonly onConsole = this.console.event;
  /** A guest has stopped at a call that waits for an answer. */
  readonly onCallWaiting = this.call.event;
  readonly onTiming = this.timing.event;
  /** Something that a view may show differs: the guest stopped, ran, was written to, was selected. */
  readonly onChange = this.change.event;
  readonly onEnd = this.end.event;

  constructor() {
    const changed = (): void => this.change.fire();
    this.subscriptions = [
      vscode.debug.onDidChangeActiveDebugSession(changed),
      vscode.debug.onDidChangeActiveStackItem(changed),
      vscode.debug.onDidTerminateDebugSession((session) => this.finish(session.id)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** The guest that the user looks at: the active session's, else the last that was started. */
  get current(): Guest | undefined {
    const active = vscode.debug.activeDebugSession;
    return (active && this.guests.get(active.id)) ?? [...this.guests.values()].at(-1);
  }

  /** The hart of the thread or frame that is selected in the call stack. */
  get currentHart(): number {
    const item = vscode.debug.activeStackItem;
    if (!item || item.session.id !== this.current?.session.id) return 0;
    return hartOfThread(item.threadId);
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const guest = new MutableGuest(session);
    this.guests.set(session.id, guest);
    return {
      onWillReceiveMessage: (message) => {
        if (guest.progress.request(message)) this.change.fire();
      },
      onDidSendMessage: (message) => this.receive(guest, message),
      onWillStopSession: () => this.finish(session.id),
    };
  }

  /** One of our custom requests; fails with the adapter's message. */
  async request<Name extends keyof CustomRequests>(
    guest: Guest,
    name: Name,
    args: CustomRequests[Name]['arguments'],
  ): Promise<CustomRequests[Name]['body']> {
    return (await guest.session.customRequest(name, args)) as CustomRequests[Name]['body'];
  }

  private receive(guest: MutableGuest, message: DapMessage): void {
    if (message.type === 'event' && message.event?.startsWith('trapline/')) {
      this.receiveOwn(guest, message);
      return;
    }
    if (guest.progress.receive(message)) this.change.fire();
    if (guest.state === 'ended') this.finish(guest.session.id);
  }

  private receiveOwn(guest: MutableGuest, message: DapMessage): void {
    switch (message.event) {
      case 'trapline/ready':
        guest.info = message.body as InfoBody;
        this.ready.fire(guest);
        this.change.fire();
        return;
      case 'trapline/console':
        this.console.fire({ guest, ...(message.body as CustomEvents['trapline/console']) });
        return;
      case 'trapline/callWaiting':
        this.call.fire({ guest, ...(message.body as CustomEvents['trapline/callWaiting']) });
        return;
      case 'trapline/timing':
        this.timing.fire(message.body as CustomEvents['trapline/timing']);
        return;
    }
  }

  private finish(id: string): void {
    const guest = this.guests.get(id);
    if (!guest) return;
    this.guests.delete(id);
    guest.progress.end();
    this.end.fire(guest);
    this.change.fire();
  }
}

export interface CallWaiting {
  readonly guest: Guest;
  readonly call: CustomEvents['trapline/callWaiting']['call'];
}

export interface ConsoleOutput {
  readonly guest: Guest;
  readonly console: string;
  /** Bytes in base64. */
  readonly data: string;
}

interface DapMessage {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly body?: unknown;
}

class MutableGuest implements Guest {
  readonly session: vscode.DebugSession;
  readonly progress = new SessionProgress();
  info: InfoBody | undefined;

  constructor(session: vscode.DebugSession) {
    this.session = session;
  }

  get state(): GuestState {
    return this.progress.state;
  }

  get exitCode(): number | undefined {
    return this.progress.exitCode;
  }

  get endText(): string {
    return this.progress.endText;
  }
}

/** Thread ids of DAP start at one: zero means none to some clients. */
function hartOfThread(threadId: number): number {
  return Math.max(0, threadId - 1);
}
