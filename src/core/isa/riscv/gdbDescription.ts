/**
 * RISC-V in gdb's remote protocol (GDB manual, "RISC-V Features"): the features' names, and the
 * numbers that gdb itself gives the registers, which those who ask without a description expect.
 */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { GdbDescription } from '../isa.ts';
import { csrTable } from './csr/table.ts';
import { floatNames, integerNames, privilegeName, virtualizationName } from './registers.ts';

const pcNumber = 32;
const firstFloatNumber = 33;
const firstCsrNumber = 65;
const privilegeNumber = firstCsrNumber + 4096;
/** gdb has none of this name; the numbers between are its vector registers'. */
const virtualizationNumber = privilegeNumber + 64;

export function gdbDescription(xlen: RegisterWidth): GdbDescription {
  return {
    architecture: `riscv:rv${xlen}`,
    triple: `riscv${xlen}-unknown-unknown-elf`,
    features: [
      {
        name: 'org.gnu.gdb.riscv.cpu',
        registers: [
          ...integerNames.map((name, number) => {
            const isPointer = name === 'sp' || name === 'gp' || name === 'tp' || name === 's0';
            const type = name === 'ra' ? ({ type: 'code_ptr' } as const) : {};
            return { name, number, bits: xlen, ...(isPointer ? dataPointer : type) };
          }),
          { name: 'pc', number: pcNumber, bits: xlen, type: 'code_ptr' },
        ],
      },
      {
        name: 'org.gnu.gdb.riscv.fpu',
        registers: floatNames.map((name, i) => ({
          name,
          number: firstFloatNumber + i,
          bits: 64,
          type: 'ieee_double' as const,
        })),
      },
      {
        name: 'org.gnu.gdb.riscv.virtual',
        registers: [
          { name: privilegeName, number: privilegeNumber, bits: 8, readOnly: true },
          { name: virtualizationName, number: virtualizationNumber, bits: 8, readOnly: true },
        ],
      },
      {
        name: 'org.gnu.gdb.riscv.csr',
        registers: csrTable(xlen).map(({ name, number, bits }) => ({
          name,
          number: firstCsrNumber + number,
          bits,
        })),
      },
    ],
  };
}

const dataPointer = { type: 'data_ptr' } as const;
