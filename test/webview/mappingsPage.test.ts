/** The page of the stage-2 view in a browser: by keyboard, explained, and of a million mappings. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { mappingQuery, mappingsBody } from '../../src/adapter/mappingRows.ts';
import { MappingWindows } from '../../src/core/debug/mappingWindows.ts';
import type { Cpu } from '../../src/core/isa/cpu.ts';
import { MappingList, mappingFlags } from '../../src/core/isa/mappingList.ts';
import type { FromWebview, MappingsWindow } from '../../src/webview/messages.ts';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { refusedWalk } from './contents.ts';
import { View } from './view.ts';

/** In place of the extension and of a machine with such page tables: what the page asks, it gets. */
class Tables {
  private list = new MappingList('Sv39x4', 0);
  private window: MappingsWindow = { from: 0, count: 128, filter: '' };
  private readonly windows = new MappingWindows(() => 'slot 0');
  private readonly cpu = { mappings: () => this.list } as unknown as Cpu;
  private readonly view: View;
  /** Rows that were sent to the page. */
  rowsSent = 0;
  /** Answers wait for it. */
  held: Promise<void> = Promise.resolve();

  constructor(view: View) {
    this.view = view;
    view.onMessage = (message) => void this.receive(message);
  }

  /** The guest stops with such mappings, each of one page. */
  async stop(inputs: readonly number[]): Promise<void> {
    const flags = mappingFlags({
      ...{ readable: true, writable: true, executable: false, user: true },
      ...{ accessed: true, dirty: false, memoryType: 0, pageOrder: 0 },
    });
    this.list = new MappingList('Sv39x4', inputs.length, ['']);
    for (const input of inputs) {
      this.list.add({ input: input / 4096, output: 0x9_0000, pages: 1, flags });
    }
    await this.sendContent();
  }

  private async sendContent(): Promise<void> {
    const { filter } = this.window;
    const content = { view: 'mappings', hart: 0, stage: 'guest', mode: 'guest' } as const;
    await this.view.post({ type: 'content', content: { ...content, filter, table: this.read() } });
  }

  private async receive(message: FromWebview): Promise<void> {
    if (message.type === 'ready') this.window = message.window ?? this.window;
    if (message.type !== 'rows') return;
    this.window = message.window;
    const { list } = message;
    const { filter } = this.window;
    await this.held;
    if (list === undefined) return;
    await this.view.post({ type: 'rows', stage: 'guest', filter, table: this.read(list) });
  }

  private read(list?: number) {
    const { count, ...window } = this.window;
    const reading = list === undefined ? {} : { list };
    const query = mappingQuery({ stage: 'guest', ...window, maxRows: count, ...reading });
    const table = mappingsBody(this.windows.read(this.cpu, query), window.from);
    this.rowsSent += table.rows.length;
    return table;
  }
}

