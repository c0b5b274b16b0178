/** VS Code's own buttons for going back, on a guest that has run to its end. */
import path from 'node:path';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('going back in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('machine-hello');
  const source = path.join(folder, 'machine-hello/main.c');
  const last = lineOf(source, 'finish(TEST_PASS)');
  const write = lineOf(source, 'progress.ticks++');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);
  const button = (name: string) => code.page.locator(`.debug-toolbar .codicon-debug-${name}`);

  before(async () => {
    const settings = { 'editor.stickyScroll.enabled': false };
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '', settings });
    await code.waitForTrapline();
    await code.setTheme('dark');
  });

  it('Reverse finds who wrote, Step Back goes line by line, Continue comes back to now', async () => {
    await code.openFile('machine-hello', 'main.c');
    await code.goToLine(Math.round((write + last) / 2));
    for (const line of [write, last]) await code.clickGutter(line);
    await code.press('F5');
    await code.waitForStoppedLine((line) => line === write);
    // Three ticks stop it before.
    for (let i = 0; i < 20 && (await code.stoppedLine()) !== last; i++) {
      await code.press('F5');
      await code.page.waitForTimeout(1500);
    }
    await code.waitForStoppedLine((line) => line === last);
    await button('reverse-continue').click();
    await code.waitForStoppedLine((line) => line === write);
    await code.waitForFrame('handle_trap');
    const editor = code.page.locator('.part.editor');
    await code.picture('reverse-dark', editor, editor);
    await button('step-back').click();
    await code.waitForStoppedLine((line) => line !== write);
    await code.press('F5');
    await code.waitForStoppedLine((line) => line === write);
    await code.press('F5');
    await code.waitForStoppedLine((line) => line === last);
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
