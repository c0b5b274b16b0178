/**
 * The exits view: what left the guest for the hypervisor, by kind with counts and rates, the latest
 * of each kind below it. It asks for what is new only while it can be seen: at each stop, and while
 * the guest runs a few times a second for the newest ones, however many there are.
 */
import * as vscode from 'vscode';
import type { ExitRow } from '../../adapter/protocol.ts';
import { exitJson } from '../../adapter/exitJson.ts';
import { changedPlaces, rateText, sameExits, type ExitKind } from '../exitLog.ts';
import { ExitSessions, type ExitLike, type ExitSession } from '../exitSessions.ts';
import type { Guest, Sessions } from '../sessions.ts';

/** As it was shown last. */
interface KindNode {
  kind: ExitKind;
}
type Node = KindNode | { readonly exit: ExitRow };

const rowsAtOnce = 1000;
/** All that a guest keeps. */
const rowsExported = 1_000_000;
/** Milliseconds from one look at a running guest to the next. */
const period = 500;
const noHypervisor = 'In mode “machine” no hypervisor of ours is below the guest.';

export class ExitsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly sessions: Sessions;
  private readonly view: vscode.TreeView<Node>;
  private readonly changed = new vscode.EventEmitter<KindNode[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];
  private readonly timer: NodeJS.Timeout;
  private readonly known = new ExitSessions();
  /** In the order in which they are shown. */
  private nodes: readonly KindNode[] = [];
  private filter = '';
  private reading = false;
  /** Something changed while an answer was under way. */
  private outdated = false;

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.view = vscode.window.createTreeView('trapline.exits', { treeDataProvider: this });
    this.timer = setInterval(() => void this.look(), period);
    this.subscriptions = [
      this.view,
      sessions.onChange(() => void this.update()),
      // A restart begins a new count even though the session is the same.
      sessions.onReady(({ session }) => {
        this.known.restarted(session.id);
        this.changed.fire(undefined);
      }),
      sessions.onEnd(({ session }) => {
        this.known.ended(session.id);
        this.describe();
      }),
      this.view.onDidChangeVisibility(() => void this.update()),
    ];
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  refresh(): void {
    void this.update();
  }

  async askFilter(): Promise<void> {
    const value = await vscode.window.showInputBox({
      prompt: 'Show exits that contain all of these words: DBCN, 0x10000000, main.c, hart 1',
      value: this.filter,
    });
    if (value === undefined) return;
    this.filter = value.trim();
    this.describe();
    this.changed.fire(undefined);
  }

  /** Stops the guest at exits like this one from now on, or no longer. */
  async toggleBreak(node: unknown): Promise<void> {
    const like = likeNode(node);
    const guest = this.sessions.current;
    if (!like || !guest) return;
    const session = this.known.of(guest.session.id);
    const args = { ...like, on: !session.stopsAt(like) };
    session.broken = (await this.sessions.request(guest, 'trapline/breakOnExit', args)).active;
    this.changed.fire(undefined);
  }

  async showSource(node: unknown): Promise<void> {
    const source = (node as { exit?: ExitRow } | undefined)?.exit?.source;
    if (!source) return;
    const line = Math.max(0, source.line - 1);
    await vscode.window.showTextDocument(vscode.Uri.file(source.path), {
      selection: new vscode.Range(line, 0, line, 0),
      preserveFocus: true,
      preview: true,
    });
  }

  /** All exits that the guest still keeps, as a document of JSON lines. */
  async export(): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    const args = { after: 0, max: rowsExported };
    const { exits } = await this.sessions.request(guest, 'trapline/exits', args);
    const content = exits.map((exit) => `${exitJson(exit)}\n`).join('');
    const document = await vscode.workspace.openTextDocument({ language: 'jsonl', content });
    await vscode.window.showTextDocument(document);
  }

  /** Begins to write every exit to a file that the user names, or ends it. */
  async toggleRecording(): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    const session = this.known.of(guest.session.id);
    if (session.recording !== undefined) {
      await this.sessions.request(guest, 'trapline/recordExits', {});
      session.recording = undefined;
      return this.describe();
    }
    const folder = guest.session.workspaceFolder ?? vscode.workspace.workspaceFolders?.[0];
    const file = await vscode.window.showSaveDialog({
      title: 'Every exit from now on, as JSON lines',
      saveLabel: 'Record',
      filters: { 'JSON lines': ['jsonl'] },
      ...(folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, 'exits.jsonl') } : {}),
    });
    if (!file) return;
    try {
      await this.sessions.request(guest, 'trapline/recordExits', { file: file.fsPath });
      session.recording = file.fsPath;
      this.describe();
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  /** What is set for the session that is shown. */
  private describe(): void {
    const { recording } = this.known.shown;
    void vscode.commands.executeCommand('setContext', 'trapline.recordingExits', !!recording);
    const words = [
      ...(this.filter === '' ? [] : [`filter: ${this.filter}`]),
      ...(recording === undefined ? [] : ['recording']),
    ];
    this.view.description = words.join(' · ');
  }

  getChildren(node?: Node): Node[] {
    if (!node) {
      this.nodes = this.known.shown.log.summary(this.filter).map((kind) => ({ kind }));
      return [...this.nodes];
    }
    return 'kind' in node ? node.kind.latest.map((exit) => ({ exit })) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const item = 'kind' in node ? kindItem(node.kind) : exitItem(node.exit);
    const stops = this.known.shown.stopsAt(likeNode(node));
    if (stops) item.iconPath = new vscode.ThemeIcon('debug-breakpoint');
    return item;
  }

  /** A running guest is looked at now and then; at a stop `onChange` brings the last of it. */
  private async look(): Promise<void> {
    if (!this.view.visible || this.sessions.current?.state !== 'running') return;
    await this.update();
  }

  private async update(): Promise<void> {
    const guest = this.sessions.current;
    if (guest && this.known.show(guest.session.id)) {
      this.describe();
      this.changed.fire(undefined);
    }
    this.outdated = this.reading;
    if (!guest || !this.view.visible || this.reading) return;
    // A guest that ended can be asked once more before its session is closed.
    const ended = guest.exitCode !== undefined;
    if (guest.state !== 'stopped' && guest.state !== 'running' && !ended) return;
    this.reading = true;
    try {
      await this.read(guest, this.known.of(guest.session.id));
      this.view.message = guest.info?.mode === 'machine' ? noHypervisor : '';
    } catch (error) {
      if (!ended) this.view.message = error instanceof Error ? error.message : String(error);
    } finally {
      this.reading = false;
    }
    this.showChanges();
    if (this.outdated) await this.update();
  }

  /** Rows that stay as they are stay alone: one that is drawn anew may lose a click on it. */
  private showChanges(): void {
    const kinds = this.known.shown.log.summary(this.filter);
    const before = this.nodes.map(({ kind }) => kind);
    const places = changedPlaces(before, kinds);
    if (!places) return this.changed.fire(undefined);
    this.nodes.forEach((node, i) => (node.kind = kinds[i]!));
    if (places.length > 0) this.changed.fire(places.map((i) => this.nodes[i]!));
  }

  private async read(guest: Guest, { log }: ExitSession): Promise<void> {
    const args = { after: log.newest, max: rowsAtOnce, newest: true };
    const body = await this.sessions.request(guest, 'trapline/exits', args);
    log.add(body.exits, body.counts, body.instructions);
  }
}

