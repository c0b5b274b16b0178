/**
 * Jumps of harts without 16-bit instructions, where IALIGN is 32: "an instruction-address-misaligned
 * exception is generated on a taken branch or unconditional jump if the target address is not"
 * aligned to four bytes (unprivileged manual, control transfer instructions). Only jumps that may go
 * to such an address are decoded to this; all others are what they are everywhere.
 */
import type { Encoding } from '../../engine/encodings.ts';
import type { InstructionRow } from './instructions/row.ts';
import type { HartState } from './hartState.ts';
import { branched, next, raise, type Execute } from './system.ts';
import { cause, trap } from './trapCause.ts';

/** Under which the engine knows all of them: none that an instruction has. */
export const alignedJumpName = 'aligned jump';

/** Which jumps are such: all of a kind, or those that go an odd number of halves. */
export function misalignment({ mnemonic, flow }: InstructionRow): Encoding['mayMisalign'] {
  if (mnemonic === 'jalr') return 'anywhere';
  return mnemonic === 'jal' || flow === 'branch' ? 'byTarget' : undefined;
}

const [BRANCH, JALR] = [0b1100011, 0b1100111];

export const alignedJumps: Readonly<Record<string, Execute>> = {
  [alignedJumpName]: (h, { rd, rs1, rs2, imm }) => {
    const { state } = h;
    const word = h.instructionWord();
    const opcode = word & 0x7f;
    if (opcode === BRANCH && !taken((word >>> 12) & 7, state, rs1, rs2)) return next;
    const base = opcode === JALR ? state.getX(rs1) : state.pc;
    const target = address(base + BigInt(imm), state.xlen) & ~1n;
    if (target & 2n) {
      const info = trap(cause.instructionMisaligned, target);
      return raise({ ...info, gva: state.virtualized });
    }
    if (opcode !== BRANCH) state.setX(rd, state.pc + 4n);
    state.pc = target;
    return branched;
  },
};

/** By funct3: BEQ, BNE, BLT, BGE, BLTU, BGEU. */
function taken(funct3: number, state: HartState, rs1: number, rs2: number): boolean {
  const [a, b] = [state.getX(rs1), state.getX(rs2)];
  const signed = (value: bigint): bigint => BigInt.asIntN(state.xlen, value);
  const holds = funct3 < 4 ? a === b : funct3 < 6 ? signed(a) < signed(b) : a < b;
  return (funct3 & 1) === 1 ? !holds : holds;
}

const address = (value: bigint, xlen: number): bigint => BigInt.asUintN(xlen, value);
