/** A: atomic instructions, Zalrsc and Zaamo (unprivileged manual, chapter A). */
import type { SemanticContext } from '../../../engine/semantics.ts';
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
  signExtend32,
  xor,
  type Expr,
} from '../../../wasm/expression.ts';
import { extensionRows, type RowSpec } from './row.ts';

type Width = 'w' | 'd';
type Update = (old: Expr, source: Expr) => Expr;
const funct3 = { w: '010', d: '011' } as const;

const plain = (update: Update) => (width: Width) => (c: SemanticContext) =>
  c.amo(width, c.rs1(), (old) => update(old, c.rs2()));

/** Keeps the old value where `keeps` holds of it and the source, both read at the access's width. */
const choose =
  (keeps: Update, signed: boolean) =>
  (width: Width) =>
  (c: SemanticContext): void => {
    const narrow = (v: Expr): Expr =>
      width === 'd' ? v : signed ? signExtend32(v) : and(v, i64(0xffffffffn));
    c.amo(width, c.rs1(), (old) => {
      const a = c.keep(narrow(old));
      const b = c.keep(narrow(c.rs2()));
      return select(a, b, keeps(a, b));
    });
  };

const amo = (
  name: string,
  funct5: string,
  summary: string,
  execute: (width: Width) => RowSpec[4],
): RowSpec[] =>
  (['w', 'd'] as const).map((width) => [
    `amo${name}.${width}`,
    `${funct5} aq:1 rl:1 rs2:5 rs1:5 ${funct3[width]} rd:5 0101111`,
    'rd, rs2, (rs1)',
    `Atomic ${summary} ${width === 'w' ? 'word' : 'doubleword'}.`,
    execute(width),
  ]);

const reservation = (['w', 'd'] as const).flatMap((width): RowSpec[] => [
  [
    `lr.${width}`,
    `00010 aq:1 rl:1 00000 rs1:5 ${funct3[width]} rd:5 0101111`,
    'rd, (rs1)',
    'Load reserved.',
    (c) => c.loadReserved(width, c.rs1()),
  ],
  [
    `sc.${width}`,
    `00011 aq:1 rl:1 rs2:5 rs1:5 ${funct3[width]} rd:5 0101111`,
    'rd, rs2, (rs1)',
    'Store conditional: rd is 0 when it stored.',
    (c) => c.storeConditional(width, c.rs1(), c.rs2()),
  ],
]);

export const atomicRows = [
  ...extensionRows('Zalrsc', 'Unprivileged: A, load-reserved and store-conditional', reservation),
  ...extensionRows('Zaamo', 'Unprivileged: A, atomic memory operations', [
    ...amo(
      'swap',
      '00001',
      'swap',
      plain((_old, source) => source),
    ),
    ...amo('add', '00000', 'add to', plain(add)),
    ...amo('xor', '00100', 'XOR of', plain(xor)),
    ...amo('and', '01100', 'AND of', plain(and)),
    ...amo('or', '01000', 'OR of', plain(or)),
    ...amo('min', '10000', 'signed minimum of', choose(ltS, true)),
    ...amo('max', '10100', 'signed maximum of', choose(gtS, true)),
    ...amo('minu', '11000', 'unsigned minimum of', choose(ltU, false)),
    ...amo('maxu', '11100', 'unsigned maximum of', choose(gtU, false)),
  ]),
];
