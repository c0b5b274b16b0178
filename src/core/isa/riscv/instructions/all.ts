/** Every instruction row, in the order of their indices. */
import { atomicRows } from './a.ts';
import { baseRows } from './i.ts';
import { multiplyRows } from './m.ts';
import type { InstructionRow } from './row.ts';
import { systemRows } from './system.ts';
export { compressedRows } from './c.ts';

export const instructionRows: readonly InstructionRow[] = [
  ...baseRows,
  ...multiplyRows,
  ...atomicRows,
  ...systemRows,
];
