/**
 * What the assembler accepts as an instruction though the ISA has no such encoding: each row with
 * its expansion. Rows that share a mnemonic with a real instruction are its other forms
 * (`jal offset`, `add rd, rs1, imm`). They decode and execute nothing.
 * Unprivileged specification, "RISC-V Assembly Programmer's Handbook", and the riscv-asm-manual.
 */
import type { InstructionInfo } from '../isa.ts';

const handbook = 'unpriv: RISC-V Assembly Programmer’s Handbook';
const asmManual = 'riscv-asm-manual: Pseudoinstructions';
const aliases = 'riscv-asm-manual: A listing of standard RISC-V pseudoinstructions';
const zicsr = 'unpriv: “Zicsr”, CSR Access Pseudoinstructions';
const counters = 'unpriv: “Zicntr” and “Zihpm”, Counters';
const floatControl = 'unpriv: “F”, Floating-Point Control and Status Register';
const fences = 'priv: Supervisor-Level ISA, Supervisor Memory-Management Fence Instruction';
const hypervisorFences = 'priv: “H” Extension, Hypervisor Memory-Management Fence Instructions';

type Row = readonly [mnemonic: string, operands: string, expansion: string, summary: string];

function rows(extension: string, section: string, table: readonly Row[]): InstructionInfo[] {
  return table.map(([mnemonic, operands, pseudoFor, summary]) => ({
    mnemonic,
    operands,
    summary,
    section,
    extension,
    pattern: '',
    pseudoFor,
  }));
}

/** The same in every format. */
const floatRows = (suffix: string): Row[] => [
  [`fmv.${suffix}`, 'frd, frs', `fsgnj.${suffix} frd, frs, frs`, 'Copies a float register.'],
  [`fabs.${suffix}`, 'frd, frs', `fsgnjx.${suffix} frd, frs, frs`, 'Clears the sign.'],
  [`fneg.${suffix}`, 'frd, frs', `fsgnjn.${suffix} frd, frs, frs`, 'Inverts the sign.'],
  [`fgt.${suffix}`, 'rd, frs, frt', `flt.${suffix} rd, frt, frs`, 'Sets rd to 1 if frs > frt.'],
  [`fge.${suffix}`, 'rd, frs, frt', `fle.${suffix} rd, frt, frs`, 'Sets rd to 1 if frs ≥ frt.'],
];

