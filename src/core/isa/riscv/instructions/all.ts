/** Every instruction row, of both register widths. */
import { atomicRows } from './a.ts';
import { compressedBaseRows } from './c.ts';
import {
  compressedDoubleRows,
  compressedSingleRows,
  floatArithmeticRows,
  floatMemoryRows,
} from './f.ts';
import { compressedHintRows, hintRows } from './hints.ts';
import { baseRows } from './i.ts';
import { multiplyRows } from './m.ts';
import type { RegisterWidth } from '../../../engine/semantics.ts';
import type { CompressedRow, InstructionRow } from './row.ts';
import { systemRows } from './system.ts';
import { compareAndSwapRows, narrowAtomicRows } from './zacas.ts';
import { reservationWaitRows } from './zawrs.ts';
import { addressRows } from './zba.ts';
import { basicBitRows } from './zbb.ts';
import { carryLessRows } from './zbc.ts';
import { cryptographyBitRows } from './zbkb.ts';
import { singleBitRows } from './zbs.ts';
import { additionalFloatRows, floatPairRows } from './zfa.ts';
import { compressedByteRows } from './zcb.ts';
import { cacheBlockRows } from './zicbo.ts';
import { conditionalRows } from './zicond.ts';
import { compressedMaybeRows, maybeRows } from './zimop.ts';
import { scalarCryptographyRows } from './zk.ts';

export const instructionRows: readonly InstructionRow[] = [
  ...baseRows,
  ...multiplyRows,
  ...atomicRows,
  ...systemRows,
  ...addressRows,
  ...basicBitRows,
  ...carryLessRows,
  ...singleBitRows,
  ...cryptographyBitRows,
  ...scalarCryptographyRows,
  ...conditionalRows,
  ...compareAndSwapRows,
  ...narrowAtomicRows,
  ...reservationWaitRows,
  ...cacheBlockRows,
  ...hintRows,
  ...maybeRows,
  ...floatMemoryRows,
  ...floatArithmeticRows,
  ...additionalFloatRows,
  ...floatPairRows,
];

export const compressedRows: readonly CompressedRow[] = [
  ...compressedBaseRows,
  ...compressedByteRows,
  ...compressedHintRows,
  ...compressedMaybeRows,
  ...compressedDoubleRows,
  ...compressedSingleRows,
];

/** The rows of one register width. */
export interface RowSet {
  readonly instructions: readonly InstructionRow[];
  readonly compressed: readonly CompressedRow[];
}

const setOf = (xlen: RegisterWidth): RowSet => {
  const exists = (row: InstructionRow | CompressedRow): boolean => (row.xlen ?? xlen) === xlen;
  return {
    instructions: instructionRows.filter(exists),
    compressed: compressedRows.filter(exists),
  };
};

const sets: Partial<Record<RegisterWidth, RowSet>> = {};

export const rowsOf = (xlen: RegisterWidth): RowSet => (sets[xlen] ??= setOf(xlen));
