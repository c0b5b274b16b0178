/** Zbs: single-bit instructions (unprivileged manual, chapter B). */
import { and, i64, or, rotl, shl, shrU, xor, type Expr } from '../../../wasm/expression.ts';
import { OP, OP_IMM, shiftImmediate, twoSources } from './bitTricks.ts';
import { extensionRows } from './row.ts';
import { amount } from './width.ts';

const bit = (index: Expr): Expr => shl(i64(1), index);

const operations: readonly (readonly [
  name: string,
  funct6: string,
  funct3: string,
  summary: string,
  f: (a: Expr, b: Expr) => Expr,
])[] = [
  ['bclr', '010010', '001', 'Clear one bit', (a, b) => and(a, rotl(i64(-2), b))],
  ['bext', '010010', '101', 'Extract one bit', (a, b) => and(shrU(a, b), i64(1))],
  ['binv', '011010', '001', 'Invert one bit', (a, b) => xor(a, bit(b))],
  ['bset', '001010', '001', 'Set one bit', (a, b) => or(a, bit(b))],
];

export const singleBitRows = extensionRows(
  'Zbs',
  'Unprivileged: Zbs, single-bit instructions',
  operations.flatMap(([name, funct6, funct3, summary, f]) => [
    twoSources(name, `${funct6}0 ${funct3} ${OP}`, `${summary}.`, (c) =>
      c.wr(f(c.rs1(), amount(c, c.rs2()))),
    ),
    shiftImmediate(`${name}i`, `${funct6} ${funct3} ${OP_IMM}`, `${summary}, immediate.`, (c) =>
      c.wr(f(c.rs1(), amount(c, c.imm()))),
    ),
  ]),
);
