/** RISC-V as the rest of Trapline sees it: registers, CSRs, instructions, disassembly. */
import type { Isa } from '../isa.ts';
import { riscvAssembler } from './assembler.ts';
import { csrRows } from './csr/table.ts';
import { disassemble } from './disassemble.ts';
import { compressedRows, instructionRows } from './instructions/all.ts';
import { pseudoInstructions } from './pseudoInstructions.ts';
import { registers } from './registers.ts';

export const rv64: Isa = {
  name: 'rv64',
  xlen: 64,
  instructionAlignment: 2,
  registers,
  // psABI, "Frame Pointer Convention": the frame pointer holds the CFA.
  frameRecord: { returnAddress: -8, framePointer: -16 },
  controlRegisters: csrRows,
  instructions: [...instructionRows, ...compressedRows, ...pseudoInstructions],
  assembler: riscvAssembler,
  disassemble,
};
