/**
 * What the webviews of the guest have in common: they ask the adapter only while they can be seen
 * and the guest stands still, show only the newest answer, and say a failure once. What a view
 * asks for and what its page looks like is its subclass's.
 */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { debugType, type Guest, type Sessions } from '../sessions.ts';
import type { FromWebview, ToWebview } from '../../webview/messages.ts';
import type { PageResources } from './pages.ts';

type Content = Extract<ToWebview, { type: 'content' }>['content'];

export abstract class GuestView implements vscode.WebviewViewProvider, vscode.Disposable {
  protected readonly sessions: Sessions;
  private readonly extensionUri: vscode.Uri;
  private readonly subscription: vscode.Disposable;
  private view: vscode.WebviewView | undefined;
  /** The page listens to messages. */
  private listening = false;
  /** What the page is to do as soon as it listens. */
  private wanted: ToWebview | undefined;
  private newest = 0;
  private scheduled: NodeJS.Immediate | undefined;

  constructor(extensionUri: vscode.Uri, sessions: Sessions) {
    this.extensionUri = extensionUri;
    this.sessions = sessions;
    this.subscription = sessions.onChange(() => this.schedule());
  }

  protected abstract readonly script: string;
  protected abstract page(resources: PageResources): string;
  protected abstract read(guest: Guest, hart: number): Promise<Content>;

  /** A message that only this view's page sends. */
  protected abstract receive(message: FromWebview): Promise<void> | void;

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.listening = false;
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.extensionUri] };
    webview.onDidReceiveMessage((message: FromWebview) => this.receiveAny(message));
    view.onDidChangeVisibility(() => this.schedule());
    view.onDidDispose(() => {
      this.view = undefined;
      this.listening = false;
    });
    const url = (...path: string[]): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.extensionUri, ...path)).toString();
    webview.html = this.page({
      script: url('dist', 'webview', this.script),
      style: url('media', 'webview.css'),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString('base64'),
    });
  }

  refresh(): void {
    this.schedule();
  }

  /** Gives the keyboard to the filter box, at the latest when the page is there. */
  focusFilter(): void {
    this.postWhenListening({ type: 'focusFilter' });
  }

  protected postWhenListening(message: ToWebview): void {
    this.wanted = this.listening ? undefined : message;
    this.post(message);
  }

  post(message: ToWebview): void {
    if (this.listening) void this.view?.webview.postMessage(message);
  }

  dispose(): void {
    this.subscription.dispose();
    clearImmediate(this.scheduled);
  }

  private async receiveAny(message: FromWebview): Promise<void> {
    if (message.type === 'copy') {
      await vscode.env.clipboard.writeText(message.text);
      return;
    }
    if (message.type === 'ready') this.listening = true;
    await this.receive(message);
    if (message.type !== 'ready') return;
    if (this.wanted) this.postWhenListening(this.wanted);
    this.schedule();
  }

  /** Several changes at once, as a stop brings them, lead to one request. */
  private schedule(): void {
    clearImmediate(this.scheduled);
    this.scheduled = setImmediate(() => void this.update());
  }

  private async update(): Promise<void> {
    const ticket = ++this.newest;
    if (!this.view?.visible || !this.listening) return;
    const guest = this.sessions.current;
    if (guest?.state !== 'stopped') {
      this.post({ type: 'status', status: guest ? 'running' : 'none' });
      return;
    }
    const hart = this.sessions.currentHart;
    this.view.description = (guest.info?.harts ?? 1) > 1 ? `hart ${hart}` : '';
    try {
      const content = await this.read(guest, hart);
      if (ticket === this.newest) this.post({ type: 'content', content });
    } catch (error) {
      if (ticket === this.newest && guest.session.type === debugType) this.fail(error);
    }
  }

  protected fail(error: unknown): void {
    this.post({ type: 'failed', text: error instanceof Error ? error.message : String(error) });
  }
}
