/** Instruction words as text, from the rows' operand syntax; standard aliases are not used. */
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { ControlFlow, DisassembledInstruction } from '../isa.ts';
import { csrName } from './csr/names.ts';
import { Decoder, fieldOf, type Decoded } from './decode.ts';
import { constantNames } from './float/constants.ts';
import { dynamicRounding, rounding } from './float/environment.ts';
import { parsePattern } from './pattern.ts';
import { floatNames, integerNames } from './registers.ts';

/** Made when something is disassembled: runs without a debugger have no use for them. */
const decoders: Partial<Record<RegisterWidth, Decoder>> = {};
const decoderOf = (xlen: RegisterWidth): Decoder =>
  (decoders[xlen] ??= new Decoder(undefined, xlen));

export function disassemble(
  bytes: Uint8Array,
  address: bigint,
  xlen: RegisterWidth = 64,
): DisassembledInstruction {
  const { size, word, decoded } = decodeBytes(bytes, xlen);
  if (!decoded) {
    const digits = word.toString(16).padStart(size * 2, '0');
    const text = `${size === 4 ? '.word' : '.half'} 0x${digits}`;
    return { size, text, mnemonic: '', valid: false, flow: 'trap' };
  }
  const { written } = decoded;
  const suffix = orderingSuffix(decoded, word);
  const target = directTarget(decoded, address, xlen);
  const operands = written.operands && ` ${operandText(decoded, word, target ?? 0n)}`;
  return {
    size,
    text: written.mnemonic + suffix + operands,
    mnemonic: written.mnemonic,
    valid: true,
    flow: flowOf(decoded),
    ...(target === undefined ? {} : { target }),
    ...effectOf(decoded, address, xlen),
  };
}

/** Where JALR leads, and the register that is changed. */
function effectOf(
  { row, rd, rs1, imm }: Decoded,
  address: bigint,
  xlen: RegisterWidth,
): Pick<DisassembledInstruction, 'through' | 'changes'> {
  const { mnemonic, pattern } = row;
  const register = integerNames[rd];
  const base = integerNames[rs1];
  const isIndirect = mnemonic === 'jalr' && base !== undefined;
  // LUI and AUIPC: what they make does not depend on any register.
  const start = mnemonic === 'lui' ? 0n : mnemonic === 'auipc' ? address : undefined;
  const to = start === undefined ? {} : { to: BigInt.asUintN(xlen, start + BigInt(imm)) };
  const hasResult = register !== undefined && rd !== 0 && parsePattern(pattern).fields.has('rd');
  return {
    ...(isIndirect && { through: { register: base, offset: BigInt(imm) } }),
    ...(hasResult && { changes: { register, ...to } }),
  };
}

/** `decoded` is undefined where nothing decodes, or the bytes are cut short. */
export function decodeBytes(
  bytes: Uint8Array,
  xlen: RegisterWidth,
): { readonly size: 2 | 4; readonly word: number; readonly decoded: Decoded | undefined } {
  const low = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8);
  const size = bytes.length >= 4 && (low & 3) === 3 ? 4 : 2;
  const word = size === 4 ? (low | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0 : low;
  const decoded = (low & 3) === 3 && size === 2 ? undefined : decoderOf(xlen).decode(word);
  return { size, word, decoded };
}

/** Calls link through ra or t0, returns jump through them (unprivileged manual, JALR hints). */
function flowOf(decoded: Decoded): ControlFlow {
  const { mnemonic } = decoded.row;
  const isLink = (register: number): boolean => register === 1 || register === 5;
  if (mnemonic === 'jal') return isLink(decoded.rd) ? 'call' : 'jump';
  if (mnemonic === 'jalr') {
    if (isLink(decoded.rd)) return 'call';
    return isLink(decoded.rs1) && decoded.rd === 0 ? 'return' : 'jump';
  }
  return decoded.row.flow;
}

function directTarget(decoded: Decoded, address: bigint, xlen: RegisterWidth): bigint | undefined {
  const { mnemonic, flow } = decoded.row;
  if (mnemonic !== 'jal' && flow !== 'branch') return undefined;
  return BigInt.asUintN(xlen, address + BigInt(decoded.imm));
}

/** `.aq`, `.rl`, `.aqrl` of the atomic instructions. */
function orderingSuffix({ written }: Decoded, word: number): string {
  const aq = fieldOf(written, 'aq', word) ? 'aq' : '';
  const rl = fieldOf(written, 'rl', word) ? 'rl' : '';
  return aq || rl ? `.${aq}${rl}` : '';
}

function operandText(decoded: Decoded, word: number, target: bigint): string {
  const { written } = decoded;
  const usual = 'float' in written && written.float?.exact ? rounding.RNE : dynamicRounding;
  const isUsual = fieldOf(written, 'rm', word) === usual;
  const operands = written.operands.replace('[, rm]', isUsual ? '' : ', rm');
  return operands.replace(/[a-z]\w*'?/g, (name) => {
    if (name === 'offset') return `0x${target.toString(16)}`;
    if (name === 'imm20') return `0x${((decoded.imm >>> 12) & 0xfffff).toString(16)}`;
    if (name === 'nzimm20') return `0x${((decoded.imm >>> 12) & 0xfffff).toString(16)}`;
    if (name === 'sp') return 'sp';
    const value = fieldOf(written, name, word) ?? 0;
    if (/^r[ds]/.test(name)) return integerNames[value]!;
    if (/^fr[ds]/.test(name)) return floatNames[value]!;
    if (name === 'rm') return roundingNames[value]!;
    if (name === 'constant') return constantNames[value]!;
    if (name === 'csr') return csrName(value) ?? `0x${value.toString(16)}`;
    if (name === 'pred' || name === 'succ') return fenceSet(value);
    if (name === 'shamt') return `0x${value.toString(16)}`;
    return String(value);
  });
}

const roundingNames = ['rne', 'rtz', 'rdn', 'rup', 'rmm', '', '', 'dyn'];

function fenceSet(value: number): string {
  if (value === 0) return '0';
  return ['i', 'o', 'r', 'w'].filter((_, i) => value & (8 >> i)).join('');
}
