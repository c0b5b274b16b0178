/**
 * What a person does in VS Code, as functions: open a file, click the gutter, press F5, read the
 * terminal, look into a view. Every function waits for a positive state, never for a while.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { launchBrowser, openPage } from './browser.ts';
import { installedCodeServer, startCodeServer, type CodeServer } from './codeServer.ts';
import { smallPng } from './smallPng.ts';

export interface OpenOptions {
  readonly folder: string;
  readonly vsix: string;
  readonly settings?: Record<string, unknown>;
}

export type Theme = 'light' | 'dark';

const slow = { timeout: 60_000 };
const shortly = { timeout: 4_000 };

export class Workbench {
  readonly page: Page;
  private readonly server: CodeServer;
  private readonly browser: Browser;

  constructor(server: CodeServer, browser: Browser, page: Page) {
    this.server = server;
    this.browser = browser;
    this.page = page;
  }

  static async open({ folder, vsix, settings = {} }: OpenOptions): Promise<Workbench> {
    const server = await startCodeServer(installedCodeServer(), { vsix, settings });
    const browser = await launchBrowser();
    const page = await openPage(browser);
    const workbench = new Workbench(server, browser, page);
    try {
      await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`);
      await page.locator('.explorer-folders-view [role=treeitem]').first().waitFor(slow);
    } catch (error) {
      await workbench.close();
      throw error;
    }
    return workbench;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }

  get editor(): Locator {
    return this.page.locator('.editor-instance .monaco-editor').first();
  }

  get debugToolbar(): Locator {
    return this.page.locator('.debug-toolbar').first();
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** Until the extension's own mark is there: F5 before that would be lost without a word. */
  async waitForTrapline(): Promise<void> {
    await this.page.locator('.statusbar-item[id$="trapline.status"]').waitFor(slow);
  }

  /** Milliseconds that VS Code says an extension took to activate. */
  async activationTime(name: string): Promise<number> {
    await this.runCommand('Developer: Show Running Extensions');
    const list = this.page.locator('.runtime-extensions-editor');
    await list.locator('.activation-time').first().waitFor();
    await list.hover();
    // The list holds only the rows that are to be seen.
    const row = list.locator('.extension', { hasText: name });
    for (let i = 0; i < 20 && (await row.count()) === 0; i++) {
      await this.page.mouse.wheel(0, 200);
      await this.page.waitForTimeout(50);
    }
    const text = await row.locator('.activation-time').first().innerText();
    await this.runCommand('View: Close All Editors');
    const milliseconds = /(\d+)\s*ms/.exec(text)?.[1];
    if (milliseconds === undefined) throw new Error(`no time in '${text}'`);
    return Number(milliseconds);
  }

  /**
   * The green arrow of the Run and Debug view, which is there once VS Code knows the debuggers: in
   * a folder where nothing makes the extension active, F5 might be pressed too early.
   */
  async startDebugging(): Promise<void> {
    await this.press('Control+Shift+D');
    const arrow = this.page.locator('.start-debug-action-item .codicon-debug-start');
    await arrow.first().waitFor(slow);
    const end = Date.now() + slow.timeout;
    while (!(await this.debugToolbar.isVisible())) {
      if (Date.now() > end) throw new Error('no session starts');
      await arrow.first().click();
      // A second click on a busy machine would ask whether another session is to be started.
      await this.debugToolbar.waitFor({ timeout: 20_000 }).catch(() => undefined);
    }
    // A click that was only slow, and another one after it, make VS Code ask.
    const twice = this.page.locator('.monaco-dialog-box', { hasText: 'already running' });
    if (await twice.isVisible()) await twice.getByText('Cancel').click();
  }

  /** Names of the frames that the call stack shows, innermost first. */
  async callStack(): Promise<string[]> {
    return this.page.locator('.debug-call-stack .stack-frame .label').allInnerTexts();
  }

  async waitForFrame(name: string): Promise<void> {
    await this.page.locator('.debug-call-stack .stack-frame', { hasText: name }).first().waitFor();
  }

  /** Drags the border between the side bar and the editors to the right. */
  async widenSideBar(pixels: number): Promise<void> {
    const box = await this.page.locator('.part.sidebar').boundingBox();
    if (!box) throw new Error('the side bar is not to be seen');
    const [x, y] = [box.x + box.width, box.y + box.height / 2];
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + pixels, y, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Closes a pane of the side bar, if it is there and open. */
  async collapsePane(title: string): Promise<void> {
    const header = this.page.locator(`.pane-header[aria-label^="${title}"][aria-expanded=true]`);
    if ((await header.count()) === 0) return;
    // The pointer may rest where it clicked last, whose hover is in the way then.
    await this.page.mouse.move(0, 0);
    await header.first().click();
  }

  /** From the explorer; folders on the way are opened. */
  async openFile(...names: readonly string[]): Promise<void> {
    await this.openTab(...names);
    await this.editor.locator('.view-line').first().waitFor();
  }

  /** As `openFile`, whatever editor it is that shows the file. */
  async openTab(...names: readonly string[]): Promise<void> {
    const row = (name: string) =>
      this.page.locator(`.explorer-folders-view [role=treeitem][aria-label^="${name}"]`).first();
    for (const name of names.slice(0, -1)) {
      await row(name).waitFor();
      if ((await row(name).getAttribute('aria-expanded')) === 'false') await row(name).click();
    }
    const file = names.at(-1) ?? '';
    await row(file).dblclick();
    await this.page.locator('.tab.active', { hasText: file }).waitFor();
  }

  /** From the command palette. A view that takes the focus closes it, so it is opened again then. */
  async runCommand(title: string): Promise<void> {
    const option = this.page.locator('.quick-input-list [role=option]', { hasText: title }).first();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.press('F1');
        await this.page.locator('.quick-input-widget input').fill(`>${title}`, shortly);
        await option.click(shortly);
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.press('Escape');
      }
    }
  }

  async goToLine(line: number): Promise<void> {
    await this.editor.locator('.view-line').first().click();
    await this.press('Control+G');
    await this.page.locator('.quick-input-widget input').fill(`:${line}`);
    await this.press('Enter');
    await this.page.locator('#status\\.editor\\.selection', { hasText: `Ln ${line},` }).waitFor();
  }

  /** Clicks left of the line's number, as one does with a mouse. */
  async clickGutter(line: number): Promise<void> {
    const number = this.editor.locator('.line-numbers', { hasText: new RegExp(`^${line}$`) });
    const box = await number.boundingBox();
    if (!box) throw new Error(`line ${line} is not to be seen`);
    await this.page.mouse.move(box.x - 8, box.y + box.height / 2);
    await this.page.mouse.click(box.x - 8, box.y + box.height / 2);
    await this.editor
      .locator('.codicon-debug-breakpoint, .codicon-debug-breakpoint-unverified')
      .first()
      .waitFor();
  }

  /** A breakpoint that the debugger has taken: its mark is full, not hollow. */
  async waitForBoundBreakpoint(): Promise<void> {
    await this.editor
      .locator('.codicon-debug-breakpoint, .codicon-debug-breakpoint-stackframe')
      .first()
      .waitFor();
  }

  async waitForStop(): Promise<void> {
    await this.page
      .locator(
        '.codicon-debug-stackframe, .codicon-debug-breakpoint-stackframe, .codicon-debug-stackframe-focused',
      )
      .first()
      .waitFor();
  }

  async waitForEnd(): Promise<void> {
    await this.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  }

  /** The line that the top of the call stack names. */
  async stoppedLine(): Promise<number> {
    const text = await this.page.locator('.debug-call-stack .line-number').first().innerText();
    return Number(text.split(':')[0]);
  }

  async waitForStoppedLine(wanted: (line: number) => boolean): Promise<number> {
    const end = Date.now() + 20_000;
    for (;;) {
      const line = await this.stoppedLine().catch(() => NaN);
      if (wanted(line)) return line;
      if (Date.now() > end) throw new Error(`the call stack stays at line ${line}`);
      await this.page.waitForTimeout(50);
    }
  }

  get terminal(): Locator {
    return this.page.locator('.terminal-wrapper.active');
  }

  async terminalText(): Promise<string> {
    const text = await this.terminal.locator('.xterm-rows').innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  async waitForTerminal(wanted: string | RegExp, timeout = 20_000): Promise<string> {
    const end = Date.now() + timeout;
    for (;;) {
      const text = await this.terminalText().catch(() => '');
      if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text;
      if (Date.now() > end) throw new Error(`no ${wanted} in the terminal, but:\n${text}`);
      await this.page.waitForTimeout(50);
    }
  }

  async typeInTerminal(text: string): Promise<void> {
    await this.terminal.locator('.xterm-screen').click();
    await this.page.keyboard.type(text, { delay: 20 });
  }

  /** The document inside the webview that has such an element to be seen. */
  async webview(selector: string): Promise<FrameLocator> {
    const end = Date.now() + 20_000;
    for (;;) {
      const count = await this.page.locator('iframe.webview.ready').count();
      for (let i = 0; i < count; i++) {
        const inner = this.page
          .frameLocator(`iframe.webview.ready >> nth=${i}`)
          .frameLocator('iframe#active-frame');
        if (await isVisible(inner.locator(selector))) return inner;
      }
      if (Date.now() > end) throw new Error(`none of ${count} webviews shows ${selector}`);
      await this.page.waitForTimeout(100);
    }
  }

  async setTheme(theme: Theme): Promise<void> {
    const wanted = this.page.locator(`.monaco-workbench.${theme === 'dark' ? 'vs-dark' : 'vs'}`);
    if ((await wanted.count()) === 0) {
      await this.runCommand('Preferences: Toggle between Light/Dark Themes');
    }
    await wanted.first().waitFor();
  }

  /** Texts of the messages that are to be seen, in order. */
  async messages(): Promise<string[]> {
    return this.page.locator('.notification-toast .notification-list-item-message').allInnerTexts();
  }

  /**
   * A picture under out/screenshots, and under media/docs when TRAPLINE_SCREENSHOTS is set: the
   * README shows those.
   */
  async screenshot(name: string): Promise<void> {
    keepPicture(name, await this.page.screenshot());
  }

  /** The same of a part of the window, down to the end of what is in it. */
  async picture(name: string, part: Locator, last: Locator): Promise<void> {
    const [box, end] = [await part.first().boundingBox(), await last.boundingBox()];
    if (!box || !end) throw new Error(`nothing to be seen for ${name}`);
    const margin = 12;
    const clip = { ...box, height: end.y + end.height + margin - box.y };
    keepPicture(name, await this.page.screenshot({ clip }));
  }
}

function keepPicture(name: string, png: Buffer): void {
  const isForReadme = Boolean(process.env.TRAPLINE_SCREENSHOTS);
  const folder = isForReadme ? 'media/docs' : 'out/screenshots';
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.png`), isForReadme ? smallPng(png) : png);
}

/** A frame may go away while it is looked at; then nothing is to be seen in it. */
async function isVisible(locator: Locator): Promise<boolean> {
  try {
    return await locator.first().isVisible();
  } catch {
    return false;
  }
}
