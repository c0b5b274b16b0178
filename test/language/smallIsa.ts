/** An instruction set of a few rows, so that tests say what they see and stand still. */
import type { InstructionInfo, Isa, RegisterInfo } from '../../src/core/isa/isa.ts';

function row(
  mnemonic: string,
  operands: string,
  more: Partial<InstructionInfo> = {},
): InstructionInfo {
  return {
    mnemonic,
    operands,
    summary: `Does ${mnemonic}.`,
    section: 'manual 1',
    extension: 'I',
    pattern: `${mnemonic} rd:5`,
    ...more,
  };
}

function register(name: string, alias: string, more: Partial<RegisterInfo> = {}): RegisterInfo {
  return {
    name,
    aliases: [alias],
    bits: 64,
    description: `The register ${name}`,
    calleeSaved: false,
    ...more,
  };
}

export const smallIsa: Isa = {
  name: 'small64',
  xlen: 64,
  instructionAlignment: 2,
  registers: [
    register('zero', 'x0'),
    register('sp', 'x2', { calleeSaved: true, role: 'stackPointer' }),
    register('a0', 'x10', { role: { argument: 0 } }),
    register('a1', 'x11', { role: { argument: 1 } }),
    register('pc', 'ip', { role: 'pc' }),
  ],
  controlRegisters: [
    {
      name: 'satp',
      number: 0x180,
      bits: 64,
      description: 'Supervisor address translation and protection',
      section: 'manual 12.1.11',
      group: 'Supervisor',
      privilege: 'S',
      writable: true,
      extension: '',
      fields: [
        { name: 'PPN', high: 43, low: 0, description: 'Root page | number', writable: true },
        {
          name: 'MODE',
          high: 63,
          low: 60,
          description: 'Scheme',
          values: { 0: 'Bare', 8: 'Sv39' },
          writable: true,
        },
      ],
    },
  ],
  instructions: [
    row('addi', 'rd, rs1, imm'),
    row('ld', 'rd, imm(rs1)'),
    row('csrrw', 'rd, csr, rs1'),
    row('beq', 'rs1, rs2, offset'),
    row('amoadd.w', 'rd, rs2, (rs1)', { extension: 'A' }),
    row('fround', 'rd, rs1[, rm]'),
    row('jal', 'offset', { pseudoFor: 'jal ra, offset', pattern: '' }),
    row('jal', 'rd, offset'),
    row('ret', '', { pseudoFor: 'jalr zero, 0(ra)', pattern: '' }),
  ],
  assembler: {
    mnemonics: ['vadd.vv'],
    registers: ['v0'],
    controlRegisters: ['vl'],
    suffixes: [{ name: '.aqrl', summary: 'Acquire and release.', extensions: ['A'] }],
    relocations: [{ name: '%lo', summary: 'Low part.' }],
    directives: [{ name: '.option', summary: 'Options.' }],
    operandWords: ['rne'],
  },
  disassemble: () => ({ size: 2, text: '', mnemonic: '', valid: false, flow: 'next' }),
};
