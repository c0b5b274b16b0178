/** The exits view and the policy of calls in a real VS Code, on the sample with a handler module. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('exits in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('vendor-sensor');
  const source = path.join(folder, 'vendor-sensor/main.c');
  const ecall = lineOf(source, '"ecall"');
  const reading = lineOf(source, 'print(name);');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const exits = () =>
    code.page.locator('.pane', { has: code.page.getByText('Exits', { exact: true }) });
  const row = (text: string | RegExp) =>
    exits().locator('[role=treeitem]', { hasText: text }).first();

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(250);
    await code.setTheme('dark');
  });

  it('the guest stops after the handler has answered', async () => {
    await code.openFile('vendor-sensor', 'main.c');
    await code.goToLine(reading);
    await code.clickGutter(reading);
    await code.press('F5');
    await code.waitForStop();
    await code.press('Control+Shift+D');
    assert.match(await code.waitForTerminal('2 sensors'), /2 sensors/);
  });

  it('the view lists the calls by kind, with rates, and the newest with their lines', async () => {
    for (const pane of ['Variables', 'Watch', 'Breakpoints', 'Call Stack']) {
      await code.collapsePane(pane);
    }
    await code.runCommand('Focus on Exits View');
    await row('per million instructions').waitFor();
    await row('sbi').click();
    await row(/vendor extension 0x9000001 function 2.*SUCCESS, 0xd4e4/).waitFor();
    assert.match(await row('function 2').innerText(), new RegExp(`main\\.c:${ecall} · hart 0 · @`));
    await code.screenshot('exits-dark');
  });

  it('a filter leaves what has its words', async () => {
    await code.runCommand('Trapline: Filter Exits');
    await code.page.locator('.quick-input-widget input').fill('BASE probe');
    await code.press('Enter');
    await row('BASE probe_extension').waitFor();
    await exits()
      .locator('[role=treeitem]', { hasText: 'DBCN' })
      .first()
      .waitFor({ state: 'detached' });
  });

  it('the policy shows who answers, and may be changed', async () => {
    await code.runCommand('Trapline: Show Call Policy');
    const option = (text: string) =>
      code.page.locator('.quick-input-list [role=option]', { hasText: text }).first();
    await code.page.getByText('Who answers which call').waitFor();
    await code.page.locator('.quick-input-widget input').fill('DBCN');
    await option('DBCN (0x4442434e)').waitFor();
    assert.match(await option('DBCN (0x4442434e)').innerText(), /forward · SBI console/);
    await option('DBCN (0x4442434e)').click();
    await option('deny').click();
    await code.runCommand('Trapline: Show Call Policy');
    await code.page.getByText('Who answers which call').waitFor();
    await code.page.locator('.quick-input-widget input').fill('DBCN');
    await option('changed here').waitFor();
    assert.match(await option('changed here').innerText(), /deny · NOT_SUPPORTED/);
    await code.press('Escape');
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
