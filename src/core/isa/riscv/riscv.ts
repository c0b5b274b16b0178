/** RISC-V as the rest of Trapline sees it: registers, CSRs, instructions, disassembly. */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { Isa } from '../isa.ts';
import { riscvAssembler } from './assembler.ts';
import { csrTable } from './csr/table.ts';
import { disassemble } from './disassemble.ts';
import { gdbDescription } from './gdbDescription.ts';
import { rowsOf } from './instructions/all.ts';
import { pseudoInstructions } from './pseudoInstructions.ts';
import { registersOf } from './registers.ts';

function riscv(xlen: RegisterWidth): Isa {
  const { instructions, compressed } = rowsOf(xlen);
  const bytes = xlen / 8;
  return {
    name: `rv${xlen}`,
    xlen,
    instructionAlignment: 2,
    registers: registersOf(xlen),
    // psABI, "Frame Pointer Convention": the frame pointer holds the CFA.
    frameRecord: { returnAddress: -bytes, framePointer: -2 * bytes },
    controlRegisters: csrTable(xlen),
    instructions: [...instructions, ...compressed, ...pseudoInstructions],
    assembler: riscvAssembler,
    gdb: gdbDescription(xlen),
    disassemble: (code, address) => disassemble(code, address, xlen),
  };
}

const made: Partial<Record<RegisterWidth, Isa>> = {};
export const riscvIsa = (xlen: RegisterWidth): Isa => (made[xlen] ??= riscv(xlen));
