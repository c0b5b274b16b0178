/** Zba: address generation (unprivileged manual, chapter B). */
import { add, i64, shl, type Expr } from '../../../wasm/expression.ts';
import {
  low32,
  onImmediate,
  onRegisters,
  OP,
  OP32,
  OP_IMM32,
  shiftImmediate,
  twoSources,
} from './bitTricks.ts';
import { extensionRows, only } from './row.ts';

const shiftAdd = (shift: number) => (a: Expr, b: Expr) => add(b, shl(a, i64(shift)));
const shiftAddWord = (shift: number) => (a: Expr, b: Expr) => add(b, shl(low32(a), i64(shift)));
const funct3 = { 1: '010', 2: '100', 3: '110' } as const;

export const addressRows = extensionRows('Zba', 'Unprivileged: Zba, address generation', [
  ...([1, 2, 3] as const).flatMap((shift) => [
    twoSources(
      `sh${shift}add`,
      `0010000 ${funct3[shift]} ${OP}`,
      `Shift left by ${shift} and add.`,
      onRegisters(shiftAdd(shift)),
    ),
    only(
      64,
      twoSources(
        `sh${shift}add.uw`,
        `0010000 ${funct3[shift]} ${OP32}`,
        `Shift unsigned word left by ${shift} and add.`,
        onRegisters(shiftAddWord(shift)),
      ),
    ),
  ]),
  only(
    64,
    twoSources('add.uw', `0000100 000 ${OP32}`, 'Add unsigned word.', onRegisters(shiftAddWord(0))),
  ),
  only(
    64,
    shiftImmediate(
      'slli.uw',
      `000010 001 ${OP_IMM32}`,
      'Shift unsigned word left by immediate.',
      onImmediate((a, b) => shl(low32(a), b)),
    ),
  ),
]);
