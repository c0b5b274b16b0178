/**
 * Tells the user of a call that waits for their answer, with what they can do about it at hand, and
 * lets the toolbar know that there is one.
 */
import * as vscode from 'vscode';
import { answerCall } from './commands/answerCall.ts';
import type { CallWaiting, Sessions } from './sessions.ts';

const contextKey = 'trapline.callWaiting';

export class CallPrompt implements vscode.Disposable {
  private readonly sessions: Sessions;
  private readonly subscriptions: vscode.Disposable[];
  private waiting: CallWaiting | undefined;

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.subscriptions = [
      sessions.onCallWaiting((waiting) => void this.tell(waiting)),
      sessions.onChange(() => this.forget()),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async tell(waiting: CallWaiting): Promise<void> {
    this.waiting = waiting;
    await vscode.commands.executeCommand('setContext', contextKey, true);
    const { call } = waiting;
    const why = {
      break: 'waits: a rule says break.',
      unanswered: 'has nobody to answer it.',
      failed: 'has a handler that failed.',
      pending: 'has a handler that is still at work.',
    }[call.why];
    const chosen = await vscode.window.showInformationMessage(`${call.text} ${why}`, 'Answer…');
    // The guest may have gone on meanwhile.
    if (chosen !== undefined && this.waiting === waiting) await answerCall(this.sessions);
  }

  private forget(): void {
    if (!this.waiting || this.waiting.guest.state === 'stopped') return;
    this.waiting = undefined;
    void vscode.commands.executeCommand('setContext', contextKey, false);
  }
}
