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
import { extensionRows, only } from './row.ts';
import { byWidth, unsigned } from './width.ts';

const halfword = (value: Expr): Expr => and(value, i64(0xffff));
const packHalfwords = (a: Expr, b: Expr): Expr => or(halfword(a), shl(b, i64(16)));
const packWords = (a: Expr, b: Expr): Expr => or(low32(a), shl(b, i64(32)));
const byte = (value: Expr): Expr => and(value, i64(0xff));

/** Each group of `bits` in rs2 is the number of a group of rs1; numbers too large give 0. */
const permute = (bits: 4 | 8) => (c: SemanticContext) => {
  const table = c.keep(unsigned(c, c.rs1()));
  const indices = c.keep(c.rs2());
  const mask = i64(2 ** bits - 1);
  const chosen = Array.from({ length: c.xlen / bits }, (_, i) => {
    const index = c.keep(and(shrU(indices, i64(i * bits)), mask));
    const group = and(shrU(table, shl(index, i64(bits === 8 ? 3 : 2))), mask);
    const present = bits === 8 ? select(group, i64(0), ltU(index, i64(8))) : group;
    return shl(present, i64(i * bits));
  });
  c.wr(chosen.reduce(or));
};

/** What of a word's second and third quarter, and of its parts' in turn, a step keeps in place. */
const spread = [
  [8, 0x00ff_0000n],
  [4, 0x0f00_0f00n],
  [2, 0x3030_3030n],
  [1, 0x4444_4444n],
] as const;

/** Exchanges the bits of `upper` with those so many places below them. */
function exchange(c: SemanticContext, value: Expr, by: number, upper: bigint): Expr {
  const x = c.keep(value);
  const lower = upper >> BigInt(by);
  const others = and(x, i64(~(upper | lower)));
  const up = and(shl(x, i64(by)), i64(upper));
  return or(others, or(up, and(shrU(x, i64(by)), i64(lower))));
}

function zip(c: SemanticContext): void {
  c.wr(spread.reduce((value, [by, upper]) => exchange(c, value, by, upper), c.rs1()));
}

function unzip(c: SemanticContext): void {
  c.wr(spread.reduceRight((value, [by, upper]) => exchange(c, value, by, upper), c.rs1()));
}

export const cryptographyBitRows = [
  ...extensionRows('Zbkb', 'Unprivileged: Zbkb, bit manipulation for cryptography', [
    twoSources('pack', `0000100 100 ${OP}`, 'Pack the low halves of two registers.', (c) =>
      c.wr(byWidth(c, packHalfwords, packWords)(c.rs1(), c.rs2())),
    ),
    twoSources(
      'packh',
      `0000100 111 ${OP}`,
      'Pack the low bytes of two registers.',
      onRegisters((a, b) => or(byte(a), shl(byte(b), i64(8)))),
    ),
    only(
      64,
      twoSources(
        'packw',
        `0000100 100 ${OP32}`,
        'Pack the low halfwords of two registers into a word.',
        onRegisters((a, b) => signExtend32(packHalfwords(a, b))),
      ),
    ),
    oneSource('brev8', `011010000111 101 ${OP_IMM}`, 'Reverse the bits of each byte.', (c) =>
      c.wr(reverseBitsOfBytes(c, c.rs1())),
    ),
    only(
      32,
      oneSource('zip', `000010001111 001 ${OP_IMM}`, 'Interleave the bits of both halves.', zip),
    ),
    only(
      32,
      oneSource('unzip', `000010001111 101 ${OP_IMM}`, 'Separate even and odd bits.', unzip),
    ),
  ]),
  ...extensionRows('Zbkx', 'Unprivileged: Zbkx, crossbar permutations', [
    twoSources('xperm4', `0010100 010 ${OP}`, 'Permute nibbles.', permute(4)),
    twoSources('xperm8', `0010100 100 ${OP}`, 'Permute bytes.', permute(8)),
  ]),
];
