/** Which pages a guest writes, in the stage-2 view of a real VS Code. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep, stopAtLine } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('the dirty log in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('hello-dbcn');
  const source = path.join(folder, 'hello-dbcn/main.c');
  const touch = lineOf(source, 'unsigned long sum = touch_memory();');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const view = () => code.webview('#filter[title^="Filter mappings"]');
  const pane = () =>
    code.page.locator('.pane', { has: code.page.locator('[aria-label^="Stage-2 Mappings"]') });
  const rows = async () => (await view()).locator('#rows [data-key]').allInnerTexts();

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(300);
    await code.setTheme('dark');
  });

  it('memory is mapped in large pages that can be written', async () => {
    await stopAtLine(code, touch);
    await code.press('Control+Shift+D');
    for (const title of ['Variables', 'Watch', 'Breakpoints', 'Call Stack', 'Exits']) {
      await code.collapsePane(title);
    }
    await code.runCommand('Trapline: Find Mapping');
    await (await view()).locator('#rows [data-key]').first().waitFor();
    assert.match((await rows()).join('\n'), /2 MiB\s+rwxu/);
    await code.picture('dirty-log-before', pane(), (await view()).locator('#rows'));
  });

  it('once stores are logged, pages of 4 KiB are split off where the guest writes', async () => {
    const page = await view();
    await page.locator('#logDirty').click();
    await page.locator('#count', { hasText: '0 pages written' }).waitFor();
    assert.doesNotMatch((await rows()).join('\n'), /rwx/);
    await code.press('F10');
    await page.locator('#count', { hasText: /[1-9]\d* pages written/ }).waitFor();
    assert.match((await rows()).join('\n'), /4 KiB\s+rwxu/);
    assert.match((await rows()).join('\n'), /2 MiB\s+r-xu/);
    await code.picture('dirty-log-after', pane(), page.locator('#rows'));
  });

  it('cleared, nothing is written; stopped, pages are large again', async () => {
    const page = await view();
    await page.locator('#clearDirty').click();
    await page.locator('#count', { hasText: '0 pages written' }).waitFor();
    await code.runCommand('Trapline: Log Writes: Start or Stop');
    await page.locator('#logDirty[aria-pressed=false]').waitFor();
    await page.locator('#count:not(:has-text("written"))').waitFor();
    assert.doesNotMatch((await rows()).join('\n'), /4 KiB/);
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
