/**
 * Transformed instructions, drawn from the manual's figures and nothing else (hypervisor,
 * "Transformed Instruction or Pseudoinstruction for mtinst or htinst"; CMO, "Hypervisor Extension").
 */

const bits = (word: number, high: number, low: number): number =>
  (word >>> low) & (2 ** (high - low + 1) - 1);

/** A word from `[value, width]` pairs, the lowest first, as the figures list them. */
function draw(...fields: readonly (readonly [value: number, width: number])[]): number {
  let word = 0;
  let at = 0;
  for (const [value, width] of fields) {
    word += value * 2 ** at;
    at += width;
  }
  if (at !== 32) throw new Error(`a word of ${at} bits`);
  return word;
}

const major = { LOAD: 0x03, LOADFP: 0x07, STORE: 0x23, STOREFP: 0x27, AMO: 0x2f } as const;
const SYSTEM = 0x73;
const MISCMEM = 0x0f;

/** Of an instruction of 32 bits; `offset` is what the field Addr. Offset is to hold. */
export function transformed(word: number, offset = 0): number {
  const opcode: readonly [number, number] = [bits(word, 6, 0), 7];
  const rd: readonly [number, number] = [bits(word, 11, 7), 5];
  const funct3: readonly [number, number] = [bits(word, 14, 12), 3];
  const rs2: readonly [number, number] = [bits(word, 24, 20), 5];
  const address: readonly [number, number] = [offset, 5];
  switch (opcode[0]) {
    case major.LOAD:
    case major.LOADFP:
      return draw(opcode, rd, funct3, address, [0, 5], [0, 7]);
    case major.STORE:
    case major.STOREFP:
      return draw(opcode, [0, 5], funct3, address, rs2, [0, 7]);
    case major.AMO:
    case SYSTEM:
      return draw(opcode, rd, funct3, address, rs2, [bits(word, 31, 25), 7]);
    case MISCMEM:
      return draw(opcode, [0, 5], funct3, [0, 5], [bits(word, 31, 20), 12]);
    default:
      throw new Error(`no transformation of 0x${word.toString(16)}`);
  }
}

/** "Expand …, transform …, replace bit 1 with a 0." */
export const transformedCompressed = (expansion: number, offset = 0): number =>
  transformed(expansion, offset) - 2;
