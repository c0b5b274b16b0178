/** RV32I and RV64I, the base integer instructions (unprivileged manual, chapters RV32I and RV64I). */
import type { AccessWidth, SemanticContext } from '../../../engine/semantics.ts';
import {
  add,
  add32,
  and,
  eq,
  geS,
  geU,
  i64,
  ltS,
  ltU,
  ne,
  or,
  shl,
  shl32,
  shrS,
  shrS32,
  shrU,
  shrU32,
  signExtend,
  sub,
  sub32,
  wrap,
  xor,
  zeroExtend,
  type Expr,
} from '../../../wasm/expression.ts';
import { extensionRows, host, only, type RowSpec } from './row.ts';
import { amount, unsigned } from './width.ts';

type Binary = (a: Expr, b: Expr) => Expr;
const registers = (f: Binary) => (c: SemanticContext) => c.wr(f(c.rs1(), c.rs2()));
const immediate = (f: Binary) => (c: SemanticContext) => c.wr(f(c.rs1(), c.imm()));
/** Operates on the low 32 bits and sign-extends the result. */
const word =
  (f: Binary): Binary =>
  (a, b) =>
    signExtend(f(wrap(a), wrap(b)));
type Shift = (c: SemanticContext, a: Expr, by: Expr) => Expr;
const left: Shift = (c, a, by) => shl(a, amount(c, by));
const right: Shift = (c, a, by) => shrU(unsigned(c, a), amount(c, by));
const rightSigned: Shift = (c, a, by) => shrS(a, amount(c, by));
const branch = (f: Binary) => (c: SemanticContext) => c.branch(f(c.rs1(), c.rs2()));
const setLess: Binary = (a, b) => zeroExtend(ltS(a, b));
const setLessUnsigned: Binary = (a, b) => zeroExtend(ltU(a, b));

const load = (mnemonic: AccessWidth, funct3: string, what: string): RowSpec => [
  `l${mnemonic}`,
  `imm[11:0] rs1:5 ${funct3} rd:5 0000011`,
  'rd, imm(rs1)',
  `Load ${what}.`,
  (c) => c.wr(c.load(mnemonic, add(c.rs1(), c.imm()))),
];
const store = (mnemonic: 'b' | 'h' | 'w' | 'd', funct3: string, what: string): RowSpec => [
  `s${mnemonic}`,
  `imm[11:5] rs2:5 rs1:5 ${funct3} imm[4:0] 0100011`,
  'rs2, imm(rs1)',
  `Store ${what}.`,
  (c) => c.store(mnemonic, add(c.rs1(), c.imm()), c.rs2()),
];
const conditional = (mnemonic: string, funct3: string, when: string, f: Binary): RowSpec => [
  mnemonic,
  `imm[12|10:5] rs2:5 rs1:5 ${funct3} imm[4:1|11] 1100011`,
  'rs1, rs2, offset',
  `Branch if ${when}.`,
  branch(f),
  'branch',
];
const register = (mnemonic: string, bits: string, summary: string, f: Binary): RowSpec => {
  const [funct7, funct3, opcode] = bits.split(' ');
  const pattern = `${funct7} rs2:5 rs1:5 ${funct3} rd:5 ${opcode}`;
  return [mnemonic, pattern, 'rd, rs1, rs2', summary, registers(f)];
};

const shift = (mnemonic: string, bits: string, summary: string, f: Shift): RowSpec => {
  const [name, pattern, operands, text] = register(mnemonic, bits, summary, add);
  return [name, pattern, operands, text, (c) => c.wr(f(c, c.rs1(), c.rs2()))];
};

