/** A million unmerged mappings in the stage-2 view of a real VS Code, by keyboard alone. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { samplesFolder } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('a million mappings in VS Code', function () {
  stepByStep(this);
  const folder = samplesFolder();
  copyFileSync('test/guests/mappings.elf', path.join(folder, 'mappings.elf'));
  const configuration = {
    ...{ name: 'mappings', type: 'trapline', request: 'launch', mode: 'machine' },
    // The guest stores to a page that its tables protect once all is mapped.
    ...{ program: '${workspaceFolder}/mappings.elf', stopOn: ['guest-page-fault-store'] },
  };
  const launch = { version: '0.2.0', configurations: [configuration] };
  writeFileSync(path.join(folder, '.vscode/launch.json'), JSON.stringify(launch));
  const rows = 1 << 20;
  const addressOf = (row: number) => `0x${(row * 4096).toString(16)}`;
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const view = () => code.webview('#filter[title^="Filter mappings"]');
  const waitFor = async (row: number) => {
    const found = (await view()).locator(`#rows > [data-key^="${addressOf(row)} "]:focus`);
    await found.waitFor();
    assert.equal(await found.getAttribute('aria-rowindex'), `${row + 2}`);
    assert.match((await found.getAttribute('aria-label')) ?? '', /4 KiB, mapped to 0x/);
  };

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(300);
    await code.setTheme('dark');
  });

  it('is open at its first row', async () => {
    await code.press('F5');
    await code.waitForStop();
    await code.press('Control+Shift+D');
    for (const title of ['Variables', 'Watch', 'Breakpoints', 'Call Stack', 'Exits', 'CSRs']) {
      await code.collapsePane(title);
    }
    await code.runCommand('Trapline: Find Mapping');
    const page = await view();
    await page.locator('#count', { hasText: '1,048,576 rows' }).waitFor();
    await page.locator('#filter:focus').waitFor();
    await code.press('ArrowDown');
    await waitFor(0);
    assert.ok((await page.locator('#rows > *').count()) < 200);
  });

  it('shows any place of it', async () => {
    await code.press('End');
    await waitFor(rows - 1);
    await code.press('ArrowUp');
    await waitFor(rows - 2);
    await code.press('Home');
    await waitFor(0);
    const page = await view();
    await page.locator('body').evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
    await page.locator('#rows > [data-key^="0x8002"]').first().waitFor();
  });

  it('finds an address that is typed, and explains it', async () => {
    await code.page.keyboard.type('0xabcdef12');
    const page = await view();
    await page.locator('#count', { hasText: /^1 of 1,048,576 rows/ }).waitFor();
    await code.press('ArrowDown');
    await page.locator('#rows > [data-key^="0xabcde000 "]:focus').waitFor();
    await code.press('Enter');
    await page.locator('#walkEnd.result').waitFor();
    const end = await page.locator('#walkEnd').innerText();
    assert.match(end, /0xabcde000 is at 0x12bcde000/);
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
