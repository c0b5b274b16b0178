/** One debug session as VS Code's API shows it: what the adapter sent, and what a test waits for. */
import * as vscode from 'vscode';

export interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: Record<string, unknown>;
}

const patience = 20_000;

/** Records every message of the Trapline sessions that start after it was made. */
export class Recorder implements vscode.Disposable {
  readonly messages: Message[] = [];
  private readonly registration: vscode.Disposable;
  private readonly arrived = new vscode.EventEmitter<void>();

  constructor() {
    this.registration = vscode.debug.registerDebugAdapterTrackerFactory('trapline', {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: Message) => {
          this.messages.push(message);
          this.arrived.fire();
        },
      }),
    });
  }

  dispose(): void {
    this.registration.dispose();
    this.arrived.dispose();
  }

  /** What the guest wrote to its consoles so far. */
  get consoleText(): string {
    return this.messages
      .filter((message) => message.event === 'trapline/console')
      .map((message) => Buffer.from(String(message.body?.data), 'base64').toString('latin1'))
      .join('');
  }

  async until(what: string, reached: () => boolean): Promise<void> {
    const end = Date.now() + patience;
    while (!reached()) {
      if (Date.now() > end) {
        throw new Error(`no ${what}, but ${JSON.stringify(this.messages.slice(-20), null, 1)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 200);
        const subscription = this.arrived.event(done);
        function done(): void {
          clearTimeout(timer);
          subscription.dispose();
          resolve();
        }
      });
    }
  }

  untilConsole(text: string): Promise<void> {
    return this.until(`'${text}' on the console`, () => this.consoleText.includes(text));
  }

  /** The body of the n-th event of a name, counted from 0. */
  async event(name: string, index = 0): Promise<Record<string, unknown>> {
    const matching = () => this.messages.filter((message) => message.event === name);
    await this.until(`event ${name}`, () => matching().length > index);
    return matching()[index]?.body ?? {};
  }
}

export function folder(): vscode.WorkspaceFolder {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  if (!first) throw new Error('no folder is open');
  return first;
}

/** A configuration for one of the samples. */
export function configuration(
  program: string,
  more: Record<string, unknown> = {},
): vscode.DebugConfiguration {
  return {
    name: program,
    type: 'trapline',
    request: 'launch',
    program: `\${workspaceFolder}/${program}`,
    ...more,
  };
}

export async function stop(): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    const subscription = vscode.debug.onDidTerminateDebugSession(() => {
      subscription.dispose();
      resolve();
    });
  });
  if (!vscode.debug.activeDebugSession) return;
  await vscode.debug.stopDebugging();
  await ended;
}
