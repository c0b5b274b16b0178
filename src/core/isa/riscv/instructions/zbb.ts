/**
 * Zbb: basic bit manipulation (unprivileged manual, chapter B). What it shares with Zbkb, bit
 * manipulation for cryptography, is stated here.
 */
import type { SemanticContext } from '../../../engine/semantics.ts';
import {
  and,
  clz,
  clz32,
  ctz,
  ctz32,
  gtS,
  gtU,
  i64,
  ltS,
  ltU,
  mul,
  or,
  popcnt,
  popcnt32,
  rotl,
  rotl32,
  rotr,
  rotr32,
  select,
  shrU,
  signExtend,
  signExtend16,
  signExtend8,
  wrap,
  xor,
  zeroExtend,
  type Expr,
} from '../../../wasm/expression.ts';
import {
  invert,
  oneSource,
  onImmediate,
  onOne,
  onRegisters,
  OP,
  OP32,
  OP_IMM,
  OP_IMM32,
  reverseBytes,
  shiftImmediate,
  twoSources,
} from './bitTricks.ts';
import { extensionRows, only, type RowSpec } from './row.ts';
import { byWidth } from './width.ts';

type Binary = (a: Expr, b: Expr) => Expr;
const word =
  (f: Binary): Binary =>
  (a, b) =>
    signExtend(f(wrap(a), wrap(b)));
const rotate = (narrow: Binary, wide: Binary) => (c: SemanticContext) =>
  c.wr(byWidth(c, word(narrow), wide)(c.rs1(), c.rs2()));

type Unary = (a: Expr) => Expr;
const inWord =
  (f: Unary): Unary =>
  (a) =>
    zeroExtend(f(wrap(a)));
const ofWord = (f: Unary) => onOne(inWord(f));
const count = (narrow: Unary, wide: Unary) => (c: SemanticContext) =>
  c.wr(byWidth(c, inWord(narrow), wide)(c.rs1()));

const choose = (keeps: Binary) => (c: SemanticContext) => {
  const a = c.keep(c.rs1());
  const b = c.keep(c.rs2());
  c.wr(select(a, b, keeps(a, b)));
};

/** The lowest bit of each byte gathers the byte's bits, then fills the byte. */
function orOfBytes(c: SemanticContext): void {
  const gathered = [4, 2, 1].reduce((value, shift) => {
    const x = c.keep(value);
    return or(x, shrU(x, i64(shift)));
  }, c.rs1());
  c.wr(mul(and(gathered, i64(0x0101_0101_0101_0101n)), i64(255)));
}

/** Its encoding has the number of bits less eight in it. */
const reversal = (upper: string): RowSpec =>
  oneSource('rev8', `${upper} 101 ${OP_IMM}`, 'Reverse the bytes.', (c) => {
    const reversed = reverseBytes(c, c.rs1());
    c.wr(c.xlen === 32 ? shrU(reversed, i64(32)) : reversed);
  });

/** An encoding of PACKW, or of PACK where there is no PACKW. */
const halfwordExtension = (opcode: string): RowSpec =>
  oneSource(
    'zext.h',
    `000010000000 100 ${opcode}`,
    'Zero-extend halfword.',
    onOne((a) => and(a, i64(0xffff))),
  );

export const basicBitRows = [
  ...extensionRows(
    'Zbb',
    'Unprivileged: Zbb, basic bit manipulation',
    [
      twoSources(
        'andn',
        `0100000 111 ${OP}`,
        'AND with inverted operand.',
        onRegisters((a, b) => and(a, invert(b))),
      ),
      twoSources(
        'orn',
        `0100000 110 ${OP}`,
        'OR with inverted operand.',
        onRegisters((a, b) => or(a, invert(b))),
      ),
      twoSources(
        'xnor',
        `0100000 100 ${OP}`,
        'Exclusive NOR.',
        onRegisters((a, b) => invert(xor(a, b))),
      ),
      twoSources('rol', `0110000 001 ${OP}`, 'Rotate left.', rotate(rotl32, rotl)),
      twoSources('ror', `0110000 101 ${OP}`, 'Rotate right.', rotate(rotr32, rotr)),
      shiftImmediate('rori', `011000 101 ${OP_IMM}`, 'Rotate right by immediate.', (c) =>
        c.wr(byWidth(c, word(rotr32), rotr)(c.rs1(), c.imm())),
      ),
      only(
        64,
        twoSources('rolw', `0110000 001 ${OP32}`, 'Rotate word left.', onRegisters(word(rotl32))),
      ),
      only(
        64,
        twoSources('rorw', `0110000 101 ${OP32}`, 'Rotate word right.', onRegisters(word(rotr32))),
      ),
      only(
        64,
        shiftImmediate(
          'roriw',
          `0110000 101 ${OP_IMM32}`,
          'Rotate word right by immediate.',
          onImmediate(word(rotr32)),
        ),
      ),
      only(64, reversal('011010111000')),
      only(32, reversal('011010011000')),
    ],
    { alsoIn: ['Zbkb'] },
  ),
  ...extensionRows('Zbb', 'Unprivileged: Zbb, basic bit manipulation', [
    oneSource('clz', `011000000000 001 ${OP_IMM}`, 'Count leading zeros.', count(clz32, clz)),
    oneSource('ctz', `011000000001 001 ${OP_IMM}`, 'Count trailing zeros.', count(ctz32, ctz)),
    oneSource('cpop', `011000000010 001 ${OP_IMM}`, 'Count ones.', count(popcnt32, popcnt)),
    only(
      64,
      oneSource(
        'clzw',
        `011000000000 001 ${OP_IMM32}`,
        'Count leading zeros of word.',
        ofWord(clz32),
      ),
    ),
    only(
      64,
      oneSource(
        'ctzw',
        `011000000001 001 ${OP_IMM32}`,
        'Count trailing zeros of word.',
        ofWord(ctz32),
      ),
    ),
    only(
      64,
      oneSource('cpopw', `011000000010 001 ${OP_IMM32}`, 'Count ones of word.', ofWord(popcnt32)),
    ),
    twoSources('max', `0000101 110 ${OP}`, 'Maximum, signed.', choose(gtS)),
    twoSources('maxu', `0000101 111 ${OP}`, 'Maximum, unsigned.', choose(gtU)),
    twoSources('min', `0000101 100 ${OP}`, 'Minimum, signed.', choose(ltS)),
    twoSources('minu', `0000101 101 ${OP}`, 'Minimum, unsigned.', choose(ltU)),
    oneSource('sext.b', `011000000100 001 ${OP_IMM}`, 'Sign-extend byte.', onOne(signExtend8)),
    oneSource('sext.h', `011000000101 001 ${OP_IMM}`, 'Sign-extend halfword.', onOne(signExtend16)),
    only(64, halfwordExtension(OP32)),
    only(32, halfwordExtension(OP)),
    oneSource(
      'orc.b',
      `001010000111 101 ${OP_IMM}`,
      'Set each byte to all ones unless it is zero.',
      orOfBytes,
    ),
  ]),
];
