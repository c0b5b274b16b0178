/** F5 on the sample workspace in a real VS Code, with the packaged VSIX, by keys and clicks. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { lineOf, samplesFolder } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('hello-dbcn in VS Code', function () {
  stepByStep(this);
  const folder = samplesFolder();
  const source = path.join(folder, 'hello-dbcn/main.c');
  const visit = lineOf(source, 'p->visited = 1;');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(170);
  });

  it('tells how long it took to activate', async () => {
    const milliseconds = await code.activationTime('Trapline');
    assert.ok(milliseconds > 0);
    // A figure to read: how fast a shared machine is at this moment is nothing to fail for.
    console.log(`      activation: ${milliseconds} ms`);
  });

  it('a click in the gutter sets a breakpoint', async () => {
    await code.openFile('hello-dbcn', 'main.c');
    await code.goToLine(visit);
    await code.clickGutter(visit);
  });

  it('F5 runs the guest and its console is in the terminal', async () => {
    await code.press('F5');
    const text = await code.waitForTerminal('What is your name?');
    assert.match(text, /Hello from supervisor mode, SBI \d+\.\d+/);
  });

  it('the console takes what is typed', async () => {
    await code.typeInTerminal('Ada');
    await code.press('Enter');
    await code.waitForTerminal('Nice to meet you, Ada!');
  });

  it('the breakpoint binds and stops the guest', async () => {
    await code.waitForStop();
    await code.waitForBoundBreakpoint();
    assert.equal(await code.waitForStoppedLine((line) => line === visit), visit);
    // VS Code shows the first frame at once and asks for the others after it.
    await code.waitForFrame('kernel_main');
    assert.deepEqual((await code.callStack()).slice(0, 2), ['run_planets', 'kernel_main']);
  });

  it('F10 steps to the next line', async () => {
    await code.press('F10');
    assert.equal(await code.waitForStoppedLine((line) => line !== visit), visit + 1);
  });

  it('the CSRs view shows the fields of a register', async () => {
    await code.runCommand('Trapline: Find CSR');
    const view = await code.webview('#filter[title^="Filter CSRs"]');
    await view.locator('#filter').fill('vsatp MODE');
    const field = view.locator('[data-key="vsatp.MODE"]');
    await field.waitFor();
    assert.match(await field.innerText(), /Sv39/);
  });

  it('the Stage-2 mappings view shows where the image lies', async () => {
    await code.runCommand('Trapline: Find Mapping');
    const view = await code.webview('#filter[title^="Filter mappings"]');
    await view.locator('#filter').fill('0x80200000');
    const row = view.locator('#rows [data-key]').first();
    await row.waitFor();
    const text = await row.innerText();
    assert.match(text, /0x80[0-9a-f]{6}–0x[0-9a-f]+/);
    assert.match(text, /r[w-]x/);
  });

  it('looks tidy in a light and a dark theme', async () => {
    await code.runCommand('Trapline: Find CSR');
    await (await code.webview('#filter[title^="Filter CSRs"]')).locator('#filter').fill('vsatp');
    await code.runCommand('Trapline: Find Mapping');
    await (await code.webview('#filter[title^="Filter mappings"]')).locator('#filter').fill('');
    for (const pane of ['Watch', 'Loaded Scripts', 'Breakpoints', 'Call Stack']) {
      await code.collapsePane(pane);
    }
    for (const theme of ['light', 'dark'] as const) {
      await code.setTheme(theme);
      await code.screenshot(`hello-dbcn-${theme}`);
    }
  });

  it('Shift+F5 stops the session', async () => {
    await code.press('Shift+F5');
    await code.waitForEnd();
    await code.waitForTerminal('ended');
  });

  it('F5 starts it again', async () => {
    await code.press('F5');
    await code.debugToolbar.waitFor();
    await code.waitForTerminal(/guest started[^]*What is your name\?/);
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
