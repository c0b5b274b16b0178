/** Branches over a few instructions that only compute, which regions do without a branch. */
import assert from 'node:assert/strict';
import { Random } from '../../differential/random.ts';
import { eagerTranslation, ramBase, rig } from '../isa/riscv/rig.ts';
import { runAlike } from './bothEngines.ts';

const names = ['a0', 'a1', 'a2', 'a3', 's2', 's3'];
const operations = ['add', 'sub', 'xor', 'and', 'sll', 'sra', 'slt', 'mul', 'max', 'sh1add'];
const wordOperations = ['addw', 'subw', 'sllw', 'sraw', 'mulw'];
/** Not among what is skipped without a branch: it is long, or leaves. */
const others = ['divu a1, a1, a2', 'lw a2, 0(s0)', 'sw a3, 4(s0)', 'amoadd.w a0, a1, (s0)'];
const branches = ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu'];

function operation(random: Random, xlen: 32 | 64): string {
  const [rd, rs1, rs2] = [names, names, names].map((list) => random.pick(list));
  switch (random.below(6)) {
    case 0:
      return `mv ${rd}, ${rs1}`;
    case 1:
      return `li ${rd}, ${random.below(4096) - 2048}`;
    case 2:
      return `auipc ${rd}, ${random.below(16)}`;
    case 3:
      return `addi ${rd}, ${rs1}, ${random.below(4096) - 2048}`;
    default: {
      const list = xlen === 64 && random.below(2) === 0 ? wordOperations : operations;
      return `${random.pick(list)} ${rd}, ${rs1}, ${rs2}`;
    }
  }
}

/** A loop of such branches, one behind the other, with what they are mixed with in real code. */
function program(random: Random, xlen: 32 | 64): string {
  const parts = Array.from({ length: 8 }, (_, i) => {
    const body = Array.from({ length: 1 + random.below(4) }, () => operation(random, xlen));
    if (random.below(4) === 0) body.push(random.pick(others));
    const [a, b] = [random.pick(names), random.pick([...names, 'x0'])];
    return `${random.pick(branches)} ${a}, ${b}, l${i}
  ${body.join('\n  ')}
l${i}:
  ${random.below(2) === 0 ? operation(random, xlen) : random.pick(others)}
  xor a0, a0, s1`;
  });
  return `
_start:
  la s0, data
  li s1, 0
again:
  addi s1, s1, 1
  ${parts.join('\n  ')}
  j again
  .balign 64
data: .dword 0x0123456789abcdef, -2
`;
}

/** CRC-16/ARC of s1 bytes at s0, bit by bit, in a0; then it says so in a1 and stays. */
const crc = `
  .option norvc
_start:
  la s0, text
  li s1, 9
  li a0, 0
  li s3, 0xa001
byte:
  lbu a1, 0(s0)
  xor a0, a0, a1
  li a2, 8
bit:
  andi a3, a0, 1
  srli a0, a0, 1
  beqz a3, even
odd:
  xor a0, a0, s3
even:
  addi a2, a2, -1
  bnez a2, bit
  addi s0, s0, 1
  addi s1, s1, -1
  bnez s1, byte
  li a1, 1
stay:
  j stay
text: .ascii "123456789"
`;

/** Behind twelve instructions. */
const odd = BigInt(ramBase) + 48n;

describe('core/engine/joinedBlocks', function () {
  this.timeout(60_000);
  for (const xlen of [64, 32] as const) {
    it(`have the results and counts that the interpreter has, RV${xlen}`, () => {
      const random = new Random(xlen + 7);
      for (let n = 0; n < 8; n++) {
        const source = `  .option norvc\n  .option arch, +zba, +zbb\n${program(random, xlen)}`;
        const isa = `rv${xlen}gc_zba_zbb`;
        const slice = (i: number): number => 1 + random.below(i % 2 === 0 ? 9 : 400);
        runAlike(source, { isa, slices: 40, slice, bytes: 0x1000 });
      }
    });
  }

  it('load where they are meant to behind a branch to the next instruction, taken or not', () => {
    const source = `
  .option norvc
_start:
  la s0, data
1: addi a0, a0, 1
  andi a1, a0, 1
  beqz a1, 2f
2: lw a2, 0(s0)
  lw a3, 4(s0)
  add a4, a4, a2
  sub a4, a4, a3
  j 1b
  .balign 8
data: .word 17, 5`;
    const { translated } = runAlike(source, { slices: 7, slice: () => 94, bytes: 0x1000 });
    const rounds = translated.hart.readRegister('a0')!;
    assert.equal(rounds, 82n);
    assert.equal(translated.hart.readRegister('a4'), 12n * rounds);
  });

  it('compute a CRC', () => {
    const { hart, translator } = rig(crc, { translate: eagerTranslation });
    hart.run(2000);
    assert.ok(translator!.counters.regions > 0);
    assert.equal(hart.readRegister('a1'), 1n);
    // The check value of CRC-16/ARC in the catalogue of parametrised CRC algorithms.
    assert.equal(hart.readRegister('a0'), 0xbb3dn);
  });

  it('stop at a breakpoint among what is skipped, where it is not', () => {
    const { hart, translator } = rig(crc, { translate: eagerTranslation });
    hart.run(150);
    assert.ok(translator!.counters.regions > 0);
    hart.setBreakpoints([odd]);
    let stops = 0;
    for (;;) {
      const { stop } = hart.run(2000);
      if (stop !== 'breakpoint') break;
      assert.equal(hart.pc, odd);
      assert.equal(hart.readRegister('a3'), 1n);
      hart.skipBreakpointOnce();
      stops++;
    }
    assert.ok(stops > 10);
    assert.equal(hart.readRegister('a0'), 0xbb3dn);
  });
});
