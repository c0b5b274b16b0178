/** Variables of a Rust program in a real VS Code: enumerations, slices, options as Rust writes them. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildProgram, programs } from '../../gdb/comparison/programs.ts';
import { folderFor, lineOf } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('Rust in VS Code', function () {
  stepByStep(this);
  const folder = folderFor('hello-dbcn');
  const source = path.join(folder, 'program.rs');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);

  before(async () => {
    const wanted = programs.find(({ name }) => name === 'Rust -O0');
    assert.ok(wanted);
    cpSync('test/gdb/comparison/guests/program.rs', source);
    const program = buildProgram(wanted);
    cpSync(program, path.join(folder, 'rust.elf'));
    const guest = { type: 'trapline', request: 'launch', name: 'Rust', mode: 'machine' };
    const sourceMap = { [path.resolve('test/gdb/comparison/guests')]: folder };
    mkdirSync(path.join(folder, '.vscode'), { recursive: true });
    writeFileSync(
      path.join(folder, '.vscode/launch.json'),
      JSON.stringify({
        version: '0.2.0',
        configurations: [{ ...guest, program: '${workspaceFolder}/rust.elf', sourceMap }],
      }),
    );
    const settings = {
      'editor.stickyScroll.enabled': false,
    };
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '', settings });
    await code.waitForTrapline();
    await code.widenSideBar(170);
    await code.setTheme('dark');
  });

  it('values are written as Rust writes them', async () => {
    const line = lineOf(source, 'result += parsed.unwrap_or(0)');
    await code.openFile('program.rs');
    await code.goToLine(line);
    await code.clickGutter(line);
    await code.press('F5');
    await code.waitForStoppedLine((stopped) => stopped === line);
    await code.press('Control+Shift+D');
    await code.waitForFrame('main');
    const row = (text: string) =>
      code.page.locator('.debug-variables [role=treeitem]', { hasText: text }).first();
    // The variables need the room of the other parts.
    for (const other of ['Watch', 'Call Stack', 'Breakpoints']) {
      await code.page.locator('.pane-header', { hasText: other }).first().click();
    }
    if ((await row('failed').count()) === 0) await row('Locals').click();
    await row('failed').waitFor();
    assert.match(await row('failed').innerText(), /Err/);
    assert.match(await row('parsed').innerText(), /Ok[^]*1234/);
    await code.picture('rust-variables-dark', code.page.locator('.debug-variables'), row('seen'));
    await code.press('Shift+F5');
    await code.waitForEnd();
  });
});
