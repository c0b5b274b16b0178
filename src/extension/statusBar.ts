/** The status bar item: present once a folder has an image or a guest runs, it says what runs. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { Guest, Sessions } from './sessions.ts';

export class StatusBar implements vscode.Disposable {
  private readonly sessions: Sessions;
  private readonly item: vscode.StatusBarItem;
  private readonly subscription: vscode.Disposable;
  private folderHasImage = false;

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.item = vscode.window.createStatusBarItem(
      'trapline.status',
      vscode.StatusBarAlignment.Left,
    );
    this.item.name = 'Trapline';
    this.subscription = sessions.onChange(() => this.update());
  }

  /** The folder has an image: the item stays also while nothing runs. */
  offer(): void {
    this.folderHasImage = true;
    this.update();
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }

  private update(): void {
    const guest = this.sessions.current;
    if (!guest && !this.folderHasImage) {
      this.item.hide();
      return;
    }
    const { text, tooltip, command } = guest ? forGuest(guest) : idle;
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.command = command;
    this.item.accessibilityInformation = { label: tooltip, role: 'button' };
    this.item.show();
  }
}

interface Appearance {
  readonly text: string;
  readonly tooltip: string;
  readonly command: string;
}

const idle: Appearance = {
  text: '$(circuit-board) Trapline',
  tooltip: 'Trapline: run an image',
  command: 'trapline.runImage',
};

function forGuest(guest: Guest): Appearance {
  const program = path.basename(
    guest.info?.program ?? String(guest.session.configuration['program'] ?? ''),
  );
  const mode = guest.info ? `${guest.info.mode} mode` : 'loading';
  return {
    text: `$(circuit-board) Trapline: ${mode}, ${guest.state}`,
    tooltip: `Trapline: ${program}, ${mode}, ${guest.state}. Show its console`,
    command: 'trapline.showConsole',
  };
}
