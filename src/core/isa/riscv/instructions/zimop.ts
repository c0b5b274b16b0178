/**
 * Zimop and Zcmop: may-be-operations (unprivileged manual, chapter Zimop). Until an extension
 * gives one a meaning, the wide ones write 0 and the compressed ones write nothing.
 */
import { i64 } from '../../../wasm/expression.ts';
import { compressedExtensionRows, extensionRows, type RowSpec } from './row.ts';

const bits = (value: number, high: number, low: number): string =>
  ((value >>> low) & (2 ** (high - low + 1) - 1)).toString(2).padStart(high - low + 1, '0');
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const zero: RowSpec[4] = (c) => c.wr(i64(0));
const summary = 'May be an operation: writes 0 until an extension defines it.';

export const maybeRows = extensionRows('Zimop', 'Unprivileged: Zimop, may-be-operations', [
  ...numbers(32).map((n): RowSpec => {
    const upper = `1${bits(n, 4, 4)}00${bits(n, 3, 2)}0111${bits(n, 1, 0)}`;
    return [`mop.r.${n}`, `${upper} rs1:5 100 rd:5 1110011`, 'rd, rs1', summary, zero];
  }),
  ...numbers(8).map((n): RowSpec => {
    const upper = `1${bits(n, 2, 2)}00${bits(n, 1, 0)}1`;
    const pattern = `${upper} rs2:5 rs1:5 100 rd:5 1110011`;
    return [`mop.rr.${n}`, pattern, 'rd, rs1, rs2', summary, zero];
  }),
]);

export const compressedMaybeRows = compressedExtensionRows(
  'Zcmop',
  'Unprivileged: Zcmop, compressed may-be-operations',
  [1, 3, 5, 7, 9, 11, 13, 15].map((n) => [
    `c.mop.${n}`,
    `0110${bits(n, 4, 0)}0000001`,
    '',
    'addi rd=0 rs1=0 imm=0',
  ]),
).map((row) => ({
  ...row,
  summary: 'May be an operation: does nothing until an extension defines it.',
}));
