/** The loop between a machine and the world outside, on a toy machine that is right by looking at it. */
import assert from 'node:assert/strict';
import { Consoles } from '../../src/cli/console.ts';
import { drive, type DriveOptions, type Outcome } from '../../src/cli/drive.ts';
import { toy, ToyMachine } from '../core/debug/toyMachine.ts';

async function run(
  program: readonly number[][],
  options: Partial<DriveOptions> = {},
): Promise<Outcome & { said: string[]; milliseconds: number }> {
  const machine = new ToyMachine(program);
  machine.millisecondsPerInstruction = 10;
  const consoles = new Consoles(machine.consoles);
  await consoles.open([{ kind: 'none' }]);
  const said: string[] = [];
  const start = performance.now();
  const outcome = await drive(machine, consoles, {
    maxInstructions: undefined,
    timeout: undefined,
    pace: 'never',
    onlooker: undefined,
    say: (line) => said.push(line),
    ...options,
  });
  return { ...outcome, said, milliseconds: performance.now() - start };
}

describe('drive', () => {
  it('ends with the code of the guest', async () => {
    const { end } = await run([toy('nop'), toy('halt', 7)]);
    assert.deepEqual(end, { reason: 'shutdown', code: 7, text: 'halted with 7' });
  });

  it('says what happened and goes on', async () => {
    const { end, said } = await run([toy('event', 3), toy('event', 4), toy('halt', 0)]);
    assert.deepEqual(said, ['call 3', 'call 4']);
    assert.equal(end.code, 0);
  });

  it('ends a guest that waits for what cannot come', async () => {
    const { end } = await run([toy('wait'), toy('halt', 0)]);
    assert.equal(end.code, 125);
  });

  it('ends at the time limit', async () => {
    const { end, milliseconds } = await run([toy('jump', 0, 0, 0)], { timeout: 0.2 });
    assert.deepEqual([end.reason, end.code], ['limit', 124]);
    assert.ok(milliseconds >= 200 && milliseconds < 2000, `${milliseconds} ms`);
  });
});
