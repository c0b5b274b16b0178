/** Registers that regions keep as 32 bits: whatever mixes words and whole registers, on every way. */
import { Random } from '../../differential/random.ts';
import { runAlike } from './bothEngines.ts';

const names = ['a0', 'a1', 'a2', 'a3', 'a4', 's2', 's3'];
const words = ['addw', 'subw', 'sllw', 'srlw', 'sraw', 'mulw', 'divw', 'remuw', 'rolw', 'rorw'];
const whole = [
  'add',
  'sub',
  'xor',
  'or',
  'and',
  'sll',
  'srl',
  'sra',
  'mul',
  'mulhu',
  'slt',
  'sltu',
];
/** CZERO.EQZ, which not every assembler knows. */
const czero = '.insn r 0x33, 5, 7,';
const others = ['min', 'maxu', 'andn', 'orn', 'xnor', 'rol', 'sh2add', czero];
const immediates = ['addi', 'andi', 'ori', 'xori', 'slti', 'sltiu'];
const loads = ['lb', 'lbu', 'lh', 'lhu', 'lw'];
const branches = ['beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu'];

/** One instruction, of those that may be in a loop: `s0` points to data, and is left alone. */
function instruction(random: Random, xlen: 32 | 64): string {
  const [rd, rs1, rs2] = [names, names, names].map((list) => random.pick(list));
  const wide = xlen === 64;
  switch (random.below(9)) {
    case 0:
    case 1:
      return wide ? `${random.pick(words)} ${rd}, ${rs1}, ${rs2}` : `mul ${rd}, ${rs1}, ${rs2}`;
    case 2:
      return `${random.pick(whole)} ${rd}, ${rs1}, ${rs2}`;
    case 3:
      return `${random.pick(others)} ${rd}, ${rs1}, ${rs2}`;
    case 4:
      return `${random.pick(immediates)} ${rd}, ${rs1}, ${random.below(4096) - 2048}`;
    case 5:
      return wide
        ? `${random.pick(['slliw', 'srliw', 'sraiw', 'addiw'])} ${rd}, ${rs1}, ${random.below(32)}`
        : `${random.pick(['slli', 'srli', 'srai'])} ${rd}, ${rs1}, ${random.below(32)}`;
    case 6:
      return `${random.pick(wide ? [...loads, 'lwu', 'ld'] : loads)} ${rd}, ${random.below(56)}(s0)`;
    case 7:
      return `${random.pick(wide ? ['sw', 'sb', 'sd'] : ['sw', 'sb'])} ${rs2}, ${random.below(56)}(s0)`;
    default:
      return random.pick([
        `mv ${rd}, ${rs1}`,
        `li ${rd}, ${random.below(2 ** 31)}`,
        `lui ${rd}, 0x80000`,
      ]);
  }
}

/** Two loops in one another, with ways around parts of them, a call, and a load that traps. */
function program(random: Random, xlen: 32 | 64): string {
  let label = 0;
  const some = (count: number): string =>
    Array.from({ length: count }, () => instruction(random, xlen)).join('\n  ');
  const skip = (): string => {
    const [a, b, to] = [random.pick(names), random.pick(names), `l${label++}`];
    return `${random.pick(branches)} ${a}, ${b}, ${to}\n  ${some(3)}\n${to}:\n  ${some(2)}`;
  };
  return `
_start:
  la s0, data
  la t0, handler
  csrw mtvec, t0
outer:
  ${some(3)}
  li s1, 5
inner:
  ${some(4)}
  ${skip()}
  ${skip()}
  addi s1, s1, -1
  bnez s1, inner
  ${some(2)}
  call f
  ${some(2)}
  lw a0, 0(x0)
  ${skip()}
  j outer
f:
  ${some(3)}
  ${skip()}
  ret
  .balign 4
handler:
  csrr t1, mepc
  addi t1, t1, 4
  csrw mepc, t1
  mret
  .balign 64
data: .dword 0x0123456789abcdef, -2, 0x80000000, 0x7fffffff, 12345, 0xffffffff00000001, 3, 99
  .dword 0
`;
}

describe('core/engine/words', function () {
  this.timeout(60_000);
  for (const xlen of [64, 32] as const) {
    it(`are what the interpreter has, RV${xlen}`, () => {
      const random = new Random(xlen);
      for (let n = 0; n < 12; n++) {
        const source = `  .option norvc\n  .option arch, +zba, +zbb\n${program(random, xlen)}`;
        const isa = `rv${xlen}gc_zba_zbb_zicond`;
        const slice = (i: number): number => 1 + random.below(i % 2 === 0 ? 9 : 400);
        runAlike(source, { isa, slices: 40, slice, bytes: 0x1000 });
      }
    });
  }

  it('are only guessed where a loop begins: what it is entered with may be another', () => {
    // s3 and s4 are words in the first 64 times, and then ever more of their upper halves is used.
    const source = `
_start:
  li s0, 0
again:
  addi s0, s0, 1
  li s3, 7
  li s4, -9
  li t0, 64
  blt s0, t0, words
  slli t1, s0, 31
  xor s3, s3, t1
  slli t1, s0, 27
  xor s4, s4, t1
words:
  li s1, 20
loop:
  xor s3, s3, s4
  srli s5, s3, 3
  xor s2, s2, s5
  addi s1, s1, -1
  bnez s1, loop
  j again`;
    runAlike(source, { slices: 60, slice: () => 477, bytes: 0x1000 });
  });
});