describe('page of the stage-2 view', () => {
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

  let tables: Tables;
  const count = (text: string) =>
    view.page.locator('#count', { hasText: new RegExp(`^${text}`) }).waitFor();
  /** Until an expression in the page is true; its policy forbids to wait there. */
  const until = async (expression: string): Promise<void> => {
    while (!(await view.page.evaluate(expression))) await view.page.waitForTimeout(20);
  };

  beforeEach(async () => {
    view = await View.open(browser, 'mappings');
    tables = new Tables(view);
    await tables.stop([0x8000_0000, 0x8020_0000, 0x8040_0000]);
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
    await count('1 of 3 rows');
    assert.deepEqual(await view.keys(), ['0x80200000 0x1000']);
    assert.equal(await view.page.innerText('#count'), '1 of 3 rows');
    await view.page.focus('#filter');
    await view.press('Escape');
    await count('3 rows');
    assert.equal((await view.keys()).length, 3);
  });

  it('copies a row and keeps the focus when rows come and go around it', async () => {
    await view.page.locator('#rows > [data-key]').nth(1).focus();
    await view.press('Control+c');
    const line = '0x80200000–0x80200fff\t0x90000000'.split('\t');
    const copied = (await view.sent()).at(-1);
    assert.equal(copied?.type, 'copy');
    for (const part of line) assert.ok(copied.text.includes(part), copied.text);
    await tables.stop([0x1000_0000, 0x8020_0000, 0x8060_0000]);
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
    assert.equal(copied?.type === 'copy' && copied.text.split('\n').at(-1), 'as the console says');
    await tables.stop([0x8000_0000]);
    assert.deepEqual((await view.sent()).at(-1), asked);
    await view.press('Escape');
    assert.equal(await view.page.isVisible('#walk'), false);
    assert.equal(await view.focused(), 'explainToggle');
    const before = (await view.sent()).length;
    await tables.stop([0x8000_0000]);
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

  describe('of a million', () => {
    const rows = 1_000_000;
    const address = (row: number) => row * 8192;
    const key = (row: number) => `0x${address(row).toString(16)} 0x1000`;
    const row = (number: number) => view.page.locator(`[data-key="${key(number)}"]`);
    const inSight = async (number: number): Promise<void> => {
      await row(number).waitFor();
      const box = await row(number).boundingBox();
      const top = (await view.page.locator('#top').boundingBox())?.height ?? 0;
      const height = view.page.viewportSize()?.height ?? 0;
      assert.ok(box && box.y >= top - 1 && box.y + box.height <= height + 1, JSON.stringify(box));
      assert.equal(await row(number).getAttribute('aria-rowindex'), `${number + 2}`);
    };

    beforeEach(async () => {
      await tables.stop(Array.from({ length: rows }, (_, i) => address(i)));
    });

    for (const [width, shape] of [
      [900, 'one line'],
      [340, 'three lines'],
    ] as const) {
      it(`draws and asks for the rows in sight only, each of ${shape}`, async () => {
        await view.page.setViewportSize({ width, height: 500 });
        assert.equal(await view.page.innerText('#count'), '1,000,000 rows');
        assert.equal(await view.page.getAttribute('[role=grid]', 'aria-rowcount'), '1000001');
        await row(0).focus();
        await view.press('ArrowDown', 'ArrowDown');
        assert.equal(await view.focused(), key(2));
        await view.press('End');
        await inSight(rows - 1);
        assert.equal(await view.focused(), key(rows - 1));
        await view.press('PageUp', 'ArrowUp');
        const up = Number.parseInt(await view.focused(), 16) / 8192;
        assert.ok(up < rows - 3 && up > rows - 40, `${up}`);
        await inSight(up);
        await view.press('Home', 'PageDown');
        const down = Number.parseInt(await view.focused(), 16) / 8192;
        assert.ok(down > 2 && down < 40, `${down}`);
        await inSight(down);
        assert.ok((await view.keys()).length < 100);
        assert.ok(tables.rowsSent < 5000, `${tables.rowsSent} rows were sent`);
      });

      it(`scrolls to any place, each of ${shape}`, async () => {
        await view.page.setViewportSize({ width, height: 500 });
        await row(0).focus();
        for (const part of [0.25, 0.5, 0.999, 1, 0.1]) {
          await view.page.evaluate(
            `scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * ${part})`,
          );
          const near = Math.min(Math.round(rows * part), rows - 1);
          await until(
            `Math.abs((document.querySelector('#rows > [data-key]:not([tabindex="0"])')
                ?.dataset.index ?? Infinity) - ${near}) < 200`,
          );
          // A row that was scrolled away keeps the focus.
          assert.equal(await view.focused(), key(0));
        }
        // From there on by the wheel, no row is left out.
        const sight = async () => {
          await view.page.locator('#rows:not(:has(.coming))').waitFor();
          const keys = (await view.keys()).map((text) => Number.parseInt(text, 16) / 8192);
          return keys.filter((number) => number !== 0);
        };
        const before = await sight();
        await view.page.mouse.move(150, 300);
        await view.page.mouse.wheel(0, 200);
        await until(
          `document.querySelector('#rows > :last-child').dataset.index > ${before.at(-1)}`,
        );
        const after = await sight();
        assert.ok(after[0]! > before[0]! && after[0]! < before[0]! + 40, `${after[0]}`);
        await view.press('ArrowDown');
        await inSight(1);
      });
    }

    it('finds by what is typed in the list, and keeps the place at the next stop', async () => {
      await row(0).focus();
      await view.press('End');
      await inSight(rows - 1);
      const wanted = address(765_432).toString(16);
      await view.page.keyboard.type(`0x${wanted}`);
      await count('1 of 1,000,000 rows');
      assert.equal(await view.page.inputValue('#filter'), `0x${wanted}`);
      await view.press('ArrowDown');
      assert.equal(await view.focused(), key(765_432));
      await view.page.focus('#filter');
      await view.press('Escape');
      await count('1,000,000 rows');
      // What is around the row that was found is in sight, and that is the one that Tab reaches.
      await inSight(765_432);
      await view.press('ArrowDown', 'ArrowDown');
      await inSight(765_433);
      assert.equal(await view.focused(), key(765_433));
      // A mapping before it is gone at the next stop.
      await tables.stop(Array.from({ length: rows - 1 }, (_, i) => address(i + 1)));
      await count('999,999 rows');
      assert.equal(await view.focused(), key(765_433));
      assert.equal(await row(765_433).getAttribute('aria-rowindex'), '765434');
      await view.press('ArrowUp', 'Enter');
      const explained = (await view.sent()).at(-1);
      assert.equal(
        explained?.type === 'explain' && explained.expression,
        `gpa:0x${address(765_432).toString(16)}`,
      );
    });

    it('shows that rows are still to come, and what they are once they are there', async () => {
      let release = (): void => undefined;
      tables.held = new Promise((resolve) => (release = resolve));
      await row(0).focus();
      await view.press('End');
      const last = view.page.locator(`#rows > [data-index="${rows - 1}"]`);
      assert.equal(await last.getAttribute('aria-busy'), 'true');
      assert.equal(await last.getAttribute('aria-label'), 'Row 1000000 is being read');
      release();
      await inSight(rows - 1);
      assert.equal(await last.getAttribute('aria-busy'), null);
      assert.equal(await view.focused(), key(rows - 1));
    });
  });
});
