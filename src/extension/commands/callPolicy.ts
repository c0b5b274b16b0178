/** *Show Call Policy…*: who answers which call of the guest, and another answer for a range of them. */
import * as vscode from 'vscode';
import type { CallAction, CallRow } from '../../adapter/protocol.ts';
import type { Guest, Sessions } from '../sessions.ts';

interface RowItem extends vscode.QuickPickItem {
  readonly row: CallRow;
}

interface ActionItem extends vscode.QuickPickItem {
  /** Undefined: as the launch says. */
  readonly action: CallAction | undefined;
}

export async function callPolicy(sessions: Sessions): Promise<void> {
  const guest = sessions.current;
  const { rows } = guest ? await sessions.request(guest, 'trapline/calls', {}) : { rows: [] };
  if (!guest || rows.length === 0) {
    void vscode.window.showInformationMessage(
      'No guest runs whose calls come to a hypervisor of ours.',
    );
    return;
  }
  const chosen = await vscode.window.showQuickPick(rows.map(itemOf), {
    title: 'Who answers which call',
    placeHolder: 'The first row that matches a call counts. Choose one to change it.',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen) await change(sessions, guest, chosen.row);
}

async function change(sessions: Sessions, guest: Guest, row: CallRow): Promise<void> {
  const chosen = await vscode.window.showQuickPick(actions, {
    title: callsText(row),
    placeHolder: `Now: ${row.action}, by ${row.source}. A change lasts until the guest is restarted.`,
  });
  if (!chosen) return;
  const { extension, function: fn } = row;
  await sessions.request(guest, 'trapline/setCalls', {
    extension,
    ...(fn === undefined ? {} : { function: fn }),
    ...(chosen.action === undefined ? {} : { action: chosen.action }),
  });
}

const actions: readonly ActionItem[] = [
  { label: 'handle', description: 'the hypervisor answers', action: 'handle' },
  { label: 'forward', description: 'a handler or a console answers', action: 'forward' },
  { label: 'deny', description: 'the guest is told that it is not supported', action: 'deny' },
  { label: 'break', description: 'the debugger stops before it', action: 'break' },
  { label: 'As launched', description: 'take back what was changed here', action: undefined },
];

function itemOf(row: CallRow): RowItem {
  const who = row.answeredBy === row.action ? '' : ` · ${row.answeredBy}`;
  return {
    label: callsText(row),
    description: `${row.action}${who}`,
    detail: { debugger: 'changed here', user: 'launch.json', default: '' }[row.source],
    row,
  };
}

function callsText({ name, extension, function: fn }: CallRow): string {
  const range = rangeText(extension);
  const calls = name === '' ? range : `${name} (${range})`;
  return fn ? `${calls} function ${rangeText(fn)}` : calls;
}

function rangeText([first, last]: readonly [number, number]): string {
  const hex = (id: number): string => `0x${id.toString(16)}`;
  return first === last ? hex(first) : `${hex(first)}–${hex(last)}`;
}
