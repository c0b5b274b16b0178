/** The CSRs and the stage-2 view with an address explained, in a real VS Code. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep, stopAtLine } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('the views of a machine in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('hello-dbcn');
  const source = path.join(folder, 'hello-dbcn/main.c');
  const touch = lineOf(source, 'unsigned long sum = touch_memory();');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const mappings = () => code.webview('#filter[title^="Filter mappings"]');
  const csrs = () => code.webview('#filter[title^="Filter CSRs"]');
  const pane = (label: string) =>
    code.page.locator('.pane', { has: code.page.locator(`[aria-label^="${label}"]`) });

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(300);
    await code.setTheme('dark');
  });

  it('an address is explained from the palette, without a mouse', async () => {
    await stopAtLine(code, touch);
    await code.press('Control+Shift+D');
    for (const title of ['Variables', 'Watch', 'Breakpoints', 'Call Stack', 'Exits', 'CSRs']) {
      await code.collapsePane(title);
    }
    await code.runCommand('Trapline: Explain Address');
    const page = await mappings();
    await page.locator('#address:focus').waitFor();
    await code.page.keyboard.type('&planets');
    await code.press('Enter');
    await page.locator('#walkEnd.result').waitFor();
    assert.match(await page.locator('#walkEnd').innerText(), /^0x80\w+ is at 0x100\w+$/);
    const stages = await page.locator('#walkSteps .stage').allInnerTexts();
    assert.deepEqual(
      stages.map((stage) => stage.trim()),
      ['G', 'G', 'VS', 'G', 'G', 'VS', 'G', 'G'].map((stage) => `${stage}-stage`).concat('memory'),
    );
  });

  it('the bit that refuses is marked', async () => {
    const page = await mappings();
    await page.locator('#address').fill('0x10000000');
    await page.locator('#access').selectOption('store');
    await page.locator('#walkEnd.refused').waitFor();
    assert.match(await page.locator('#walkEnd').innerText(), /V \(bit 0\) is 0.*Privileged/);
    assert.deepEqual(await page.locator('.refuses').allInnerTexts(), ['V']);
    await code.picture('explain-address-dark', pane('Stage-2 Mappings'), page.locator('#rows'));
    await code.setTheme('light');
    await code.picture('explain-address-light', pane('Stage-2 Mappings'), page.locator('#rows'));
    await code.setTheme('dark');
    await page.locator('#walkClose').click();
    await page.locator('#walk').waitFor({ state: 'hidden' });
  });

  it('control registers: pinned, with named fields, and the levels side by side', async () => {
    await code.collapsePane('Stage-2 Mappings');
    await code.runCommand('Trapline: Find CSR');
    const page = await csrs();
    await page.locator('#filter').fill('vsatp');
    await page.locator('[data-key="vsatp"]').focus();
    await code.page.keyboard.press('p');
    await code.page.keyboard.press('ArrowRight');
    await page.locator('[data-key="group Pinned"]').waitFor();
    await page.locator('#filter').fill('');
    await page.locator('#sideBySide').click();
    const status = page.locator('[data-key^="group "]', { hasText: 'mstatus · hstatus' });
    await status.waitFor();
    const mode = page.locator('[data-key="vsatp.MODE"]');
    assert.match((await mode.getAttribute('aria-label')) ?? '', /Sv39/);
    await code.press('F10');
    await page.locator('.register.changed').first().waitFor();
    const last = page.locator('#rows > *').nth(16);
    await code.picture('csrs-dark', pane('CSRs'), last);
  });
});
