/** What a session holds of memory and gives back, measured as `test/bench/memory.mjs` says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

interface Figures {
  readonly idle: number;
  readonly running: number;
  readonly closed: number;
  readonly runningAgain: number;
  readonly closedAgain: number;
}

/** MiB that a machine of 256 MiB may have resident, with the adapter and 10,000 regions. */
const most = 450;
/** Of what the guest wrote, and what goes back at the least. */
const touched = 200;
const noise = 50;

// The figures come from /proc.
if (process.platform === 'linux')
  describe('memory of a session', function () {
    this.timeout(300_000);

    it('stays within its bound, and goes back when the session is closed', () => {
      const run = spawnSync(process.execPath, ['test/bench/memory.mjs', '--json'], {
        encoding: 'utf8',
      });
      assert.equal(run.status, 0, run.stderr);
      const figures = JSON.parse(run.stdout) as Figures;
      console.log(`      ${run.stdout.trim()}`);
      const { running, closed, runningAgain, closedAgain } = figures;
      // The guest did write: otherwise nothing is measured.
      assert.ok(running > touched, `${running} MiB`);
      for (const each of [running, runningAgain]) assert.ok(each < most, `${each} MiB`);
      assert.ok(closed < running - touched, `${closed} MiB of ${running} are left`);
      assert.ok(closedAgain < closed + noise, `${closedAgain} MiB after ${closed}`);
    });
  });
