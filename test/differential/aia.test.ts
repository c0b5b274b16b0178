import assert from 'node:assert/strict';
import { AiaProgram, aiaDeviation, withAia } from './aia.ts';
import { compare, harness, runOnOurs, runOnQemu } from './harness.ts';

const rounds = Number(process.env.TRAPLINE_DIFFERENTIAL_ROUNDS ?? 1);
const seed = Number(process.env.TRAPLINE_DIFFERENTIAL_SEED ?? 1);

describe('random programs of the Advanced Interrupt Architecture', function () {
  this.timeout(120_000 * rounds);

  it('log the same on the newer QEMU', () => {
    for (let round = 0; round < 4 * rounds; round++) {
      const program = new AiaProgram(seed * 1000 + round, 400);
      const image = program.image(harness());
      const ours = runOnOurs(image, undefined, withAia, 'lockstep');
      const theirs = runOnQemu(image, withAia);
      const differences = compare(program, ours, theirs, aiaDeviation);
      assert.deepEqual(differences, [], `seed ${seed}, round ${round}`);
    }
  });
});
