/** RISC-V as the rest of Trapline sees it: registers, CSRs, instructions, disassembly. */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { GdbDescription, Isa, TrapRegisters } from '../isa.ts';
import { riscvAssembler } from './assembler.ts';
import { codeFrame } from './codeFrame.ts';
import { dataRelocation } from './dataRelocations.ts';
import type { CsrRow } from './csr/row.ts';
import { csrTable } from './csr/table.ts';
import { disassemble } from './disassemble.ts';
import { gdbDescription } from './gdbDescription.ts';
import { rowsOf } from './instructions/all.ts';
import { pseudoInstructions } from './pseudoInstructions.ts';
import { registersOf } from './registers.ts';
import { registersRead } from './registersRead.ts';

function riscv(xlen: RegisterWidth): Isa {
  const { instructions, compressed } = rowsOf(xlen);
  const bytes = xlen / 8;
  let controlRegisters: readonly CsrRow[] | undefined;
  let gdb: GdbDescription | undefined;
  return {
    name: `rv${xlen}`,
    xlen,
    instructionAlignment: 2,
    registers: registersOf(xlen),
    // psABI, "Frame Pointer Convention": the frame pointer holds the CFA.
    frameRecord: { returnAddress: -bytes, framePointer: -2 * bytes },
    codeFrame: (code, address) => codeFrame(code, address, xlen),
    traps: trapRegisters(xlen),
    modes: ['M-mode', 'HS-mode', 'U-mode', 'VS-mode', 'VU-mode'],
    spaceIds: ['asid', 'vmid'],
    // For those who look at a machine: one that runs by itself does without.
    get controlRegisters() {
      return (controlRegisters ??= csrTable(xlen));
    },
    instructions: [...instructions, ...compressed, ...pseudoInstructions],
    assembler: riscvAssembler,
    get gdb() {
      return (gdb ??= gdbDescription(xlen));
    },
    dataRelocation,
    registersRead: (code, mode) => registersRead(code, xlen, mode.startsWith('V')),
    disassemble: (code, address) => disassemble(code, address, xlen),
  };
}

/** Where the privilege before a trap is kept (privileged manual, mstatus; hypervisor, hstatus). */
function trapRegisters(xlen: RegisterWidth): readonly TrapRegisters[] {
  const MPV = xlen === 64 ? 39n : 7n;
  const machine = xlen === 64 ? ['mstatus'] : ['mstatus', 'mstatush'];
  const bit = (value: bigint, at: bigint) => ((value >> at) & 1n) === 1n;
  const isInterrupt = (cause: bigint) => bit(cause, BigInt(xlen - 1));
  const privileges = ['U', 'S', '', 'M'] as const;
  return [
    {
      ...{ mode: 'M-mode', vector: 'mtvec', vectorFlags: 3n, returnAddress: 'mepc' },
      ...{ cause: 'mcause', isInterrupt },
      status: machine,
      from([low = 0n, high = low]) {
        const previous = privileges[Number((low >> 11n) & 3n)] ?? '';
        if (previous === 'M') return 'M-mode';
        if (bit(high, MPV)) return `V${previous}-mode`;
        return previous === 'S' ? 'HS-mode' : 'U-mode';
      },
    },
    {
      ...{ mode: 'HS-mode', vector: 'stvec', vectorFlags: 3n, returnAddress: 'sepc' },
      ...{ cause: 'scause', isInterrupt },
      status: ['sstatus', 'hstatus'],
      from([status = 0n, hypervisor = 0n]) {
        const supervisor = bit(status, 8n);
        if (bit(hypervisor, 7n)) return supervisor ? 'VS-mode' : 'VU-mode';
        return supervisor ? 'HS-mode' : 'U-mode';
      },
    },
    {
      ...{ mode: 'VS-mode', vector: 'vstvec', vectorFlags: 3n, returnAddress: 'vsepc' },
      ...{ cause: 'vscause', isInterrupt },
      status: ['vsstatus'],
      from: ([status = 0n]) => (bit(status, 8n) ? 'VS-mode' : 'VU-mode'),
    },
  ];
}

const made: Partial<Record<RegisterWidth, Isa>> = {};
export const riscvIsa = (xlen: RegisterWidth): Isa => (made[xlen] ??= riscv(xlen));
