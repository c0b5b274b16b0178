/** A: atomic instructions, Zalrsc and Zaamo (unprivileged manual, chapter A). */
import type { AtomicWidth, SemanticContext } from '../../../engine/semantics.ts';
import {
  add,
  and,
  gtS,
  gtU,
  i64,
  ltS,
  ltU,
  or,
  select,
  signExtend16,
  signExtend32,
  signExtend8,
  xor,
  type Expr,
} from '../../../wasm/expression.ts';
import { extensionRows, only, type RowSpec } from './row.ts';

type Update = (old: Expr, source: Expr) => Expr;
export const atomicFunct3 = { b: '000', h: '001', w: '010', d: '011' } as const;
const sizeNames = { b: 'byte', h: 'halfword', w: 'word', d: 'doubleword' } as const;

/** The low part that an access of this width has, extended. */
export function narrowed(width: AtomicWidth, value: Expr, signed: boolean): Expr {
  switch (width) {
    case 'b':
      return signed ? signExtend8(value) : and(value, i64(0xff));
    case 'h':
      return signed ? signExtend16(value) : and(value, i64(0xffff));
    case 'w':
      return signed ? signExtend32(value) : and(value, i64(0xffffffffn));
    case 'd':
      return value;
  }
}

const plain = (update: Update) => (width: AtomicWidth) => (c: SemanticContext) =>
  c.amo(width, c.rs1(), (old) => update(old, c.rs2()));

/** Keeps the old value where `keeps` holds of it and the source, both read at the access's width. */
const choose =
  (keeps: Update, signed: boolean) =>
  (width: AtomicWidth) =>
  (c: SemanticContext): void =>
    c.amo(width, c.rs1(), (old) => {
      const a = c.keep(narrowed(width, old, signed));
      const b = c.keep(narrowed(width, c.rs2(), signed));
      return select(a, b, keeps(a, b));
    });

const operations: readonly (readonly [
  name: string,
  funct5: string,
  summary: string,
  execute: (width: AtomicWidth) => RowSpec[4],
])[] = [
  ['swap', '00001', 'swap', plain((_old, source) => source)],
  ['add', '00000', 'add to', plain(add)],
  ['xor', '00100', 'XOR of', plain(xor)],
  ['and', '01100', 'AND of', plain(and)],
  ['or', '01000', 'OR of', plain(or)],
  ['min', '10000', 'signed minimum of', choose(ltS, true)],
  ['max', '10100', 'signed maximum of', choose(gtS, true)],
  ['minu', '11000', 'unsigned minimum of', choose(ltU, false)],
  ['maxu', '11100', 'unsigned maximum of', choose(gtU, false)],
];

/** Doublewords fit registers of 64 bits alone. */
const ofWidth = (width: AtomicWidth, row: RowSpec): RowSpec =>
  width === 'd' ? only(64, row) : row;

/** Every read-modify-write operation at these widths. */
export const atomicOperations = (widths: readonly AtomicWidth[]): RowSpec[] =>
  operations.flatMap(([name, funct5, summary, execute]) =>
    widths.map((width): RowSpec =>
      ofWidth(width, [
        `amo${name}.${width}`,
        `${funct5} aq:1 rl:1 rs2:5 rs1:5 ${atomicFunct3[width]} rd:5 0101111`,
        'rd, rs2, (rs1)',
        `Atomic ${summary} ${sizeNames[width]}.`,
        execute(width),
      ]),
    ),
  );

const reservation = (['w', 'd'] as const).flatMap((width): RowSpec[] => [
  ofWidth(width, [
    `lr.${width}`,
    `00010 aq:1 rl:1 00000 rs1:5 ${atomicFunct3[width]} rd:5 0101111`,
    'rd, (rs1)',
    'Load reserved.',
    (c) => c.loadReserved(width, c.rs1()),
  ]),
  ofWidth(width, [
    `sc.${width}`,
    `00011 aq:1 rl:1 rs2:5 rs1:5 ${atomicFunct3[width]} rd:5 0101111`,
    'rd, rs2, (rs1)',
    'Store conditional: rd is 0 when it stored.',
    (c) => c.storeConditional(width, c.rs1(), c.rs2()),
  ]),
]);

export const atomicRows = [
  ...extensionRows('Zalrsc', 'Unprivileged: A, load-reserved and store-conditional', reservation),
  ...extensionRows(
    'Zaamo',
    'Unprivileged: A, atomic memory operations',
    atomicOperations(['w', 'd']),
  ),
];
