/** Random programs on our machine and on QEMU. `README.md` says how to run more of them. */
import assert from 'node:assert/strict';
import { compare, harness, runOnOurs, runOnQemu, type Deviation } from './harness.ts';
import { instructionDeviation, instructionProgram } from './instructions.ts';
import { Random } from './random.ts';
import type { Program } from './program.ts';

const seed = Number(process.env['TRAPLINE_DIFFERENTIAL_SEED'] ?? 1);
const rounds = Number(process.env['TRAPLINE_DIFFERENTIAL_ROUNDS'] ?? 1);

function check(
  name: string,
  programs: number,
  make: (random: Random) => Program,
  deviates: Deviation,
): void {
  it(`${name}, seed ${seed}`, function () {
    this.timeout(0);
    let tests = 0;
    for (let round = 0; round < programs * rounds; round++) {
      const own = seed * 1_000_003 + round;
      const program = make(new Random(own));
      const image = program.image(harness());
      const differences = compare(program, runOnOurs(image), runOnQemu(image), deviates);
      assert.deepEqual(differences, [], `program ${own}\n${differences.join('\n')}`);
      tests += program.tests.length - 1;
    }
    console.log(`      ${tests} tests compared`);
  });
}

describe('differential', () => {
  check(
    'instructions of M-mode',
    4,
    (random) => instructionProgram(random, 4000),
    instructionDeviation,
  );
});
