/**
 * One terminal per guest console, named `<program> · <console>`. A terminal outlives its session:
 * it keeps its text after the guest ends and the next session of the same program goes on in it.
 * The first console opens with the machine, a further one with its first byte, so that a UART
 * which the guest never touches does not clutter the panel.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { consoleTitle, ConsoleText, endNote, noteLine, wantsTerminal } from './consoleText.ts';
import type { Guest, Sessions } from './sessions.ts';

export class GuestConsoles implements vscode.Disposable {
  private readonly sessions: Sessions;
  private readonly consoles = new Map<string, GuestConsole>();
  /** Sessions whose user has been shown a console that says something. */
  private readonly speaking = new Set<string>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.subscriptions = [
      sessions.onReady((guest) => this.open(guest)),
      sessions.onConsole(({ guest, console, data }) => this.write(guest, console, data)),
      sessions.onEnd((guest) => this.end(guest)),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    for (const console of this.consoles.values()) console.dispose();
  }

  /** Shows a console of the current guest, asking which when there are several. */
  async show(): Promise<void> {
    const guest = this.sessions.current;
    const names = guest?.info?.consoles ?? [];
    if (!guest || names.length === 0) {
      void vscode.window.showInformationMessage('Trapline: no guest is running.');
      return;
    }
    const placeHolder = 'Console to show';
    const name =
      names.length === 1
        ? names[0]
        : await vscode.window.showQuickPick([...names], { placeHolder });
    if (name !== undefined) this.attach(guest, name).show(false);
  }

  private open(guest: Guest): void {
    if (!wantsTerminal(guest.session.configuration['console'])) return;
    this.speaking.delete(guest.session.id);
    const [first] = guest.info?.consoles ?? [];
    for (const name of guest.info?.consoles ?? []) {
      const existing = this.consoles.get(keyOf(guest, name));
      existing?.startAnew();
      if (name === first || existing) this.attach(guest, name);
    }
    if (first !== undefined) this.attach(guest, first).show(true);
  }

  private write(guest: Guest, name: string, data: string): void {
    if (!wantsTerminal(guest.session.configuration['console'])) return;
    const console = this.attach(guest, name);
    console.write(data);
    if (this.speaking.has(guest.session.id)) return;
    this.speaking.add(guest.session.id);
    console.show(true);
  }

  private end(guest: Guest): void {
    this.speaking.delete(guest.session.id);
    const note = endNote(guest.exitCode, guest.endText);
    for (const console of this.consoles.values()) console.detach(guest.session.id, note);
  }

  private attach(guest: Guest, name: string): GuestConsole {
    const key = keyOf(guest, name);
    let console = this.consoles.get(key);
    if (!console) {
      console = new GuestConsole(titleOf(guest, name), () => this.consoles.delete(key));
      this.consoles.set(key, console);
    }
    console.attach(guest.session.id, (text) => {
      // A session that is ending no longer takes input; there is nothing to tell the user then.
      this.sessions
        .request(guest, 'trapline/consoleInput', { console: name, text })
        .catch(() => undefined);
    });
    return console;
  }
}

/** A terminal and the session, if any, whose guest it belongs to now. */
class GuestConsole implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.written.event;

  private readonly terminal: vscode.Terminal;
  private readonly closed: () => void;
  private text = new ConsoleText();
  private session: string | undefined;
  private input: ((text: string) => void) | undefined;
  private used = false;
  /** What came before the terminal was ready to take it. */
  private early: string | undefined = '';

  constructor(name: string, closed: () => void) {
    this.closed = closed;
    this.terminal = vscode.window.createTerminal({
      name,
      pty: this,
      iconPath: new vscode.ThemeIcon('circuit-board'),
      isTransient: true,
    });
  }

  attach(session: string, input: (text: string) => void): void {
    this.input = input;
    if (this.session === session) return;
    if (this.used) this.put(noteLine('guest started', this.text.insideLine));
    this.session = session;
    this.used = true;
    this.text = new ConsoleText();
  }

  /** The next to attach is another guest, even when a restart gives it the same session. */
  startAnew(): void {
    this.session = undefined;
  }

  detach(session: string, note: string): void {
    if (this.session !== session) return;
    this.put(this.text.end() + noteLine(note, this.text.insideLine));
    this.text = new ConsoleText();
    this.session = undefined;
    this.input = undefined;
  }

  write(data: string): void {
    this.put(this.text.decode(data));
  }

  show(preserveFocus: boolean): void {
    this.terminal.show(preserveFocus);
  }

  dispose(): void {
    this.terminal.dispose();
  }

  open(): void {
    const early = this.early;
    this.early = undefined;
    if (early) this.written.fire(early);
  }

  close(): void {
    this.closed();
  }

  handleInput(text: string): void {
    this.input?.(text);
  }

  private put(text: string): void {
    if (text === '') return;
    if (this.early === undefined) this.written.fire(text);
    else this.early += text;
  }
}

function programOf(guest: Guest): string {
  return guest.info?.program ?? String(guest.session.configuration['program'] ?? '');
}

function keyOf(guest: Guest, name: string): string {
  return `${programOf(guest)}\0${name}`;
}

function titleOf(guest: Guest, name: string): string {
  return `${path.basename(programOf(guest))} · ${consoleTitle(name)}`;
}
