/** Zicond: integer conditional operations (unprivileged manual, chapter Zicond). */
import { eqz, i64, select } from '../../../wasm/expression.ts';
import { onRegisters, OP, twoSources } from './bitTricks.ts';
import { extensionRows } from './row.ts';

export const conditionalRows = extensionRows('Zicond', 'Unprivileged: Zicond', [
  twoSources(
    'czero.eqz',
    `0000111 101 ${OP}`,
    'Move, or zero if the condition is zero.',
    onRegisters((a, b) => select(i64(0), a, eqz(b))),
  ),
  twoSources(
    'czero.nez',
    `0000111 111 ${OP}`,
    'Move, or zero if the condition is not zero.',
    onRegisters((a, b) => select(a, i64(0), eqz(b))),
  ),
]);
