/** Zbc: carry-less multiplication, of which Zbkc has a part (unprivileged manual, chapter B). */
import type { SemanticContext } from '../../../engine/semantics.ts';
import { and, i64, mul, or, shrU, xor, type Expr } from '../../../wasm/expression.ts';
import { OP, reverseBits, twoSources } from './bitTricks.ts';
import { extensionRows } from './row.ts';
import { unsigned } from './width.ts';

/**
 * Low 64 bits of the carry-less product. Operands are split into four with three zeros between
 * their bits, so that carries of ordinary products stay in bits that are masked away: bit 4k gets
 * at most k + 1 terms, and the sixteen of bit 60 carry out at the top.
 */
function carryLess(c: SemanticContext, a: Expr, b: Expr): Expr {
  const masks = [0, 1, 2, 3].map((i) => i64(0x1111_1111_1111_1111n << BigInt(i)));
  const split = (value: Expr): Expr[] => {
    const whole = c.keep(value);
    return masks.map((mask) => c.keep(and(whole, mask)));
  };
  const [as, bs] = [split(a), split(b)];
  const parts = masks.map((mask, i) => {
    const products = as.map((part, j) => mul(part, bs[(i - j + 4) % 4]!));
    return and(products.reduce(xor), mask);
  });
  return parts.reduce(or);
}

/** Bits 126:63 of the product: the low ones of the reversed operands' product, reversed. */
function reversed(c: SemanticContext): Expr {
  const product = carryLess(c, reverseBits(c, c.rs1()), reverseBits(c, c.rs2()));
  return reverseBits(c, product);
}

/** The product of words, all of whose bits there are, from bit `lowest`. */
const highBits = (c: SemanticContext, lowest: number): Expr =>
  shrU(carryLess(c, unsigned(c, c.rs1()), unsigned(c, c.rs2())), i64(lowest));

const section = 'Unprivileged: Zbc, carry-less multiplication';

export const carryLessRows = [
  ...extensionRows(
    'Zbc',
    section,
    [
      twoSources('clmul', `0000101 001 ${OP}`, 'Carry-less multiply, low half.', (c) =>
        c.wr(carryLess(c, c.rs1(), c.rs2())),
      ),
      twoSources('clmulh', `0000101 011 ${OP}`, 'Carry-less multiply, high half.', (c) =>
        c.wr(c.xlen === 32 ? highBits(c, 32) : shrU(reversed(c), i64(1))),
      ),
    ],
    { alsoIn: ['Zbkc'] },
  ),
  ...extensionRows('Zbc', section, [
    twoSources('clmulr', `0000101 010 ${OP}`, 'Carry-less multiply, reversed.', (c) =>
      c.wr(c.xlen === 32 ? highBits(c, 31) : reversed(c)),
    ),
  ]),
];
