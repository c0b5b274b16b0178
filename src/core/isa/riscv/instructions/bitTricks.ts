/** Bit manipulation that several extensions are made of, on 64-bit values. */
import type { SemanticContext } from '../../../engine/semantics.ts';
import { and, i64, or, shl, shrU, xor, type Expr } from '../../../wasm/expression.ts';
import type { RowSpec } from './row.ts';

export const low32 = (value: Expr): Expr => and(value, i64(0xffff_ffffn));
export const invert = (value: Expr): Expr => xor(value, i64(-1));

/** Exchanges neighbouring groups of `width` bits; `mask` selects the lower one of each pair. */
function exchange(c: SemanticContext, value: Expr, width: number, mask: bigint): Expr {
  const x = c.keep(value);
  return or(shl(and(x, i64(mask)), i64(width)), and(shrU(x, i64(width)), i64(mask)));
}

export function reverseBytes(c: SemanticContext, value: Expr): Expr {
  const bytes = exchange(c, value, 8, 0x00ff_00ff_00ff_00ffn);
  const halves = c.keep(exchange(c, bytes, 16, 0x0000_ffff_0000_ffffn));
  return or(shl(halves, i64(32)), shrU(halves, i64(32)));
}

export function reverseBitsOfBytes(c: SemanticContext, value: Expr): Expr {
  const bits = exchange(c, value, 1, 0x5555_5555_5555_5555n);
  const pairs = exchange(c, bits, 2, 0x3333_3333_3333_3333n);
  return exchange(c, pairs, 4, 0x0f0f_0f0f_0f0f_0f0fn);
}

export const reverseBits = (c: SemanticContext, value: Expr): Expr =>
  reverseBitsOfBytes(c, reverseBytes(c, value));

export const OP = '0110011';
export const OP32 = '0111011';
export const OP_IMM = '0010011';
export const OP_IMM32 = '0011011';

type Binary = (a: Expr, b: Expr) => Expr;
type Execute = RowSpec[4];

export const onRegisters =
  (f: Binary): Execute =>
  (c) =>
    c.wr(f(c.rs1(), c.rs2()));
export const onImmediate =
  (f: Binary): Execute =>
  (c) =>
    c.wr(f(c.rs1(), c.imm()));
export const onOne =
  (f: (a: Expr) => Expr): Execute =>
  (c) =>
    c.wr(f(c.rs1()));

/** R-type: `bits` are funct7, funct3 and opcode. */
export const twoSources = (
  mnemonic: string,
  bits: string,
  summary: string,
  execute: Execute,
): RowSpec => {
  const [funct7, funct3, opcode] = bits.split(' ');
  const pattern = `${funct7} rs2:5 rs1:5 ${funct3} rd:5 ${opcode}`;
  return [mnemonic, pattern, 'rd, rs1, rs2', summary, execute];
};

/** One source: `bits` are the upper twelve, funct3 and opcode. */
export const oneSource = (
  mnemonic: string,
  bits: string,
  summary: string,
  execute: Execute,
): RowSpec => {
  const [upper, funct3, opcode] = bits.split(' ');
  return [mnemonic, `${upper} rs1:5 ${funct3} rd:5 ${opcode}`, 'rd, rs1', summary, execute];
};

/** A shift amount of six bits behind funct6, or of five behind funct7. */
export const shiftImmediate = (
  mnemonic: string,
  bits: string,
  summary: string,
  execute: Execute,
): RowSpec => {
  const [upper = '', funct3, opcode] = bits.split(' ');
  const amount = upper.length === 6 ? 'shamt[5:0]' : 'shamt[4:0]';
  const pattern = `${upper} ${amount} rs1:5 ${funct3} rd:5 ${opcode}`;
  return [mnemonic, pattern, 'rd, rs1, shamt', summary, execute];
};
