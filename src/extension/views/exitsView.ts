/**
 * The exits view: what left the guest for the hypervisor, by kind with counts, the latest of each
 * kind below it. It asks at each stop for what is new, and only while it can be seen.
 */
import * as vscode from 'vscode';
import type { ExitRow } from '../../adapter/protocol.ts';
import { ExitLog, type ExitKind } from '../exitLog.ts';
import type { Guest, Sessions } from '../sessions.ts';

type Node = { readonly kind: ExitKind } | { readonly exit: ExitRow };

const rowsAtOnce = 1000;
const noHypervisor = 'In mode “machine” no hypervisor of ours is below the guest.';

export class ExitsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly sessions: Sessions;
  private readonly view: vscode.TreeView<Node>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly subscriptions: vscode.Disposable[];
  private log = new ExitLog();
  private session: string | undefined;
  private reading = false;
  /** Something changed while an answer was under way. */
  private outdated = false;

  constructor(sessions: Sessions) {
    this.sessions = sessions;
    this.view = vscode.window.createTreeView('trapline.exits', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      sessions.onChange(() => void this.update()),
      // A restart begins a new count even though the session is the same.
      sessions.onReady(() => this.reset(undefined)),
      this.view.onDidChangeVisibility(() => void this.update()),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  refresh(): void {
    void this.update();
  }

  getChildren(node?: Node): Node[] {
    if (!node) return this.log.summary.map((kind) => ({ kind }));
    return 'kind' in node ? node.kind.latest.map((exit) => ({ exit })) : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return 'kind' in node ? kindItem(node.kind) : exitItem(node.exit);
  }

  private reset(session: string | undefined): void {
    this.session = session;
    this.log = new ExitLog();
    this.changed.fire(undefined);
  }

  private async update(): Promise<void> {
    const guest = this.sessions.current;
    if (guest && guest.session.id !== this.session) this.reset(guest.session.id);
    this.outdated = this.reading;
    if (!guest || !this.view.visible || this.reading) return;
    // A guest that ended can be asked once more before its session is closed.
    const ended = guest.exitCode !== undefined;
    if (guest.state !== 'stopped' && !ended) return;
    this.reading = true;
    try {
      await this.read(guest);
      this.view.message = guest.info?.mode === 'machine' ? noHypervisor : '';
    } catch (error) {
      if (!ended) this.view.message = error instanceof Error ? error.message : String(error);
    } finally {
      this.reading = false;
    }
    this.changed.fire(undefined);
    if (this.outdated) await this.update();
  }

  private async read(guest: Guest): Promise<void> {
    const { log } = this;
    for (;;) {
      const args = { after: log.newest, max: rowsAtOnce };
      const { exits, counts } = await this.sessions.request(guest, 'trapline/exits', args);
      log.add(exits, counts);
      if (exits.length < rowsAtOnce || log !== this.log) return;
    }
  }
}

function kindItem({ kind, count, latest }: ExitKind): vscode.TreeItem {
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(kind, latest.length > 0 ? Collapsed : None);
  item.id = `kind ${kind}`;
  item.description = `${count}`;
  item.tooltip =
    latest.length < count
      ? `${count} exits; the last ${latest.length} are listed`
      : `${count} exits`;
  item.accessibilityInformation = { label: `${kind}, ${item.tooltip}` };
  return item;
}

function exitItem(exit: ExitRow): vscode.TreeItem {
  const item = new vscode.TreeItem(exit.text);
  item.id = `exit ${exit.sequence}`;
  item.description = `pc ${exit.pc} · hart ${exit.hart}`;
  item.tooltip = `${exit.text}\npc ${exit.pc}, hart ${exit.hart}, after ${exit.instructions} instructions`;
  item.contextValue = 'exit';
  return item;
}

/** The text that *Copy Exit* puts on the clipboard. */
export function exitLine(node: unknown): string | undefined {
  const exit = (node as { exit?: ExitRow } | undefined)?.exit;
  return exit && `${exit.sequence}\t${exit.kind}\t${exit.pc}\thart ${exit.hart}\t${exit.text}`;
}
