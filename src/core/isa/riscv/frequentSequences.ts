/** Instructions that compilers often write one behind the other: the interpreter does them at once. */
import type { JoinedRows } from '../../engine/handlers.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { add } from '../../wasm/expression.ts';

/** LI, MV and LUI are sums, too, whose other operands are x0 or 0. */
export const joinedRows: readonly JoinedRows[] = [
  {
    name: 'sum',
    members: ['lui', 'addi', 'add'],
    execute: (c) => c.wr(add(add(c.rs1(), c.rs2()), c.imm())),
    memberFor: (rs1, rs2) => (rs2 ? 'add' : rs1 ? 'addi' : 'lui'),
  },
];

/**
 * Mnemonics and names of joined rows. Of U-Boot, OpenSBI, the kernels of the bench and its program of
 * many functions, each weighing the same, one by one what leaves the fewest jumps to handlers.
 */
const ofRv64 = `
  sum+sum ld+ld sum+sum+sum sd+sd slli+sum slli+sum+sum auipc+sum ld+sum ld+ld+ld sd+sd+sd
  slli+sum+sum+slli sum+sum+sum+sum sum+sd ld+ld+ld+ld sum+jal sum+sum+slli sum+sum+slli+sum
  sum+slli sum+slli+sum sum+slli+sum+sum sd+sum sum+ld sd+sd+sd+sd andi+beq sum+sd+sd srli+xor
  sum+jalr sum+beq ld+ld+sum ld+sum+sum auipc+sum+sum andi+sum sum+bne mul+sum xor+jalr
  sum+addiw sum+auipc lw+sum sw+sum sum+sd+sd+sd srli+sum slli+sum+sum+sum auipc+lw auipc+sum+ld
  sum+auipc+sum sum+mul sum+sum+sd addiw+slli ld+sd auipc+sum+auipc sum+sum+mul srli+slli
  srli+srli sum+ld+sum auipc+sum+auipc+sum xor+sum sd+jal sum+sum+jal sd+sum+sum addiw+sum`
  .trim()
  .split(/\s+/);

/** As `HandlerTable` takes them. What keeps a register in memory has another name in RV32. */
export function frequentSequences(xlen: RegisterWidth): readonly string[] {
  if (xlen === 64) return ofRv64;
  const words = ofRv64.map((sequence) => sequence.replace(/\b([ls])d\b/g, '$1w'));
  return [...new Set(words)].filter((sequence) => !sequence.includes('addiw'));
}
