/** A call that nobody answers, answered by hand in a real VS Code. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('answering a call by hand in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('unknown-call');
  const ecall = lineOf(path.join(folder, 'unknown-call/main.c'), '"ecall"');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);

  before(async () => {
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    await code.waitForTrapline();
    await code.widenSideBar(120);
    await code.setTheme('dark');
  });

  it('the guest stops on its ecall, and a message says why', async () => {
    await code.press('F5');
    await code.waitForStop();
    await code.press('Control+Shift+D');
    const message = code.page.locator('.notification-toast', { hasText: 'nobody to answer it' });
    await message.waitFor();
    assert.match(await message.innerText(), /0x8000042 function 7\(a0=6, a1=9/);
    assert.equal(await code.waitForStoppedLine((line) => line === ecall), ecall);
  });

  it('Answer… lists what the guest may be given', async () => {
    const toast = code.page.locator('.notification-toast', { hasText: 'nobody to answer it' });
    await toast.locator('.monaco-button', { hasText: 'Answer…' }).click();
    const options = code.page.locator('.quick-input-list [role=option]');
    await options.first().waitFor();
    const labels = await options.allInnerTexts();
    assert.match(labels[0] ?? '', /Answer with a value…/);
    assert.ok(labels.some((label) => /Deny from now on/.test(label)));
    assert.ok(labels.some((label) => /INVALID_PARAM/.test(label)));
    await code.screenshot('answer-call-dark');
  });

  it('an expression is the value, and the guest goes on with it', async () => {
    await code.press('Enter');
    const input = code.page.locator('.quick-input-widget input');
    await code.page.locator('.quick-input-message', { hasText: 'The value that' }).waitFor();
    await input.fill('$a0 * $a1');
    await code.press('Enter');
    await code.waitForTerminal('error 0, value 54');
    await code.waitForEnd();
  });

  it('a handler module is written for the call', async () => {
    await code.press('F5');
    await code.waitForStop();
    await code.runCommand('Trapline: Create Call Handlers');
    const input = code.page.locator('.quick-input-widget input');
    await code.page.locator('.quick-input-title', { hasText: 'answers calls' }).waitFor();
    while (!(await input.inputValue()).endsWith('handlers.ts')) await code.page.waitForTimeout(100);
    await code.press('Enter');
    await code.page.locator('.tab.active', { hasText: 'handlers.ts' }).waitFor();
    const module = readFileSync(path.join(folder, 'handlers.ts'), 'utf8');
    assert.match(module, /export function x08000042_7\(call: Call, _guest: Guest\): Answer/);
    assert.ok(existsSync(path.join(folder, 'trapline.d.ts')), 'its types lie beside it');
    await code.screenshot('create-handlers-dark');
  });

  it('the debug console answers too', async () => {
    await code.runCommand('Debug Console: Focus on Debug Console View');
    await code.page.keyboard.type('answer error=DENIED', { delay: 10 });
    await code.press('Enter');
    await code.waitForEnd();
    await code.runCommand('Terminal: Focus Terminal');
    await code.waitForTerminal('error -4');
  });
});
