/** What a stop shows in a real VS Code: a fault explained, commands, a stack through a trap. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('stops in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('hello-dbcn');
  const file = path.join(folder, '.vscode/launch.json');
  const launch = JSON.parse(readFileSync(file, 'utf8'));
  launch.configurations[0].stopOn = ['guest-page-fault-store'];
  writeFileSync(file, JSON.stringify(launch));
  const source = path.join(folder, 'hello-dbcn/main.c');
  const handler = lineOf(path.join(folder, 'hello-dbcn/timer.c'), 'timer_ticks++');
  const entry = lineOf(source, 'void kernel_main(');
  const planets = lineOf(source, 'moons += p->moons');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const typed = async (text: string) => {
    await code.page.locator('.repl-input-wrapper .monaco-editor').click();
    await code.page.keyboard.type(text);
    await code.press('Enter');
  };

  before(async () => {
    const settings = { 'editor.stickyScroll.enabled': false };
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '', settings });
    await code.waitForTrapline();
    await code.widenSideBar(170);
    await code.setTheme('dark');
  });

  it('a guest-page fault is explained where it happened', async () => {
    await code.openFile('hello-dbcn', 'main.c');
    await code.goToLine(planets);
    await code.clickGutter(planets);
    await code.press('F5');
    await code.waitForTerminal('What is your name?');
    await code.typeInTerminal('Ada');
    await code.press('Enter');
    await code.waitForStop();
    const widget = code.page.locator('.exception-widget');
    await widget.waitFor();
    assert.match(await widget.innerText(), /guest-page fault of 0x[\s\S]*V \(bit 0\) is 0/);
    await code.picture('guest-page-fault-dark', code.page.locator('.part.editor'), widget);
  });

  it('the debug console walks an address and links the stack', async () => {
    await code.press('Control+Shift+Y');
    await typed('walk 0x10000000 store');
    await code.page.locator('.repl .expression', { hasText: 'refused' }).first().waitFor();
    await typed('csr vsatp');
    await typed('bt');
    await code.page.locator('.repl', { hasText: 'touch_memory' }).first().waitFor();
    const panel = code.page.locator('.part.panel');
    await code.picture('debug-console-dark', panel, panel.locator('.repl-input-wrapper'));
    // These are links to files of the machine that shows VS Code, which a browser has none of.
    const linked = (text: RegExp) => code.page.locator('.repl a', { hasText: text }).first();
    await linked(/\/start\.S:\d+$/).waitFor();
    await typed('csr vstvec');
    await linked(/\/trap\.S:\d+$/).waitFor();
    // This one asks the adapter.
    await typed('p kernel_main');
    await linked(/<kernel_main>/).click({ modifiers: ['Control'] });
    const position = code.page.locator('#status\\.editor\\.selection');
    await position.filter({ hasText: `Ln ${entry},` }).waitFor();
  });

  it('C values and the stack in the side bar', async () => {
    await code.press('F5');
    await code.waitForStoppedLine((line) => line === planets);
    await code.press('Control+Shift+D');
    await code.waitForFrame('run_planets');
    const locals = code.page.locator('.debug-variables [role=treeitem]', { hasText: 'distance' });
    const scope = code.page.locator('.debug-variables [role=treeitem]', { hasText: 'Locals' });
    if ((await locals.count()) === 0) await scope.first().click();
    await locals.first().waitFor();
    const pane = (name: string) => code.page.locator(`.debug-${name}`);
    await code.picture('variables-dark', pane('variables'), pane('call-stack'));
  });

  it('the stack goes on through the trap that interrupted it', async () => {
    await code.press('Control+Shift+E');
    await code.openFile('hello-dbcn', 'timer.c');
    await code.goToLine(handler);
    await code.clickGutter(handler);
    // Four planets stop it before.
    for (let i = 0; i < 40 && !(await code.callStack()).includes('handle_trap'); i++) {
      await code.press('F5');
      await code.page.waitForTimeout(1000);
    }
    await code.waitForFrame('handle_trap');
    await code.waitForFrame('-> taken from VS-mode');
    const rows = code.page.locator('.debug-call-stack .monaco-list-row');
    await code.picture('trap-stack-dark', code.page.locator('.debug-call-stack'), rows.last());
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
