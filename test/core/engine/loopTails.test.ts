/** Loops of one block: what only their ways out need is computed there, and is there at each. */
import assert from 'node:assert/strict';
import { Random } from '../../differential/random.ts';
import { runAlike } from './bothEngines.ts';

/** What goes round the loop, and what is made anew each time before anybody reads it. */
const carried = ['a0', 'a1', 'a2', 'a3'];
const made = 'a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 t2 t3 t4 t5 t6'.split(' ');
const words = ['addw', 'subw', 'sllw', 'srlw', 'sraw', 'mulw', 'divuw'];
const whole = ['add', 'sub', 'xor', 'or', 'and', 'sll', 'srl', 'mul', 'slt', 'sltu', 'remu'];
const immediates = ['addi', 'andi', 'ori', 'xori', 'slti'];

/** Of registers that have a value by then. */
function computed(random: Random, xlen: 32 | 64, rd: string, known: readonly string[]): string {
  const [rs1, rs2] = [random.pick(known), random.pick(known)];
  const wide = xlen === 64;
  switch (random.below(7)) {
    case 0:
      return wide ? `${random.pick(words)} ${rd}, ${rs1}, ${rs2}` : `mulhu ${rd}, ${rs1}, ${rs2}`;
    case 1:
      return `mv ${rd}, ${rs1}`;
    case 2:
      return wide ? `sext.w ${rd}, ${rs1}` : `neg ${rd}, ${rs1}`;
    case 3:
      return `${random.pick(immediates)} ${rd}, ${rs1}, ${random.below(4096) - 2048}`;
    case 4:
      return `${wide ? random.pick(['lw', 'ld']) : 'lw'} ${rd}, ${random.below(8) * 4}(s8)`;
    default:
      return `${random.pick(whole)} ${rd}, ${rs1}, ${rs2}`;
  }
}

/**
 * `most`: registers that are made anew. Who handles traps reads them all: one is behind the loop, and
 * in it stores walk over the end of memory.
 */
function program(random: Random, xlen: 32 | 64, most: number): string {
  const temporaries = made.slice(0, most);
  const known = [...carried];
  const body: string[] = [];
  for (let n = 0; n < 2 * most; n++) {
    const rd = random.pick(temporaries);
    body.push(computed(random, xlen, rd, known));
    if (!known.includes(rd)) known.push(rd);
  }
  for (const rd of carried) if (random.below(3) > 0) body.push(computed(random, xlen, rd, known));
  for (const rd of temporaries.slice(-3)) body.push(computed(random, xlen, rd, carried));
  // Behind a sum the store is not tested where the block begins.
  body.splice(random.below(body.length), 0, random.pick(['add s0, s0, s9', 'addi s0, s0, 4']));
  body.splice(random.below(body.length), 0, `sw ${random.pick(carried)}, 2(s0)`);
  const anew = temporaries.map((rd) => `li ${rd}, ${random.below(2 ** 31)}`);
  return `
_start:
  la s8, handler
  csrw mtvec, s8
  la s8, data
  li s9, 4
outer:
  li s0, 0x80400000 - 24
  ${anew.slice(0, random.below(most)).join('\n  ')}
  li s1, ${3 + random.below(12)}
inner:
  ${body.join('\n  ')}
  addi s1, s1, -1
  ${random.pick(['bnez s1, inner', 'bgtz s1, inner', 'beqz s1, behind\n  j inner'])}
behind:
  xor s10, s10, s1
  ecall
  ${anew.join('\n  ')}
  j outer
  .balign 4
handler:
  ${temporaries.map((rd) => `slli s11, s10, 1\n  xor s10, s11, ${rd}`).join('\n  ')}
  csrr s11, mepc
  addi s11, s11, 4
  csrw mepc, s11
  mret
  .balign 64
data: .word 1, -2, 0x7fffffff, 0x80000000, 12345, -678, 0, 99
`;
}

/** The loop is entered with an address that is positive as a word, or, rarely, is not. */
const entered = `
  .option norvc
_start:
  la s0, handler
  csrw mtvec, s0
  la s0, data
  li s1, 0
outer:
  addi s1, s1, 1
  li s2, 3
  andi a1, s1, 64
  beqz a1, otherwise
  lhu a0, 8(s0)
  nop
  nop
  nop
  nop
  j inner
otherwise:
  lui a0, 0x80001
inner:
  lb a2, 0(a0)
  add s3, s3, a2
  addi a3, s3, 5
  xor a4, a3, s1
  addi a5, s3, 9
  addi s2, s2, -1
  bnez s2, inner
  j outer
  .balign 4
handler:
  mv a0, s0
  addi s4, s4, 1
  mret
  .balign 64
data: .dword 8, 0x1000
`;

/** Two loops that begin at one place: the inner one is one block. */
const nested = `
_start:
  li s1, 5
inner:
  sltiu s3, s2, 896
  andi a0, s2, 255
  addi s1, s1, -1
  bnez s1, inner
  li s1, 5
  addi s2, s2, 1
  j inner
`;

/** Each access to the CSR has another result than the one before. */
const swapping = `
_start:
  li s1, 5
  addi s2, s2, 1
inner:
  addi a1, a1, 1
  csrrw a0, mscratch, a1
  slli a2, a1, 1
  slli a3, a1, 2
  addi s1, s1, -1
  bnez s1, inner
  j _start
`;

describe('core/engine/loopTails', function () {
  this.timeout(60_000);
  for (const xlen of [64, 32] as const) {
    for (const most of [4, made.length]) {
      it(`leave what the interpreter leaves, RV${xlen}, ${most} registers`, () => {
        const random = new Random(xlen + most);
        for (let n = 0; n < 12; n++) {
          const source = `  .option norvc\n${program(random, xlen, most)}`;
          const isa = `rv${xlen}gc`;
          const slice = (i: number): number =>
            i === 0 ? 30_000 : 1 + random.below(i % 2 === 0 ? 100 : 1500);
          runAlike(source, { isa, slices: 120, slice, bytes: 0x2000 });
        }
      });
    }
  }

  it('test in front of the loop what is true there', () => {
    const { interpreted } = runAlike(entered, { slices: 40, slice: () => 91, bytes: 0x2000 });
    // On RV64 the address that LUI makes is not in RAM: its sign reaches to the top.
    assert.ok(interpreted.hart.readRegister('s4')! > 30n);
  });

  const sources = {
    'execute what they take from the budget, where they head a loop around them, too': nested,
    'access a CSR as often as they say': swapping,
  };
  for (const [name, source] of Object.entries(sources)) {
    it(name, () => {
      runAlike(source, { slices: 300, slice: (i) => 1 + ((i * 7) % 97), bytes: 0x2000 });
    });
  }
});
