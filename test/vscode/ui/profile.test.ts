/** What `trapline run --profile` writes, in VS Code's own view of profiles. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { hotAndWarm } from '../../cli/hotAndWarm.ts';
import { assemble } from '../../cli/trapline.ts';
import { samplesFolder } from '../harness/samples.ts';
import { closeAtEnd, stepByStep } from '../harness/steps.ts';
import { Workbench } from '../harness/workbench.ts';

describe("a guest's profile in VS Code", function () {
  stepByStep(this);
  const folder = samplesFolder();
  let code: Workbench;
  closeAtEnd(this, folder, () => code);

  before(async () => {
    const file = path.join(folder, 'guest.cpuprofile');
    const program = assemble(folder, 'guest', hotAndWarm, 0x80000000);
    const args = ['--mode', 'machine', '--engine', 'jit', '--profile', file, program];
    const run = spawnSync(process.execPath, ['dist/cli.cjs', 'run', ...args], { encoding: 'utf8' });
    assert.match(run.stderr, /profile written/);
    code = await Workbench.open({ folder, vsix: process.env.TRAPLINE_VSIX ?? '' });
    // VS Code has all extensions then, its own among them.
    await code.waitForTrapline();
  });

  /** The table's rows as text, each its times, its function and its place. */
  async function rowsOf(name: string): Promise<string> {
    await code.openTab(name);
    const table = await code.webview('text=Self Time');
    await table.getByText('hot', { exact: true }).first().waitFor();
    return table.locator('body').innerText();
  }
  /** With the line of the source that the function begins in. */
  const row = (name: string) => new RegExp(`ms\\n${name}\\n\\S*guest\\.S:\\d+`);

  it("the guest's functions by their instructions, the busiest first", async () => {
    const rows = await rowsOf('guest.instructions.cpuprofile');
    const places = ['hot', 'warm', '_start'].map((name) => rows.search(row(name)));
    assert.ok(places[0]! >= 0, rows);
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  });

  it('and by the time of the host', async () => {
    assert.match(await rowsOf('guest.cpuprofile'), row('hot'));
  });
});
