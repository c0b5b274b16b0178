/** DWARF expressions (DWARF 5, section 7.7.1) and rows of call-frame information for people to read. */
import { ByteReader, FormatError } from '../../base/byteReader.ts';
import type { FrameRow, RegisterRule } from './callFrameProgram.ts';
import { DW_OP, nameOf } from './constants.ts';

/** What a register is called, by DWARF number. */
export type RegisterName = (register: number) => string;

type Operand = (reader: ByteReader, context: Context) => string;

interface Context {
  readonly addressSize: number;
  readonly register: RegisterName;
}

const uleb: Operand = (reader) => `${reader.ulebBig()}`;
const sleb: Operand = (reader) => signed(reader.slebBig());
const register: Operand = (reader, context) => context.register(reader.uleb());
const unsigned =
  (size: number): Operand =>
  (reader) =>
    `${reader.unsigned(size)}`;
const signedOf =
  (size: number): Operand =>
  (reader) =>
    signed(BigInt.asIntN(size * 8, reader.unsigned(size)));
const typed: Operand = (reader) => `<0x${reader.uleb().toString(16)}>`;
const bytes: Operand = (reader) => hexBytes(reader.block(reader.uleb()));
const inner: Operand = (reader, context) => {
  const text = expressionText(reader.block(reader.uleb()), context.addressSize, context.register);
  return `(${text})`;
};

const operands: Readonly<Record<number, readonly Operand[]>> = {
  [DW_OP.addr]: [(reader, { addressSize }) => `0x${reader.unsigned(addressSize).toString(16)}`],
  [DW_OP.const1u]: [unsigned(1)],
  [DW_OP.const1s]: [signedOf(1)],
  [DW_OP.const2u]: [unsigned(2)],
  [DW_OP.const2s]: [signedOf(2)],
  [DW_OP.const4u]: [unsigned(4)],
  [DW_OP.const4s]: [signedOf(4)],
  [DW_OP.const8u]: [unsigned(8)],
  [DW_OP.const8s]: [signedOf(8)],
  [DW_OP.constu]: [uleb],
  [DW_OP.consts]: [sleb],
  [DW_OP.pick]: [unsigned(1)],
  [DW_OP.plus_uconst]: [uleb],
  [DW_OP.bra]: [signedOf(2)],
  [DW_OP.skip]: [signedOf(2)],
  [DW_OP.regx]: [register],
  [DW_OP.fbreg]: [sleb],
  [DW_OP.bregx]: [register, sleb],
  [DW_OP.piece]: [uleb],
  [DW_OP.deref_size]: [unsigned(1)],
  [DW_OP.bit_piece]: [uleb, uleb],
  [DW_OP.implicit_value]: [bytes],
  [DW_OP.addrx]: [uleb],
  [DW_OP.constx]: [uleb],
  [DW_OP.GNU_addr_index]: [uleb],
  [DW_OP.GNU_const_index]: [uleb],
  [DW_OP.entry_value]: [inner],
  [DW_OP.GNU_entry_value]: [inner],
  [DW_OP.const_type]: [typed, (reader) => hexBytes(reader.block(reader.u8()))],
  [DW_OP.GNU_const_type]: [typed, (reader) => hexBytes(reader.block(reader.u8()))],
  [DW_OP.regval_type]: [register, typed],
  [DW_OP.GNU_regval_type]: [register, typed],
  [DW_OP.deref_type]: [unsigned(1), typed],
  [DW_OP.GNU_deref_type]: [unsigned(1), typed],
  [DW_OP.convert]: [typed],
  [DW_OP.GNU_convert]: [typed],
  [DW_OP.reinterpret]: [typed],
  [DW_OP.GNU_reinterpret]: [typed],
  [DW_OP.implicit_pointer]: [(reader) => `<0x${reader.u32().toString(16)}>`, sleb],
  [DW_OP.GNU_implicit_pointer]: [(reader) => `<0x${reader.u32().toString(16)}>`, sleb],
};

/** `DW_OP_fbreg -24`, operations separated by commas; what is broken says so at its place. */
export function expressionText(
  expression: Uint8Array,
  addressSize: number,
  registerName: RegisterName,
): string {
  const reader = new ByteReader(expression, 'DWARF expression');
  const context: Context = { addressSize, register: registerName };
  const parts: string[] = [];
  try {
    while (!reader.atEnd) parts.push(operation(reader, context));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    parts.push(`<${error.message}>`);
  }
  return parts.join(', ');
}

function operation(reader: ByteReader, context: Context): string {
  const opcode = reader.u8();
  if (opcode >= DW_OP.lit0 && opcode < DW_OP.lit0 + 32) return `DW_OP_lit${opcode - DW_OP.lit0}`;
  if (opcode >= DW_OP.reg0 && opcode < DW_OP.reg0 + 32) {
    return `DW_OP_reg${opcode - DW_OP.reg0} ${context.register(opcode - DW_OP.reg0)}`;
  }
  if (opcode >= DW_OP.breg0 && opcode < DW_OP.breg0 + 32) {
    const number = opcode - DW_OP.breg0;
    return `DW_OP_breg${number} ${context.register(number)}${signed(reader.slebBig())}`;
  }
  const texts = (operands[opcode] ?? []).map((read) => read(reader, context));
  return [nameOf('DW_OP', DW_OP, opcode), ...texts].join(' ');
}

/** `CFA=sp+32: ra=[CFA-8], s0=[CFA-16]` */
export function frameRowText(row: FrameRow, addressSize: number, name: RegisterName): string {
  const { cfa } = row;
  const whole = (expression: Uint8Array) => `(${expressionText(expression, addressSize, name)})`;
  const base =
    cfa === undefined
      ? 'unknown'
      : cfa.kind === 'register'
        ? name(cfa.register) + signed(BigInt(cfa.offset))
        : whole(cfa.expression);
  const rules = [...row.registers].sort(([a], [b]) => a - b);
  const texts = rules.map(([number, rule]) => `${name(number)}=${ruleText(rule, whole, name)}`);
  return `CFA=${base}${texts.length > 0 ? `: ${texts.join(', ')}` : ''}`;
}

function ruleText(
  rule: RegisterRule,
  whole: (expression: Uint8Array) => string,
  name: RegisterName,
): string {
  switch (rule.kind) {
    case 'undefined':
      return 'undefined';
    case 'sameValue':
      return 'same';
    case 'offset':
      return `[CFA${signed(BigInt(rule.offset))}]`;
    case 'valOffset':
      return `CFA${signed(BigInt(rule.offset))}`;
    case 'register':
      return name(rule.register);
    case 'expression':
      return `[${whole(rule.expression)}]`;
    case 'valExpression':
      return whole(rule.expression);
  }
}

function signed(value: bigint): string {
  return value < 0n ? `${value}` : `+${value}`;
}

function hexBytes(block: Uint8Array): string {
  return [...block].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
