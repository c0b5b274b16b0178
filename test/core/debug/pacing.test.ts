import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LocalTarget } from '../../../src/core/debug/localTarget.ts';
import type { RunHost } from '../../../src/core/debug/runControl.ts';
import type { Pace } from '../../../src/core/machine/waitedTime.ts';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { machineOnTestEngine } from '../../engine.ts';
import { nodeRunHost } from '../../../src/worker/nodePort.ts';

const program = 'media/samples/machine-hello/machine-hello.elf';

/** Runs the sample to its end; it waits for three ticks of a tenth of a second. */
async function run(pace: Pace) {
  const config = parseLaunchConfig({ program, mode: 'machine' });
  const files = new Map([[program, new Uint8Array(readFileSync(program))]]);
  // A clock that only waiting moves, so that a busy machine measures the same.
  let clock = 0;
  const host: RunHost = {
    now: () => clock,
    yieldToHost: nodeRunHost.yieldToHost,
    async delay(milliseconds) {
      clock += milliseconds;
    },
  };
  const target = new LocalTarget(() => machineOnTestEngine(config, files), host, { pace });
  let text = '';
  const times: number[] = [];
  target.onConsole(({ bytes }) => {
    const added = Buffer.from(bytes).toString('latin1');
    text += added;
    for (const _ of added.matchAll(/tick/g)) times.push(clock);
  });
  const ended = new Promise((resolve) => target.onEnd(resolve));
  await target.resume({ kind: 'continue' });
  const end = await ended;
  return { end, text, times, statistics: await target.statistics() };
}

describe('pacing', () => {
  it('lets a second of the guest be one of the user, and changes nothing else', async () => {
    const [free, paced] = [await run('never'), await run('waits')];
    assert.deepEqual(paced.end, free.end);
    assert.equal(paced.text, free.text);
    assert.equal(paced.statistics.instructions, free.statistics.instructions);
    assert.deepEqual(free.times, [0, 0, 0]);
    // Ticks two and three come 200 ms after the first.
    const spread = paced.times.at(-1)! - paced.times[0]!;
    assert.equal(paced.times.length, 3);
    assert.ok(spread > 180 && spread < 220, `paced, the ticks are ${spread} ms apart`);
  });
});