export const pseudoInstructions: readonly InstructionInfo[] = [
  ...rows('I', handbook, [
    ['nop', '', 'addi zero, zero, 0', 'Does nothing.'],
    ['mv', 'rd, rs', 'addi rd, rs, 0', 'Copies a register.'],
    ['not', 'rd, rs', 'xori rd, rs, -1', 'Inverts every bit.'],
    ['neg', 'rd, rs', 'sub rd, zero, rs', 'Negates.'],
    ['negw', 'rd, rs', 'subw rd, zero, rs', 'Negates the low word, sign-extended.'],
    ['sext.w', 'rd, rs', 'addiw rd, rs, 0', 'Sign-extends the low word.'],
    ['seqz', 'rd, rs', 'sltiu rd, rs, 1', 'Sets rd to 1 if rs is zero, else 0.'],
    ['snez', 'rd, rs', 'sltu rd, zero, rs', 'Sets rd to 1 if rs is not zero, else 0.'],
    ['sltz', 'rd, rs', 'slt rd, rs, zero', 'Sets rd to 1 if rs is negative, else 0.'],
    ['sgtz', 'rd, rs', 'slt rd, zero, rs', 'Sets rd to 1 if rs is positive, else 0.'],
    ['beqz', 'rs, offset', 'beq rs, zero, offset', 'Branches if rs is zero.'],
    ['bnez', 'rs, offset', 'bne rs, zero, offset', 'Branches if rs is not zero.'],
    ['blez', 'rs, offset', 'bge zero, rs, offset', 'Branches if rs is zero or negative.'],
    ['bgez', 'rs, offset', 'bge rs, zero, offset', 'Branches if rs is zero or positive.'],
    ['bltz', 'rs, offset', 'blt rs, zero, offset', 'Branches if rs is negative.'],
    ['bgtz', 'rs, offset', 'blt zero, rs, offset', 'Branches if rs is positive.'],
    ['bgt', 'rs, rt, offset', 'blt rt, rs, offset', 'Branches if rs > rt, signed.'],
    ['ble', 'rs, rt, offset', 'bge rt, rs, offset', 'Branches if rs ≤ rt, signed.'],
    ['bgtu', 'rs, rt, offset', 'bltu rt, rs, offset', 'Branches if rs > rt, unsigned.'],
    ['bleu', 'rs, rt, offset', 'bgeu rt, rs, offset', 'Branches if rs ≤ rt, unsigned.'],
    ['j', 'offset', 'jal zero, offset', 'Jumps without a return address.'],
    ['jal', 'offset', 'jal ra, offset', 'Calls: jumps and leaves the return address in ra.'],
    ['jr', 'rs', 'jalr zero, 0(rs)', 'Jumps to the address in rs.'],
    ['jalr', 'rs', 'jalr ra, 0(rs)', 'Calls the function whose address is in rs.'],
    ['ret', '', 'jalr zero, 0(ra)', 'Returns from a function.'],
    [
      'call',
      'symbol',
      'auipc ra, %pcrel_hi(symbol); jalr ra, %pcrel_lo(.)(ra)',
      'Calls a function within ±2 GiB; the linker may shorten it to `jal`.',
    ],
    [
      'tail',
      'symbol',
      'auipc t1, %pcrel_hi(symbol); jalr zero, %pcrel_lo(.)(t1)',
      'Jumps to a function within ±2 GiB as the last act of this one. Destroys t1.',
    ],
    ['fence', '', 'fence iorw, iorw', 'Orders all memory and I/O accesses.'],
    [
      'li',
      'rd, imm',
      'lui rd, %hi(imm); addi rd, rd, %lo(imm), or whatever sequence is shortest',
      'Loads a constant, with as many instructions as it takes.',
    ],
    [
      'la',
      'rd, symbol',
      'auipc rd, %pcrel_hi(symbol); addi rd, rd, %pcrel_lo(.) (with pic: load from the GOT)',
      'Loads the address of a symbol.',
    ],
    [
      'lla',
      'rd, symbol',
      'auipc rd, %pcrel_hi(symbol); addi rd, rd, %pcrel_lo(.)',
      'Loads the address of a symbol of this module, relative to pc.',
    ],
  ]),
  ...rows('I', asmManual, [
    [
      'call',
      'rd, symbol',
      'auipc rd, …; jalr rd, …(rd)',
      'Calls, leaving the return address in rd.',
    ],
    ['jump', 'symbol, rt', 'auipc rt, …; jalr zero, …(rt)', 'Jumps within ±2 GiB through rt.'],
    [
      'lga',
      'rd, symbol',
      'auipc rd, %got_pcrel_hi(symbol); ld rd, …(rd)',
      'Loads an address from the GOT.',
    ],
    [
      'la.tls.ie',
      'rd, symbol',
      'auipc rd, %tls_ie_pcrel_hi(symbol); ld rd, …(rd)',
      'Loads the thread-pointer offset of a thread-local symbol.',
    ],
    [
      'la.tls.gd',
      'rd, symbol',
      'auipc rd, %tls_gd_pcrel_hi(symbol); addi rd, rd, …',
      'Loads the argument for `__tls_get_addr`.',
    ],
    ['sext.b', 'rd, rs', 'slli rd, rs, 56; srai rd, rd, 56', 'Sign-extends a byte.'],
    ['sext.h', 'rd, rs', 'slli rd, rs, 48; srai rd, rd, 48', 'Sign-extends a halfword.'],
    ['zext.b', 'rd, rs', 'andi rd, rs, 255', 'Zero-extends a byte.'],
    ['zext.h', 'rd, rs', 'slli rd, rs, 48; srli rd, rd, 48', 'Zero-extends a halfword.'],
    ['zext.w', 'rd, rs', 'slli rd, rs, 32; srli rd, rd, 32', 'Zero-extends a word.'],
    ...['lb', 'lbu', 'lh', 'lhu', 'lw', 'lwu', 'ld'].map((load): Row => [
      load,
      'rd, symbol',
      `auipc rd, %pcrel_hi(symbol); ${load} rd, %pcrel_lo(.)(rd)`,
      'Loads from a symbol, relative to pc.',
    ]),
    ...['sb', 'sh', 'sw', 'sd'].map((store): Row => [
      store,
      'rs, symbol, rt',
      `auipc rt, %pcrel_hi(symbol); ${store} rs, %pcrel_lo(.)(rt)`,
      'Stores to a symbol, relative to pc, with rt for the address.',
    ]),
  ]),
  ...rows('I', aliases, [
    ['move', 'rd, rs', 'addi rd, rs, 0', 'Copies a register (older spelling of `mv`).'],
    ['sgt', 'rd, rs, rt', 'slt rd, rt, rs', 'Sets rd to 1 if rs > rt, signed, else 0.'],
    ['sgtu', 'rd, rs, rt', 'sltu rd, rt, rs', 'Sets rd to 1 if rs > rt, unsigned, else 0.'],
    ['jalr', 'rd, rs1, imm', 'jalr rd, imm(rs1)', 'Calls rs1 + imm, return address in rd.'],
    ['jalr', 'rd, imm(rs1)', 'jalr rd, imm(rs1)', 'Calls rs1 + imm, return address in rd.'],
    ['jalr', 'imm(rs1)', 'jalr ra, imm(rs1)', 'Calls rs1 + imm, return address in ra.'],
    ['jalr', 'rd, rs', 'jalr rd, 0(rs)', 'Calls rs, return address in rd.'],
    ['jr', 'imm(rs)', 'jalr zero, imm(rs)', 'Jumps to rs + imm.'],
    ['jr', 'rs, imm', 'jalr zero, imm(rs)', 'Jumps to rs + imm.'],
    ['add', 'rd, rs1, imm', 'addi rd, rs1, imm', 'Adds a constant.'],
    ['addw', 'rd, rs1, imm', 'addiw rd, rs1, imm', 'Adds a constant to the low word.'],
    ['and', 'rd, rs1, imm', 'andi rd, rs1, imm', 'And with a constant.'],
    ['or', 'rd, rs1, imm', 'ori rd, rs1, imm', 'Or with a constant.'],
    ['xor', 'rd, rs1, imm', 'xori rd, rs1, imm', 'Exclusive or with a constant.'],
    ['sll', 'rd, rs1, imm', 'slli rd, rs1, imm', 'Shifts left by a constant.'],
    ['srl', 'rd, rs1, imm', 'srli rd, rs1, imm', 'Shifts right by a constant, with zeros.'],
    ['sra', 'rd, rs1, imm', 'srai rd, rs1, imm', 'Shifts right by a constant, with the sign.'],
    ['sllw', 'rd, rs1, imm', 'slliw rd, rs1, imm', 'Shifts the low word left by a constant.'],
    ['srlw', 'rd, rs1, imm', 'srliw rd, rs1, imm', 'Shifts the low word right, with zeros.'],
    ['sraw', 'rd, rs1, imm', 'sraiw rd, rs1, imm', 'Shifts the low word right, with the sign.'],
    ['slt', 'rd, rs1, imm', 'slti rd, rs1, imm', 'Compares with a constant, signed.'],
    ['sltu', 'rd, rs1, imm', 'sltiu rd, rs1, imm', 'Compares with a constant, unsigned.'],
    ['scall', '', 'ecall', 'Older spelling of `ecall`.'],
    ['sbreak', '', 'ebreak', 'Older spelling of `ebreak`.'],
    [
      'unimp',
      '',
      'csrrw zero, cycle, zero',
      'Guaranteed to raise an illegal-instruction exception.',
    ],
  ]),
  ...rows('Zicntr', counters, [
    ['rdcycle', 'rd', 'csrrs rd, cycle, zero', 'Reads the cycle counter.'],
    ['rdtime', 'rd', 'csrrs rd, time, zero', 'Reads the real-time clock.'],
    ['rdinstret', 'rd', 'csrrs rd, instret, zero', 'Reads the count of instructions retired.'],
  ]),
  ...rows('Zicsr', zicsr, [
    ['csrr', 'rd, csr', 'csrrs rd, csr, zero', 'Reads a CSR.'],
    ['csrw', 'csr, rs', 'csrrw zero, csr, rs', 'Writes a CSR.'],
    ['csrs', 'csr, rs', 'csrrs zero, csr, rs', 'Sets the bits of a CSR that are set in rs.'],
    ['csrc', 'csr, rs', 'csrrc zero, csr, rs', 'Clears the bits of a CSR that are set in rs.'],
    ['csrwi', 'csr, uimm', 'csrrwi zero, csr, uimm', 'Writes a constant of five bits to a CSR.'],
    ['csrsi', 'csr, uimm', 'csrrsi zero, csr, uimm', 'Sets bits of a CSR by a constant.'],
    ['csrci', 'csr, uimm', 'csrrci zero, csr, uimm', 'Clears bits of a CSR by a constant.'],
  ]),
  ...rows('F', handbook, floatRows('s')),
  ...rows('D', handbook, floatRows('d')),
  ...rows('Zfh', handbook, floatRows('h')),
  ...rows('F', floatControl, [
    ['frcsr', 'rd', 'csrrs rd, fcsr, zero', 'Reads rounding mode and flags.'],
    ['fscsr', 'rd, rs', 'csrrw rd, fcsr, rs', 'Exchanges rounding mode and flags.'],
    ['fscsr', 'rs', 'csrrw zero, fcsr, rs', 'Writes rounding mode and flags.'],
    ['frrm', 'rd', 'csrrs rd, frm, zero', 'Reads the rounding mode.'],
    ['fsrm', 'rd, rs', 'csrrw rd, frm, rs', 'Exchanges the rounding mode.'],
    ['fsrm', 'rs', 'csrrw zero, frm, rs', 'Writes the rounding mode.'],
    ['fsrmi', 'rd, uimm', 'csrrwi rd, frm, uimm', 'Exchanges the rounding mode by a constant.'],
    ['fsrmi', 'uimm', 'csrrwi zero, frm, uimm', 'Writes a constant rounding mode.'],
    ['frflags', 'rd', 'csrrs rd, fflags, zero', 'Reads the exception flags.'],
    ['fsflags', 'rd, rs', 'csrrw rd, fflags, rs', 'Exchanges the exception flags.'],
    ['fsflags', 'rs', 'csrrw zero, fflags, rs', 'Writes the exception flags.'],
    ['fsflagsi', 'rd, uimm', 'csrrwi rd, fflags, uimm', 'Exchanges the flags by a constant.'],
    ['fsflagsi', 'uimm', 'csrrwi zero, fflags, uimm', 'Writes constant exception flags.'],
    ['fmv.x.s', 'rd, frs1', 'fmv.x.w rd, frs1', 'Older spelling of `fmv.x.w`.'],
    ['fmv.s.x', 'frd, rs1', 'fmv.w.x frd, rs1', 'Older spelling of `fmv.w.x`.'],
  ]),
  ...rows('I', fences, [
    ['sfence.vma', '', 'sfence.vma zero, zero', 'All addresses, all address spaces.'],
    ['sfence.vma', 'rs1', 'sfence.vma rs1, zero', 'One address, all address spaces.'],
  ]),
  ...rows('H', hypervisorFences, [
    ['hfence.vvma', '', 'hfence.vvma zero, zero', 'All guest-virtual addresses and ASIDs.'],
    ['hfence.vvma', 'rs1', 'hfence.vvma rs1, zero', 'One guest-virtual address, all ASIDs.'],
    ['hfence.gvma', '', 'hfence.gvma zero, zero', 'All guest-physical addresses and VMIDs.'],
    ['hfence.gvma', 'rs1', 'hfence.gvma rs1, zero', 'One guest-physical address, all VMIDs.'],
  ]),
];
