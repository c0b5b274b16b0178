/**
 * Zbkb and Zbkx: bit manipulation and crossbar permutations for cryptography (unprivileged manual,
 * chapter Scalar cryptography). What Zbkb and Zbkc share with Zbb and Zbc is stated there.
 */
import type { SemanticContext } from '../../../engine/semantics.ts';
import {
  and,
  i64,
  ltU,
  or,
  select,
  shl,
  shrU,
  signExtend32,
  type Expr,
} from '../../../wasm/expression.ts';
import {
  low32,
  oneSource,
  onRegisters,
  OP,
  OP32,
  OP_IMM,
  reverseBitsOfBytes,
  twoSources,
} from './bitTricks.ts';
import { extensionRows } from './row.ts';

const halfword = (value: Expr): Expr => and(value, i64(0xffff));
const byte = (value: Expr): Expr => and(value, i64(0xff));

/** Each group of `bits` in rs2 is the number of a group of rs1; numbers too large give 0. */
const permute = (bits: 4 | 8) => (c: SemanticContext) => {
  const table = c.keep(c.rs1());
  const indices = c.keep(c.rs2());
  const mask = i64(2 ** bits - 1);
  const chosen = Array.from({ length: 64 / bits }, (_, i) => {
    const index = c.keep(and(shrU(indices, i64(i * bits)), mask));
    const group = and(shrU(table, shl(index, i64(bits === 8 ? 3 : 2))), mask);
    const present = bits === 8 ? select(group, i64(0), ltU(index, i64(8))) : group;
    return shl(present, i64(i * bits));
  });
  c.wr(chosen.reduce(or));
};

export const cryptographyBitRows = [
  ...extensionRows('Zbkb', 'Unprivileged: Zbkb, bit manipulation for cryptography', [
    twoSources(
      'pack',
      `0000100 100 ${OP}`,
      'Pack the low words of two registers.',
      onRegisters((a, b) => or(low32(a), shl(b, i64(32)))),
    ),
    twoSources(
      'packh',
      `0000100 111 ${OP}`,
      'Pack the low bytes of two registers.',
      onRegisters((a, b) => or(byte(a), shl(byte(b), i64(8)))),
    ),
    twoSources(
      'packw',
      `0000100 100 ${OP32}`,
      'Pack the low halfwords of two registers into a word.',
      onRegisters((a, b) => signExtend32(or(halfword(a), shl(b, i64(16))))),
    ),
    oneSource('brev8', `011010000111 101 ${OP_IMM}`, 'Reverse the bits of each byte.', (c) =>
      c.wr(reverseBitsOfBytes(c, c.rs1())),
    ),
  ]),
  ...extensionRows('Zbkx', 'Unprivileged: Zbkx, crossbar permutations', [
    twoSources('xperm4', `0010100 010 ${OP}`, 'Permute nibbles.', permute(4)),
    twoSources('xperm8', `0010100 100 ${OP}`, 'Permute bytes.', permute(8)),
  ]),
];
