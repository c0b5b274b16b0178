/** Transformed instructions for htinst and mtinst (hypervisor, trap value registers). */
import type { Decoder } from './decode.ts';

const rs1Field = 0xf_8000;
const opcode = {
  load: 0x03,
  loadFloat: 0x07,
  store: 0x23,
  storeFloat: 0x27,
  amo: 0x2f,
  cacheBlock: 0x0f,
  system: 0x73,
};

/**
 * `offset` is the faulting address less the access's own, nonzero only for the second half of a
 * misaligned access. 0 for an instruction that has no transformation.
 */
export function transformInstruction(word: number, offset: number, decoder: Decoder): number {
  if ((word & 3) !== 3) return transformCompressed(word & 0xffff, offset, decoder);
  const addressOffset = (offset & 31) << 15;
  switch (word & 0x7f) {
    case opcode.load:
    case opcode.loadFloat:
      return ((word & 0x7fff) | addressOffset) >>> 0;
    case opcode.store:
    case opcode.storeFloat:
      return ((word & 0x01f0_707f) | addressOffset) >>> 0;
    case opcode.amo:
    case opcode.system:
      return ((word & ~rs1Field) | addressOffset) >>> 0;
    case opcode.cacheBlock:
      return (word & 0xfff0_707f) >>> 0;
    default:
      return 0;
  }
}

/** funct3 of what compressed loads and stores expand to. */
const compressedAccess: Readonly<Record<string, number>> = {
  lw: 2,
  ld: 3,
  lbu: 4,
  lh: 1,
  lhu: 5,
  sw: 2,
  sd: 3,
  sb: 0,
  sh: 1,
  flw: 2,
  fsw: 2,
  fld: 3,
  fsd: 3,
};

/** The expansion is transformed, then bit 1 is cleared to say that it was two bytes. */
function transformCompressed(word: number, offset: number, decoder: Decoder): number {
  const decoded = decoder.decode(word);
  if (!decoded) return 0;
  const { mnemonic } = decoded.row;
  const funct3 = compressedAccess[mnemonic];
  if (funct3 === undefined) return 0;
  const isLoad = /^f?l/.test(mnemonic);
  const isFloat = mnemonic.startsWith('f');
  const register = isLoad ? (decoded.rd & 31) << 7 : (decoded.rs2 & 31) << 20;
  const base = isLoad
    ? isFloat
      ? opcode.loadFloat
      : opcode.load
    : isFloat
      ? opcode.storeFloat
      : opcode.store;
  return ((register | (funct3 << 12) | ((offset & 31) << 15) | base) & ~2) >>> 0;
}
