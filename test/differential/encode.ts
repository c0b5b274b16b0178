/** Instruction words from the rows' patterns: the way back from what the decoder does. */
import assert from 'node:assert/strict';
import { rowsOf } from '../../src/core/isa/riscv/instructions/all.ts';
import type { CompressedRow, InstructionRow } from '../../src/core/isa/riscv/instructions/row.ts';
import { parsePattern, type Field } from '../../src/core/isa/riscv/pattern.ts';

export type Values = Readonly<Record<string, number>>;

export function encodePattern(text: string, values: Values): number {
  const pattern = parsePattern(text);
  let word = pattern.match;
  for (const field of pattern.fields.values()) word |= place(field, values[field.name] ?? 0);
  return word >>> 0;
}

/** Bits of a field's value where the instruction has them. */
export function place(field: Field, value: number): number {
  const raw = value - field.bias;
  return field.pieces.reduce(
    (word, { from, width, to }) => word | (((raw >> to) & (2 ** width - 1)) << from),
    0,
  );
}

/** Every row of 16 and 32 bits that harts of this register width may have. */
export const allRowsOf = (xlen: 32 | 64): readonly (InstructionRow | CompressedRow)[] => {
  const { instructions, compressed } = rowsOf(xlen);
  return [...instructions, ...compressed];
};
export const allRows = allRowsOf(64);

const patternsOf = (xlen: 32 | 64): ReadonlyMap<string, string> =>
  new Map(allRowsOf(xlen).map((row) => [row.mnemonic, row.pattern]));
const patterns = { 32: patternsOf(32), 64: patternsOf(64) } as const;

export function encode(mnemonic: string, values: Values = {}, xlen: 32 | 64 = 64): number {
  const pattern = patterns[xlen].get(mnemonic);
  assert.ok(pattern, mnemonic);
  return encodePattern(pattern, values);
}
