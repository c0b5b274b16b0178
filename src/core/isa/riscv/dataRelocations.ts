/**
 * Relocations that stand in debug information (RISC-V ELF psABI, "Relocations"): sums, differences
 * and the pairs that describe lengths of relaxed code.
 */
import type { DataRelocation } from '../../formats/elf/relocations.ts';

/** By the number of R_RISCV_*. */
const table: ReadonlyMap<number, DataRelocation> = new Map([
  // NONE, RELAX
  [0, { operation: 'none', width: 1 }],
  [51, { operation: 'none', width: 1 }],
  // 32, 64, SET6, SET8, SET16, SET32, 32_PCREL
  [1, { operation: 'set', width: 4 }],
  [2, { operation: 'set', width: 8 }],
  [53, { operation: 'set', width: 'low6' }],
  [54, { operation: 'set', width: 1 }],
  [55, { operation: 'set', width: 2 }],
  [56, { operation: 'set', width: 4 }],
  [57, { operation: 'set', width: 4, isRelative: true }],
  // ADD8, ADD16, ADD32, ADD64
  [33, { operation: 'add', width: 1 }],
  [34, { operation: 'add', width: 2 }],
  [35, { operation: 'add', width: 4 }],
  [36, { operation: 'add', width: 8 }],
  // SUB8, SUB16, SUB32, SUB64, SUB6
  [37, { operation: 'subtract', width: 1 }],
  [38, { operation: 'subtract', width: 2 }],
  [39, { operation: 'subtract', width: 4 }],
  [40, { operation: 'subtract', width: 8 }],
  [52, { operation: 'subtract', width: 'low6' }],
  // SET_ULEB128, SUB_ULEB128
  [60, { operation: 'set', width: 'uleb' }],
  [61, { operation: 'subtract', width: 'uleb' }],
]);

export function dataRelocation(type: number): DataRelocation | undefined {
  return table.get(type);
}
