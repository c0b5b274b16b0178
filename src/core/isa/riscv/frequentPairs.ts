/** Instructions that compilers often write one behind the other: the interpreter does both at once. */
import type { RegisterWidth } from '../../engine/semantics.ts';

/**
 * Mnemonics and lengths. Of U-Boot, OpenSBI, the kernels of the bench and its program of many
 * functions, each weighing the same, one by one what leaves the fewest instructions alone.
 */
const ofRv64 = `
  ld:2 ld:2, slli:4 add:2, auipc:4 addi:4, lui:4 addi:4, sd:2 sd:2, add:2 add:2, addi:2 addi:2,
  addi:2 sd:2, addi:2 jalr:2, andi:4 beq:2, addi:4 add:2, add:2 jal:4, srli:4 xor:2,
  xor:2 jalr:2, add:2 ld:2, addi:2 add:2, ld:4 add:2, sd:4 sd:4, addi:2 jal:2, auipc:4 lw:4,
  add:2 beq:2, addi:4 addi:4, sd:2 addi:2, ld:2 lui:2, auipc:4 ld:4, lui:4 add:2, addiw:4 slli:2,
  ld:4 ld:4, addi:2 slli:2, addi:2 jal:4, addi:4 mul:4, sd:2 ld:2, add:2 sd:2, srli:4 srli:4,
  add:2 sd:4, add:2 add:4, addi:2 beq:4, lui:2 lui:2, ld:2 jal:4, addi:2 bne:4`
  .trim()
  .split(/,\s+/);

/** As `HandlerTable` takes them. What keeps a register in memory has another name in RV32. */
export function frequentPairs(xlen: RegisterWidth): readonly string[] {
  if (xlen === 64) return ofRv64;
  const words = ofRv64.map((pair) => pair.replace(/\b([ls])d:/g, '$1w:'));
  return [...new Set(words)].filter((pair) => !pair.includes('addiw:'));
}
