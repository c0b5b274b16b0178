/** A view's page in a browser, for tests: its HTML, script and style, and the messages it sends. */
import { readFileSync } from 'node:fs';
import * as esbuild from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { csrsPage, mappingsPage } from '../../src/extension/views/pages.ts';
import type { FromWebview, ToWebview } from '../../src/webview/messages.ts';

const origin = 'http://view.test';

function bundled(name: string): string {
  const entryPoints = [`src/webview/${name}.ts`];
  const { outputFiles } = esbuild.buildSync({ entryPoints, bundle: true, write: false });
  return outputFiles[0]?.text ?? '';
}

/** A view's page as VS Code would show it, and the messages that it sent. */
export class View {
  readonly page: Page;
  readonly problems: string[] = [];
  onMessage: (message: FromWebview) => void = () => undefined;

  constructor(page: Page) {
    this.page = page;
    // A violation of the page's content security policy is an error on the console.
    page.on('console', (line) => line.type() === 'error' && this.problems.push(line.text()));
    page.on('pageerror', (error) => this.problems.push(error.message));
  }

  static async open(browser: Browser, name: 'csrs' | 'mappings'): Promise<View> {
    const view = new View(await browser.newPage({ viewport: { width: 340, height: 500 } }));
    const resources = { script: '/script.js', style: '/style.css', cspSource: origin, nonce: 'n' };
    const answers: Record<string, { contentType: string; body: string }> = {
      '/': {
        contentType: 'text/html',
        body: name === 'csrs' ? csrsPage(resources) : mappingsPage(resources),
      },
      '/script.js': { contentType: 'text/javascript', body: bundled(name) },
      '/style.css': { contentType: 'text/css', body: readFileSync('media/webview.css', 'utf8') },
    };
    await view.page.route('**/*', (route) => {
      const answer = answers[new URL(route.request().url()).pathname];
      return answer ? route.fulfill(answer) : route.fulfill({ status: 204 });
    });
    await view.page.exposeFunction('receive', (message: FromWebview) => view.onMessage(message));
    await view.page.addInitScript(`{
      let state;
      globalThis.sent = [];
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (message) => { sent.push(message); receive(message); },
        getState: () => state,
        setState: (next) => { state = next; },
      });
    }`);
    await view.page.goto(origin);
    return view;
  }

  /** Gives the page a message and waits until it has drawn. */
  async post(message: ToWebview): Promise<void> {
    const script = `new Promise((done) => {
      window.postMessage(${JSON.stringify(message)}, '*');
      window.addEventListener('message', () => setTimeout(done), { once: true });
    })`;
    await this.page.evaluate(script);
  }

  /** Without those that tell which rows are in sight. */
  async sent(): Promise<FromWebview[]> {
    const all: FromWebview[] = await this.page.evaluate('sent');
    return all.filter(({ type }) => type !== 'rows');
  }

  keys(): Promise<string[]> {
    return this.page.evaluate(
      '[...document.querySelectorAll("#rows > *")].map((e) => e.dataset.key)',
    );
  }

  focused(): Promise<string> {
    return this.page.evaluate('document.activeElement.dataset.key ?? document.activeElement.id');
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }
}
