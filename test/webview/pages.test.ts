/** The views' pages in a browser: what a keyboard reaches, what an update leaves alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as esbuild from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { csrsPage, mappingsPage } from '../../src/extension/views/pages.ts';
import type { CsrRow, WalkBody } from '../../src/adapter/protocol.ts';
import type { FromWebview, ToWebview } from '../../src/webview/messages.ts';
import { launchBrowser } from '../vscode/harness/browser.ts';

const origin = 'http://view.test';

function bundled(name: string): string {
  const entryPoints = [`src/webview/${name}.ts`];
  const { outputFiles } = esbuild.buildSync({ entryPoints, bundle: true, write: false });
  return outputFiles[0]?.text ?? '';
}

/** A view's page as VS Code would show it, and the messages that it sent. */
class View {
  readonly page: Page;
  readonly problems: string[] = [];

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
    await view.page.addInitScript(`{
      let state;
      globalThis.sent = [];
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (message) => sent.push(message),
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

  sent(): Promise<FromWebview[]> {
    return this.page.evaluate('sent');
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

const field = { name: 'MODE', high: 63, low: 60, value: '0x8', meaning: 'Sv39', description: '' };
const register = (name: string, value: string, more: Partial<CsrRow> = {}): CsrRow => ({
  ...{ name, number: 0x180, description: `about ${name}`, section: '', changed: false },
  ...{ value, writable: true, fields: [] },
  ...more,
});
const csrs = (satp: string): ToWebview => ({
  type: 'content',
  content: {
    view: 'csrs',
    hart: 0,
    groups: [
      {
        name: 'Supervisor',
        registers: [
          register('satp', satp, { fields: [{ ...field, changed: false }] }),
          register('time', '0x1', { writable: false }),
        ],
      },
    ],
  },
});
const mapping = (input: string) => ({
  ...{ input, size: '0x1000', output: '0x90000000', pageSize: '0x1000', permissions: 'rw-u' },
  ...{ accessed: true, dirty: false, memoryType: '', backing: 'slot 0' },
});
const mappings = (...inputs: string[]): ToWebview => ({
  type: 'content',
  content: {
    view: 'mappings',
    hart: 0,
    stage: 'guest',
    mode: 'guest',
    table: { title: 'Sv39x4', rows: inputs.map(mapping), truncated: false },
  },
});

const refusedWalk: WalkBody = {
  ...{ address: '0x80200abc', space: 'guestPhysical', access: 'load' },
  steps: [{ stage: 'G-stage', text: 'level 2', entry: '0x2', flags: '------R-' }],
  refusal: { cause: 21, text: 'V (bit 0) is 0: not valid', section: 'Privileged' },
  text: 'steps\nas the console says',
};

describe('views in a browser', () => {
  let browser: Browser;
  let view: View;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(async () => {
    assert.deepEqual(view.problems, []);
    await view.page.close();
  });

  describe('CSRs', () => {
    beforeEach(async () => {
      view = await View.open(browser, 'csrs');
      await view.post(csrs('0x8000000000080210'));
      await view.page.focus('#filter');
      await view.press('ArrowDown');
    });

    it('opens and closes rows from the keyboard, as a tree does', async () => {
      assert.equal(await view.focused(), 'group Supervisor');
      await view.press('ArrowDown', 'ArrowRight');
      const open = ['group Supervisor', 'satp', 'satp about', 'satp.MODE', 'time'];
      assert.deepEqual(await view.keys(), open);
      await view.press('ArrowRight', 'ArrowDown');
      assert.equal(await view.focused(), 'satp.MODE');
      await view.press('ArrowLeft', 'ArrowLeft');
      assert.deepEqual(await view.keys(), ['group Supervisor', 'satp', 'time']);
      await view.press('End');
      assert.equal(await view.focused(), 'time');
      await view.press('Home', 'ArrowLeft');
      assert.deepEqual(await view.keys(), ['group Supervisor']);
    });

    it('writes the whole register when a field is edited', async () => {
      await view.press('ArrowDown', 'ArrowRight', 'ArrowDown', 'ArrowDown', 'Enter');
      await view.page.keyboard.type('9');
      await view.press('Enter');
      const write = { type: 'write', name: 'satp', value: '0x9000000000080210' };
      assert.deepEqual((await view.sent()).at(-1), write);
      assert.equal(await view.focused(), 'satp.MODE');
    });

    it('says what is wrong with a value and lets it be corrected or given up', async () => {
      await view.press('ArrowDown', 'F2');
      await view.page.keyboard.type('0xzz');
      await view.press('Enter');
      assert.match(await view.page.innerText('#note'), /“0xzz” is not a number for satp/);
      await view.press('Escape');
      assert.equal(await view.page.innerText('#note'), '');
      assert.equal(await view.page.innerText('[data-key="satp"] .value'), '0x8000000000080210');
      assert.deepEqual(await view.sent(), [{ type: 'ready' }]);
    });

    it('does not edit what is read-only, nor while the guest runs', async () => {
      await view.press('End', 'Enter', 'F2');
      assert.equal(await view.page.locator('input.edit').count(), 0);
      await view.post({ type: 'status', status: 'running' });
      await view.press('ArrowUp', 'F2');
      assert.equal(await view.page.locator('input.edit').count(), 0);
      assert.match(await view.page.innerText('#note'), /while the guest runs/);
      assert.match(await view.page.innerText('#status'), /as of the last stop/);
    });

    it('keeps elements, focus and a value being typed through an update', async () => {
      await view.press('ArrowDown', 'F2');
      await view.page.keyboard.type('0x12');
      await view.page.evaluate('globalThis.row = document.activeElement.closest(".row")');
      await view.post(csrs('0x8000000000080211'));
      assert.equal(await view.page.evaluate('document.activeElement.value'), '0x12');
      await view.press('Escape');
      assert.equal(await view.page.innerText('[data-key="satp"] .value'), '0x8000000000080211');
      assert.equal(await view.page.evaluate('row === document.activeElement'), true);
    });

    it('says when a register does not hold what was written', async () => {
      await view.post({ type: 'written', name: 'satp', asked: '0xff', value: '0x0f' });
      assert.equal(
        await view.page.innerText('#note'),
        'satp is 0x0f now; it does not hold all of 0xff.',
      );
    });

    it('pins registers to the top from the keyboard, and lets them go', async () => {
      await view.press('End', 'p');
      const keys = ['group Pinned', 'time', 'group Supervisor', 'satp'];
      assert.deepEqual(await view.keys(), keys);
      assert.equal(await view.focused(), 'time');
      const row = view.page.locator('[data-key="time"]');
      assert.match((await row.getAttribute('aria-label')) ?? '', /, pinned,/);
      await view.post(csrs('0x1'));
      assert.deepEqual(await view.keys(), keys);
      await row.locator('.pin').click();
      assert.deepEqual(await view.keys(), ['group Supervisor', 'satp', 'time']);
    });

    it('shows copies of a register side by side where there is room', async () => {
      await view.page.setViewportSize({ width: 900, height: 500 });
      await view.post({
        type: 'content',
        content: {
          ...{ view: 'csrs', hart: 0 },
          groups: ['m', 's'].map((level) => ({
            name: level,
            registers: [register(`${level}epc`, '0x1', { counterpart: 'epc' })],
          })),
        },
      });
      await view.page.focus('#sideBySide');
      await view.press('Enter');
      assert.equal(await view.page.getAttribute('#sideBySide', 'aria-pressed'), 'true');
      assert.deepEqual((await view.keys()).slice(0, 3), ['group mepc · sepc', 'mepc', 'sepc']);
      const top = async (key: string) =>
        (await view.page.locator(`[data-key="${key}"]`).boundingBox())?.y;
      assert.equal(await top('mepc'), await top('sepc'));
      await view.page.setViewportSize({ width: 340, height: 500 });
      assert.notEqual(await top('mepc'), await top('sepc'));
    });

    it('tells a screen reader name, value and what the register is', async () => {
      const row = view.page.getByRole('treeitem', { name: 'satp, 0x8000000000080210, about satp' });
      assert.equal(await row.getAttribute('aria-level'), '2');
      assert.equal(await row.getAttribute('aria-expanded'), 'false');
    });
  });

  describe('mappings', () => {
    beforeEach(async () => {
      view = await View.open(browser, 'mappings');
      await view.post(mappings('0x80000000', '0x80200000', '0x80400000'));
    });

    it('asks for the other stage from the keyboard', async () => {
      await view.page.focus('#stageGuest');
      await view.press('ArrowRight');
      assert.equal(await view.focused(), 'stageVirtual');
      assert.deepEqual((await view.sent()).at(-1), { type: 'stage', stage: 'virtual' });
      assert.equal(await view.page.getAttribute('#stageVirtual', 'aria-checked'), 'true');
    });

    it('filters by address, and Escape takes the filter back', async () => {
      await view.page.fill('#filter', '0x80200abc');
      assert.deepEqual(await view.keys(), ['0x80200000 0x1000']);
      assert.equal(await view.page.innerText('#count'), '1 of 3 rows');
      await view.page.focus('#filter');
      await view.press('Escape');
      assert.equal((await view.keys()).length, 3);
    });

    it('copies a row and keeps the focus when rows come and go around it', async () => {
      await view.page.locator('#rows > [data-key]').nth(1).focus();
      await view.press('Control+c');
      const line = '0x80200000–0x80200fff\t0x90000000'.split('\t');
      const copied = (await view.sent()).at(-1);
      assert.equal(copied?.type, 'copy');
      for (const part of line) assert.ok(copied.text.includes(part), copied.text);
      await view.post(mappings('0x10000000', '0x80200000', '0x80600000'));
      assert.equal(await view.focused(), '0x80200000 0x1000');
    });

    it('explains an address from the keyboard, step by step, and again at the next stop', async () => {
      await view.page.focus('#explainToggle');
      await view.press('Enter');
      assert.equal(await view.focused(), 'address');
      await view.page.keyboard.type('gpa:0x80200abc');
      await view.press('Enter');
      const asked = { type: 'explain', expression: 'gpa:0x80200abc', access: 'load' };
      assert.deepEqual((await view.sent()).at(-1), asked);
      await view.post({ type: 'walk', walk: refusedWalk });
      assert.equal(await view.page.innerText('#walkTitle'), 'load of guest-physical 0x80200abc');
      assert.equal(await view.page.innerText('.refuses'), 'V');
      const step = view.page.getByRole('listitem').first();
      assert.match(await step.innerText(), /holds 0x2, readable$/);
      assert.match(await view.page.innerText('#walkEnd'), /^Refused\. V \(bit 0\) is 0/);
      await view.page.focus('#walkCopy');
      await view.press('Enter');
      const copied = (await view.sent()).at(-1);
      assert.equal(
        copied?.type === 'copy' && copied.text.split('\n').at(-1),
        'as the console says',
      );
      await view.post(mappings('0x80000000'));
      assert.deepEqual((await view.sent()).at(-1), asked);
      await view.press('Escape');
      assert.equal(await view.page.isVisible('#walk'), false);
      assert.equal(await view.focused(), 'explainToggle');
      const before = (await view.sent()).length;
      await view.post(mappings('0x80000000'));
      assert.equal((await view.sent()).length, before);
    });

    it('says what is wrong with an address, and explains a row of the table', async () => {
      await view.post({ type: 'focusExplain' });
      await view.page.keyboard.type('(');
      await view.press('Enter');
      await view.post({ type: 'walkFailed', text: 'a parenthesis is open' });
      assert.equal(await view.page.innerText('#note'), 'a parenthesis is open');
      assert.equal(await view.page.getAttribute('#address', 'aria-invalid'), 'true');
      await view.page.locator('#rows > [data-key]').nth(1).focus();
      await view.press('Enter');
      const asked = { type: 'explain', expression: 'gpa:0x80200000', access: 'load' };
      assert.deepEqual((await view.sent()).at(-1), asked);
    });

    it('draws only the rows in sight, of a million', async () => {
      await view.page.setViewportSize({ width: 900, height: 500 });
      await view.page.evaluate(`window.dispatchEvent(new MessageEvent('message', { data: {
        type: 'content',
        content: {
          view: 'mappings', hart: 0, stage: 'guest', mode: 'guest',
          table: { title: 'Sv39x4', truncated: false, rows: Array.from({ length: 1e6 }, (_, i) => ({
            ...${JSON.stringify(mapping('0x0'))}, input: '0x' + (i * 8192).toString(16),
          })) },
        },
      } }))`);
      const drawn = async () => (await view.keys()).length;
      const rowAt = (row: number) => `0x${(row * 8192).toString(16)} 0x1000`;
      assert.equal(await view.page.innerText('#count'), '1000000 rows');
      assert.ok((await drawn()) < 100);
      await view.page.locator('#rows > [data-key]').first().focus();
      await view.press('ArrowDown', 'ArrowDown');
      assert.equal(await view.focused(), rowAt(2));
      await view.press('End');
      assert.equal(await view.focused(), rowAt(999_999));
      const last = view.page.locator(`[data-key="${rowAt(999_999)}"]`);
      assert.equal(await last.getAttribute('aria-rowindex'), '1000001');
      const box = await last.boundingBox();
      assert.ok(box && box.y > 0 && box.y + box.height <= 500, JSON.stringify(box));
      assert.ok((await drawn()) < 100);
      // A row that was scrolled away keeps the focus.
      await view.page.evaluate('window.scrollTo(0, 0)');
      await view.page.locator(`[data-key="${rowAt(0)}"]`).waitFor();
      assert.equal(await view.focused(), rowAt(999_999));
      await view.press('ArrowUp');
      assert.equal(await view.focused(), rowAt(999_998));
      await view.press('Home');
      assert.equal(await view.focused(), rowAt(0));
    });
  });
});
