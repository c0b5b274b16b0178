/**
 * Which load or store an instruction is, for those that reach a device (Linux
 * arch/riscv/kvm/vcpu_insn.c). All integer loads and stores, also compressed ones (C and Zcb).
 * Not floating point, AMO, LR/SC, vector and HLV: a device cannot be accessed with them.
 */
export interface MemoryInstruction {
  readonly write: boolean;
  readonly size: 1 | 2 | 4 | 8;
  /** Loads only: the value is sign-extended into the register. */
  readonly signed: boolean;
  /** rd of a load, rs2 of a store. */
  readonly register: number;
  /** Bytes that the instruction takes in memory. */
  readonly length: 2 | 4;
}

export const wfi = 0x10500073;
export const wrsNto = 0x00d00073;
export const wrsSto = 0x01d00073;

const loadOpcode = 0x03;
const storeOpcode = 0x23;
const sizes = [1, 2, 4, 8] as const;

/** `instruction` holds 16 bits when its low two bits are not both set. */
export function decodeMemoryInstruction(
  instruction: number,
  xlen: 32 | 64,
): MemoryInstruction | undefined {
  const bits = instruction >>> 0;
  const found = (bits & 3) === 3 ? decodeWide(bits, 4) : decodeCompressed(bits & 0xffff);
  return found && inWidth(found, xlen);
}

/**
 * From htinst (hypervisor chapter, "Transformed Instruction or Pseudoinstruction for mtinst or
 * htinst"): a compressed instruction is given expanded, with bit 1 clear.
 */
export function decodeTransformed(tinst: number, xlen: 32 | 64): MemoryInstruction | undefined {
  if ((tinst & 1) === 0) return undefined;
  const found = decodeWide((tinst | 2) >>> 0, (tinst & 2) === 0 ? 2 : 4);
  return found && inWidth(found, xlen);
}

/** RV32 has no doublewords, whose compressed forms are those of singles there, and no LWU. */
function inWidth(found: MemoryInstruction, xlen: 32 | 64): MemoryInstruction | undefined {
  if (xlen === 64) return found;
  const zeroExtendedWord = found.size === 4 && !found.write && !found.signed;
  return found.size === 8 || zeroExtendedWord ? undefined : found;
}

/** The pseudoinstructions stand for accesses to VS-stage page tables and have bit 0 clear. */
export function isPageTableAccess(tinst: number): boolean {
  return tinst === 0x3000 || tinst === 0x3020 || tinst === 0x2000 || tinst === 0x2020;
}

function decodeWide(bits: number, length: 2 | 4): MemoryInstruction | undefined {
  const funct3 = (bits >>> 12) & 7;
  const size = sizes[funct3 & 3];
  if (size === undefined) return undefined;
  switch (bits & 0x7f) {
    case loadOpcode:
      // funct3 7 would be LDU, which RV64 does not have.
      if (funct3 === 7) return undefined;
      return {
        write: false,
        size,
        signed: (funct3 & 4) === 0,
        register: (bits >>> 7) & 31,
        length,
      };
    case storeOpcode:
      if (funct3 > 3) return undefined;
      return { write: true, size, signed: false, register: (bits >>> 20) & 31, length };
    default:
      return undefined;
  }
}

function decodeCompressed(bits: number): MemoryInstruction | undefined {
  const quadrant = bits & 3;
  const funct3 = bits >>> 13;
  const short = 8 + ((bits >>> 2) & 7);
  if (quadrant === 0) return decodeQuadrant0(bits, funct3, short);
  if (quadrant !== 2) return undefined;
  const rd = (bits >>> 7) & 31;
  const rs2 = (bits >>> 2) & 31;
  switch (funct3) {
    case 2: // c.lwsp; rd = 0 is reserved
      return rd === 0 ? undefined : compressed(false, 4, true, rd);
    case 3: // c.ldsp
      return rd === 0 ? undefined : compressed(false, 8, true, rd);
    case 6: // c.swsp
      return compressed(true, 4, false, rs2);
    case 7: // c.sdsp
      return compressed(true, 8, false, rs2);
    default:
      return undefined;
  }
}

function decodeQuadrant0(
  bits: number,
  funct3: number,
  register: number,
): MemoryInstruction | undefined {
  switch (funct3) {
    case 2: // c.lw
      return compressed(false, 4, true, register);
    case 3: // c.ld
      return compressed(false, 8, true, register);
    case 4:
      return decodeZcb(bits, register);
    case 6: // c.sw
      return compressed(true, 4, false, register);
    case 7: // c.sd
      return compressed(true, 8, false, register);
    default:
      return undefined;
  }
}

/** Zcb: 100 in bits 15:13, the kind in 12:10; bit 6 tells c.lh from c.lhu. */
function decodeZcb(bits: number, register: number): MemoryInstruction | undefined {
  const bit6 = (bits & 0x40) !== 0;
  switch ((bits >>> 10) & 7) {
    case 0: // c.lbu
      return compressed(false, 1, false, register);
    case 1: // c.lhu, c.lh
      return compressed(false, 2, bit6, register);
    case 2: // c.sb
      return compressed(true, 1, false, register);
    case 3: // c.sh
      return bit6 ? undefined : compressed(true, 2, false, register);
    default:
      return undefined;
  }
}

function compressed(
  write: boolean,
  size: 1 | 2 | 4 | 8,
  signed: boolean,
  register: number,
): MemoryInstruction {
  return { write, size, signed, register, length: 2 };
}