function likeNode(node: unknown): ExitLike | undefined {
  const { exit, kind } = (node ?? {}) as { exit?: ExitRow; kind?: ExitKind };
  if (exit) return sameExits(exit);
  return kind && { kind: kind.kind };
}

function kindItem(exits: ExitKind): vscode.TreeItem {
  const { kind, count, latest } = exits;
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(kind, latest.length > 0 ? Collapsed : None);
  const rate = rateText(exits);
  item.id = `kind ${kind}`;
  item.description = `${count} · ${rate}`;
  item.tooltip =
    latest.length < count
      ? `${count} exits, ${rate}; the last ${latest.length} are listed`
      : `${count} exits, ${rate}`;
  item.contextValue = 'exitKind';
  item.accessibilityInformation = { label: `${kind}, ${item.tooltip}` };
  return item;
}

function exitItem(exit: ExitRow): vscode.TreeItem {
  const item = new vscode.TreeItem(exit.text);
  const { source } = exit;
  const place = source ? `${source.path.split(/[\\/]/).at(-1)}:${source.line}` : `pc ${exit.pc}`;
  item.id = `exit ${exit.sequence}`;
  item.description = `${place} · hart ${exit.hart} · @${exit.instructions}`;
  item.tooltip = `${exit.text}\npc ${exit.pc}, hart ${exit.hart}, after ${exit.instructions} instructions`;
  item.contextValue = source ? 'exit source' : 'exit';
  if (source) {
    item.command = {
      command: 'trapline.showExitSource',
      title: 'Go to Source',
      arguments: [{ exit }],
    };
  }
  return item;
}

/** The text that *Copy Exit* puts on the clipboard. */
export function exitLine(node: unknown): string | undefined {
  const exit = (node as { exit?: ExitRow } | undefined)?.exit;
  return exit && `${exit.sequence}\t${exit.kind}\t${exit.pc}\thart ${exit.hart}\t${exit.text}`;
}
