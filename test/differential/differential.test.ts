/** Random programs on our machine and on QEMU. `README.md` says how to run more of them. */
import assert from 'node:assert/strict';
import {
  compare,
  defaultProcessor,
  harness,
  runOnOurs,
  runOnQemu,
  type Deviation,
} from './harness.ts';
import { floatDeviation } from './floats.ts';
import {
  instructionDeviation,
  instructionProgram,
  rowsOf,
  withoutTransformation,
} from './instructions.ts';
import {
  of32Bits,
  of32BitsLater,
  of32BitsWithFloats,
  withFloats,
  withIntegerExtensions,
  withPageTables,
} from './processors.ts';
import {
  newerPagingDeviation,
  oneStageProgram,
  pagingDeviation,
  twoStageProgram,
} from './paging.ts';
import { Random } from './random.ts';
import type { Program } from './program.ts';

const seed = Number(process.env['TRAPLINE_DIFFERENTIAL_SEED'] ?? 1);
const rounds = Number(process.env['TRAPLINE_DIFFERENTIAL_ROUNDS'] ?? 1);

function check(
  name: string,
  programs: number,
  make: (random: Random) => Program,
  deviates: Deviation,
  processor = defaultProcessor,
): void {
  it(`${name}, seed ${seed}`, function () {
    this.timeout(0);
    let tests = 0;
    for (let round = 0; round < programs * rounds; round++) {
      const own = seed * 1_000_003 + round;
      const program = make(new Random(own));
      const image = program.image(harness(processor.xlen));
      // Interpreted and translated, compared with each other as far as a debugger can see.
      const ours = runOnOurs(image, undefined, processor, 'lockstep');
      const differences = compare(program, ours, runOnQemu(image, processor), deviates);
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
  // QEMU 7.2 counts on into the upper word, where the manual has "if the least-significant word is
  // 0, the operation returns 32" (Zbb, ctzw); test/core/isa/riscv/integerModels.test.ts has it.
  const extended = rowsOf(withIntegerExtensions.isa).filter(
    (row) => !rowsOf(defaultProcessor.isa).includes(row) && row.mnemonic !== 'ctzw',
  );
  check(
    `${extended.length} rows of the integer extensions that QEMU has`,
    3,
    (random) => instructionProgram(random, 4000, extended),
    instructionDeviation,
    withIntegerExtensions,
  );
  const floats = rowsOf(withFloats.isa).filter(
    (row) => !rowsOf(defaultProcessor.isa).includes(row),
  );
  check(
    `${floats.length} rows of floating point`,
    3,
    (random) => instructionProgram(random, 2500, floats),
    floatDeviation,
    withFloats,
  );
  const narrow = rowsOf(of32Bits.isa);
  check(
    `${narrow.length} rows of RV32`,
    4,
    (random) => instructionProgram(random, 4000, narrow, 32),
    instructionDeviation,
    of32Bits,
  );
  const narrowFloats = rowsOf(of32BitsWithFloats.isa).filter((row) => !narrow.includes(row));
  check(
    `${narrowFloats.length} rows of floating point of RV32`,
    2,
    (random) => instructionProgram(random, 2500, narrowFloats, 32),
    floatDeviation,
    of32BitsWithFloats,
  );
  const later = rowsOf(of32BitsLater.isa).filter(
    (row) => !narrow.includes(row) && !narrowFloats.includes(row),
  );
  check(
    `${later.length} further rows of RV32, on the newer QEMU`,
    2,
    (random) => instructionProgram(random, 3000, later, 32),
    (...records) => floatDeviation(...records) || withoutTransformation(...records),
    of32BitsLater,
  );
  check('one stage of translation', 3, (random) => oneStageProgram(random, 1000), pagingDeviation);
  check('two stages of translation', 3, (random) => twoStageProgram(random, 1000), pagingDeviation);
  check(
    'one stage with Svadu, Svnapot and Svpbmt, on the newer QEMU',
    3,
    (random) => oneStageProgram(random, 1000, 'all'),
    newerPagingDeviation,
    withPageTables,
  );
  check(
    'two stages with Svadu, Svnapot and Svpbmt, on the newer QEMU',
    3,
    (random) => twoStageProgram(random, 1000, 'all'),
    newerPagingDeviation,
    withPageTables,
  );
});
