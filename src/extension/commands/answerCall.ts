/** *Answer Call…*: what the guest is given for the call that it stands at, picked from a list. */
import * as vscode from 'vscode';
import type { WaitingCallBody } from '../../adapter/protocol.ts';
import type { Guest, Sessions } from '../sessions.ts';

interface Choice extends vscode.QuickPickItem {
  /** What typing it into the debug console would be; undefined: the user has thought better of it. */
  readonly command: () => Promise<string | undefined> | string | undefined;
}

export async function answerCall(sessions: Sessions): Promise<void> {
  const guest = sessions.current;
  const { call } = guest ? await sessions.request(guest, 'trapline/call', {}) : {};
  if (!guest || !call) {
    void vscode.window.showInformationMessage(
      'The guest stands at no call that waits for an answer.',
    );
    return;
  }
  const chosen = await vscode.window.showQuickPick(choices(call, sessions, guest), {
    title: call.text,
    placeHolder: 'What the guest is given; values are numbers or expressions such as $a0 * 2',
    matchOnDescription: true,
  });
  const command = await chosen?.command();
  if (command === undefined) return;
  try {
    await guest.session.customRequest('evaluate', { expression: command, context: 'repl' });
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

function choices(call: WaitingCallBody, sessions: Sessions, guest: Guest): Choice[] {
  const { Separator } = vscode.QuickPickItemKind;
  return [
    {
      label: '$(reply) Answer with a value…',
      description: 'success',
      command: async () => commandFor(await ask(`The value that ${call.text} returns`)),
    },
    {
      label: '$(circle-slash) Deny',
      description: 'the guest is told that the call is not supported',
      command: () => 'deny',
    },
    {
      label: '$(circle-slash) Deny from now on',
      description: 'this function of the extension, until the guest is restarted',
      command: async () => {
        await sessions.request(guest, 'trapline/setCalls', {
          extension: [call.extension, call.extension],
          function: [call.function, call.function],
          action: 'deny',
        });
        return 'deny';
      },
    },
    {
      label: '$(debug-continue) Continue',
      description: continuing[call.why],
      command: async () => {
        await vscode.commands.executeCommand('workbench.action.debug.continue');
        return undefined;
      },
    },
    {
      label: '$(edit) Write a handler…',
      description: 'a function that answers this call from now on',
      command: async () => {
        await vscode.commands.executeCommand('trapline.createHandlers');
        return undefined;
      },
    },
    { label: 'Return an error', kind: Separator, command: () => undefined },
    ...call.errors
      .filter(({ code }) => code !== '0')
      .map(({ name, code }) => ({
        label: `$(error) ${name}`,
        description: code,
        command: () => `answer error=${name}`,
      })),
  ];
}

const continuing: Readonly<Record<WaitingCallBody['why'], string>> = {
  break: 'have it made, as if there were no rule',
  unanswered: 'the guest is told that the call is not supported; no more stops for this function',
  failed: 'ask the handler again',
  pending: 'wait on for the handler',
};

function ask(prompt: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({ prompt, value: '0', ignoreFocusOut: true });
}

/** The console's words are parted by spaces, so an expression has none. */
function commandFor(value: string | undefined): string | undefined {
  return value === undefined ? undefined : `answer value=${value.replaceAll(/\s+/g, '')}`;
}
