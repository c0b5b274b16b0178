/** The page of the CSRs view in a browser: what a keyboard reaches, what an update leaves alone. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { csrs, register } from './contents.ts';
import { View } from './view.ts';

describe('page of the CSRs view', () => {
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
