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
import { extensionRows } from './row.ts';

type Binary = (a: Expr, b: Expr) => Expr;
const word =
  (f: Binary): Binary =>
  (a, b) =>
    signExtend(f(wrap(a), wrap(b)));
const ofWord = (f: (a: Expr) => Expr) => onOne((a) => zeroExtend(f(wrap(a))));

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
      twoSources('rol', `0110000 001 ${OP}`, 'Rotate left.', onRegisters(rotl)),
      twoSources('ror', `0110000 101 ${OP}`, 'Rotate right.', onRegisters(rotr)),
      shiftImmediate(
        'rori',
        `011000 101 ${OP_IMM}`,
        'Rotate right by immediate.',
        onImmediate(rotr),
      ),
      twoSources('rolw', `0110000 001 ${OP32}`, 'Rotate word left.', onRegisters(word(rotl32))),
      twoSources('rorw', `0110000 101 ${OP32}`, 'Rotate word right.', onRegisters(word(rotr32))),
      shiftImmediate(
        'roriw',
        `0110000 101 ${OP_IMM32}`,
        'Rotate word right by immediate.',
        onImmediate(word(rotr32)),
      ),
      oneSource('rev8', `011010111000 101 ${OP_IMM}`, 'Reverse the bytes.', (c) =>
        c.wr(reverseBytes(c, c.rs1())),
      ),
    ],
    { alsoIn: ['Zbkb'] },
  ),
  ...extensionRows('Zbb', 'Unprivileged: Zbb, basic bit manipulation', [
    oneSource('clz', `011000000000 001 ${OP_IMM}`, 'Count leading zeros.', onOne(clz)),
    oneSource('ctz', `011000000001 001 ${OP_IMM}`, 'Count trailing zeros.', onOne(ctz)),
    oneSource('cpop', `011000000010 001 ${OP_IMM}`, 'Count ones.', onOne(popcnt)),
    oneSource(
      'clzw',
      `011000000000 001 ${OP_IMM32}`,
      'Count leading zeros of word.',
      ofWord(clz32),
    ),
    oneSource(
      'ctzw',
      `011000000001 001 ${OP_IMM32}`,
      'Count trailing zeros of word.',
      ofWord(ctz32),
    ),
    oneSource('cpopw', `011000000010 001 ${OP_IMM32}`, 'Count ones of word.', ofWord(popcnt32)),
    twoSources('max', `0000101 110 ${OP}`, 'Maximum, signed.', choose(gtS)),
    twoSources('maxu', `0000101 111 ${OP}`, 'Maximum, unsigned.', choose(gtU)),
    twoSources('min', `0000101 100 ${OP}`, 'Minimum, signed.', choose(ltS)),
    twoSources('minu', `0000101 101 ${OP}`, 'Minimum, unsigned.', choose(ltU)),
    oneSource('sext.b', `011000000100 001 ${OP_IMM}`, 'Sign-extend byte.', onOne(signExtend8)),
    oneSource('sext.h', `011000000101 001 ${OP_IMM}`, 'Sign-extend halfword.', onOne(signExtend16)),
    oneSource(
      'zext.h',
      `000010000000 100 ${OP32}`,
      'Zero-extend halfword.',
      onOne((a) => and(a, i64(0xffff))),
    ),
    oneSource(
      'orc.b',
      `001010000111 101 ${OP_IMM}`,
      'Set each byte to all ones unless it is zero.',
      orOfBytes,
    ),
  ]),
];