export const baseRows = extensionRows('I', 'Unprivileged: RV32I/RV64I base integer', [
  ['lui', 'imm[31:12] rd:5 0110111', 'rd, imm20', 'Load upper immediate.', (c) => c.wr(c.imm())],
  [
    'auipc',
    'imm[31:12] rd:5 0010111',
    'rd, imm20',
    'Add upper immediate to pc.',
    (c) => c.wr(c.pcImm()),
  ],
  [
    'jal',
    'imm[20|10:1|11|19:12] rd:5 1101111',
    'rd, offset',
    'Jump and link.',
    (c) => c.jumpAndLink(),
    'jump',
  ],
  [
    'jalr',
    'imm[11:0] rs1:5 000 rd:5 1100111',
    'rd, imm(rs1)',
    'Jump and link register.',
    (c) => c.jumpAndLinkRegister(and(add(c.rs1(), c.imm()), i64(-2))),
    'jump',
  ],
  conditional('beq', '000', 'equal', eq),
  conditional('bne', '001', 'not equal', ne),
  conditional('blt', '100', 'less than, signed', ltS),
  conditional('bge', '101', 'greater or equal, signed', geS),
  conditional('bltu', '110', 'less than, unsigned', ltU),
  conditional('bgeu', '111', 'greater or equal, unsigned', geU),
  load('b', '000', 'byte, sign-extended'),
  load('h', '001', 'halfword, sign-extended'),
  load('w', '010', 'word, sign-extended'),
  only(64, load('d', '011', 'doubleword')),
  load('bu', '100', 'byte, zero-extended'),
  load('hu', '101', 'halfword, zero-extended'),
  only(64, load('wu', '110', 'word, zero-extended')),
  store('b', '000', 'byte'),
  store('h', '001', 'halfword'),
  store('w', '010', 'word'),
  only(64, store('d', '011', 'doubleword')),
  ['addi', 'imm[11:0] rs1:5 000 rd:5 0010011', 'rd, rs1, imm', 'Add immediate.', immediate(add)],
  [
    'slti',
    'imm[11:0] rs1:5 010 rd:5 0010011',
    'rd, rs1, imm',
    'Set if less than immediate, signed.',
    immediate(setLess),
  ],
  [
    'sltiu',
    'imm[11:0] rs1:5 011 rd:5 0010011',
    'rd, rs1, imm',
    'Set if less than immediate, unsigned.',
    immediate(setLessUnsigned),
  ],
  ['xori', 'imm[11:0] rs1:5 100 rd:5 0010011', 'rd, rs1, imm', 'XOR immediate.', immediate(xor)],
  ['ori', 'imm[11:0] rs1:5 110 rd:5 0010011', 'rd, rs1, imm', 'OR immediate.', immediate(or)],
  ['andi', 'imm[11:0] rs1:5 111 rd:5 0010011', 'rd, rs1, imm', 'AND immediate.', immediate(and)],
  [
    'slli',
    '000000 shamt[5:0] rs1:5 001 rd:5 0010011',
    'rd, rs1, shamt',
    'Shift left by immediate.',
    (c) => c.wr(left(c, c.rs1(), c.imm())),
  ],
  [
    'srli',
    '000000 shamt[5:0] rs1:5 101 rd:5 0010011',
    'rd, rs1, shamt',
    'Shift right by immediate, zeros in.',
    (c) => c.wr(right(c, c.rs1(), c.imm())),
  ],
  [
    'srai',
    '010000 shamt[5:0] rs1:5 101 rd:5 0010011',
    'rd, rs1, shamt',
    'Shift right by immediate, sign in.',
    (c) => c.wr(rightSigned(c, c.rs1(), c.imm())),
  ],
  register('add', '0000000 000 0110011', 'Add.', add),
  register('sub', '0100000 000 0110011', 'Subtract.', sub),
  shift('sll', '0000000 001 0110011', 'Shift left.', left),
  register('slt', '0000000 010 0110011', 'Set if less than, signed.', setLess),
  register('sltu', '0000000 011 0110011', 'Set if less than, unsigned.', setLessUnsigned),
  register('xor', '0000000 100 0110011', 'XOR.', xor),
  shift('srl', '0000000 101 0110011', 'Shift right, zeros in.', right),
  shift('sra', '0100000 101 0110011', 'Shift right, sign in.', rightSigned),
  register('or', '0000000 110 0110011', 'OR.', or),
  register('and', '0000000 111 0110011', 'AND.', and),
  only(64, [
    'addiw',
    'imm[11:0] rs1:5 000 rd:5 0011011',
    'rd, rs1, imm',
    'Add immediate to word.',
    immediate(word(add32)),
  ]),
  only(64, [
    'slliw',
    '0000000 shamt[4:0] rs1:5 001 rd:5 0011011',
    'rd, rs1, shamt',
    'Shift word left by immediate.',
    immediate(word(shl32)),
  ]),
  only(64, [
    'srliw',
    '0000000 shamt[4:0] rs1:5 101 rd:5 0011011',
    'rd, rs1, shamt',
    'Shift word right by immediate, zeros in.',
    immediate(word(shrU32)),
  ]),
  only(64, [
    'sraiw',
    '0100000 shamt[4:0] rs1:5 101 rd:5 0011011',
    'rd, rs1, shamt',
    'Shift word right by immediate, sign in.',
    immediate(word(shrS32)),
  ]),
  only(64, register('addw', '0000000 000 0111011', 'Add words.', word(add32))),
  only(64, register('subw', '0100000 000 0111011', 'Subtract words.', word(sub32))),
  only(64, register('sllw', '0000000 001 0111011', 'Shift word left.', word(shl32))),
  only(64, register('srlw', '0000000 101 0111011', 'Shift word right, zeros in.', word(shrU32))),
  only(64, register('sraw', '0100000 101 0111011', 'Shift word right, sign in.', word(shrS32))),
  // Fields that are reserved in FENCE are ignored, as the manual asks of base implementations.
  [
    'fence',
    'fm:4 pred:4 succ:4 rs1:5 000 rd:5 0001111',
    'pred, succ',
    'Order memory and device accesses.',
    () => {},
  ],
  [
    'ecall',
    '000000000000 00000 000 00000 1110011',
    '',
    'Environment call: a trap to the next higher privilege.',
    host,
    'trap',
  ],
  [
    'ebreak',
    '000000000001 00000 000 00000 1110011',
    '',
    'Breakpoint: a trap with cause 3.',
    host,
    'trap',
  ],
]);
