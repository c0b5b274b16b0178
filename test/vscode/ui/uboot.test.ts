/** F5 on firmware that nobody here wrote: Debian's U-Boot in S-mode, under our hypervisor. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianPackage } from '../../tools/debian.mjs';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe('U-Boot in VS Code', function () {
  this.timeout(180_000);
  stepByStep(this);
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'trapline-')), 'u-boot');
  let code: Workbench;
  closeAtEnd(this, folder, () => code);

  before(async () => {
    const files = path.join(debianPackage('trixie', 'u-boot-qemu'), 'usr/lib/u-boot');
    mkdirSync(path.join(folder, '.vscode'), { recursive: true });
    copyFileSync(
      path.join(files, 'qemu-riscv64_smode/u-boot.bin'),
      path.join(folder, 'u-boot.bin'),
    );

    const configuration = {
      name: 'U-Boot',
      type: 'trapline',
      request: 'launch',
      program: '${workspaceFolder}/u-boot.bin',
    };
    writeFileSync(
      path.join(folder, '.vscode/launch.json'),
      JSON.stringify({ version: '0.2.0', configurations: [configuration] }),
    );
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
  });

  it('F5 boots it', async () => {
    await code.widenSideBar(170);
    await code.startDebugging();
    const text = await code.waitForTerminal(/Hit any key to stop autoboot|=>/, 60_000);
    if (!text.includes('=>')) await code.typeInTerminal(' ');
    // Without a key it finds nothing to boot from and comes to its prompt all the same.
    await code.waitForTerminal('=>', 60_000);
  });

  it('its exits are counted and listed while it runs', async () => {
    for (const pane of ['Variables', 'Watch', 'Breakpoints', 'Call Stack']) {
      await code.collapsePane(pane);
    }
    await code.widenSideBar(150);
    await code.runCommand('Focus on Exits View');
    const exits = code.page.locator('.pane', {
      has: code.page.getByText('Exits', { exact: true }),
    });
    const row = (text: string | RegExp) =>
      exits.locator('[role=treeitem]', { hasText: text }).first();
    await row(/^\s*mmio/).waitFor();
    await row(/^\s*sbi/).click();
    await row(/BASE probe_extension\(.*→ SUCCESS/).waitFor();
    await row(/^\s*guest-page-fault/).click();
    await row(/at 0x.*: 2 MiB page/).waitFor();
    const count = async () => Number(/(\d+) ·/.exec(await row(/^\s*mmio/).innerText())?.[1]);
    const before = await count();
    // U-Boot looks for a key all the time, at its UART.
    while ((await count()) <= before) await code.page.waitForTimeout(200);
    await code.setTheme('dark');
    await code.picture('exits-u-boot-dark', exits, row('BASE probe_extension'));
    await code.widenSideBar(-150);
    await code.collapsePane('Exits');
    await code.runCommand('Focus on Call Stack View');
  });

  it('it answers at its prompt', async () => {
    await code.typeInTerminal('version');
    await code.press('Enter');
    const text = await code.waitForTerminal(/=> version\s+U-Boot [^]*=>/);
    // What it says is what its makers put into the image.
    const image = readFileSync(path.join(folder, 'u-boot.bin'), 'latin1');
    const version = /U-Boot 20\d\d\.\d\d[^\0\n]*/.exec(image)?.[0];
    assert.ok(version && text.split('=> version')[1]?.includes(version), `${version} in ${text}`);
  });

  it('pausing it shows where its memory lies', async () => {
    await code.press('F6');
    await code.waitForFrame('');
    await code.runCommand('Trapline: Find Mapping');
    const view = await code.webview('#filter[title^="Filter mappings"]');
    const row = view.locator('#rows [data-key]').first();
    await row.waitFor();
    assert.match(await row.innerText(), /0x80[0-9a-f]{6}–0x80[0-9a-f]{6}/);
  });

  it('looks tidy in a light and a dark theme', async () => {
    for (const pane of ['Watch', 'Variables', 'Breakpoints']) await code.collapsePane(pane);
    for (const theme of ['light', 'dark'] as const) {
      await code.setTheme(theme);
      await code.screenshot(`u-boot-${theme}`);
    }
  });

  it('poweroff ends the session', async () => {
    await code.press('F5');
    await code.typeInTerminal('poweroff');
    await code.press('Enter');
    await code.waitForTerminal('exit code 0');
    await code.waitForEnd();
  });
});
