/**
 * Gives VS Code the debug adapter of a session: a worker thread behind an inline adapter. What
 * the thread prints besides protocol goes to the log; its death is told to the user once.
 */
import * as vscode from 'vscode';
import type { Log } from './log.ts';
import { WorkerRelay, type Message } from './workerRelay.ts';

export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  private readonly script: string;
  private readonly log: Log;

  constructor(script: string, log: Log) {
    this.script = script;
    this.log = log;
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const relay = new WorkerRelay(this.script);
    relay.log.on((text) => this.log.info(text.trimEnd()));
    relay.crash.on((reason) => {
      this.log.error(`${session.name}: the debug adapter died: ${reason}`);
      void this.reportCrash(session.name, reason);
    });
    return new vscode.DebugAdapterInlineImplementation(new InlineAdapter(relay));
  }

  private async reportCrash(name: string, reason: string): Promise<void> {
    const showLog = 'Show Log';
    const choice = await vscode.window.showErrorMessage(
      `Trapline: the debug adapter of “${name}” died and the session ended. ${reason}`,
      showLog,
    );
    if (choice === showLog) this.log.show();
  }
}

class InlineAdapter implements vscode.DebugAdapter {
  private readonly relay: WorkerRelay;
  private readonly sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  readonly onDidSendMessage = this.sent.event;

  constructor(relay: WorkerRelay) {
    this.relay = relay;
    relay.message.on((message) => this.sent.fire(message));
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    this.relay.send(message as Message);
  }

  dispose(): void {
    this.relay.dispose();
  }
}
