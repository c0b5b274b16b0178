/** Zacas: atomic compare-and-swap; Zabha: atomics of bytes and halfwords (unprivileged manual). */
import type { AtomicWidth } from '../../../engine/semantics.ts';
import { eq, select } from '../../../wasm/expression.ts';
import { atomicFunct3, atomicOperations, narrowed } from './a.ts';
import { extensionRows, host, only, type RowSpec } from './row.ts';

const compareAndSwap = (width: AtomicWidth, what: string): RowSpec => [
  `amocas.${width}`,
  `00101 aq:1 rl:1 rs2:5 rs1:5 ${atomicFunct3[width]} rd:5 0101111`,
  'rd, rs2, (rs1)',
  `Atomic compare with rd and swap ${what}.`,
  (c) =>
    c.amo(width, c.rs1(), (old) => select(c.rs2(), old, eq(old, narrowed(width, c.rd(), true)))),
];

/** On even registers and those that follow them. */
const onPairs = (width: 'd' | 'q', what: string): RowSpec => [
  `amocas.${width}`,
  `00101 aq:1 rl:1 rs2[4:1] 0 rs1:5 ${{ d: '011', q: '100' }[width]} rd[4:1] 0 0101111`,
  'rd, rs2, (rs1)',
  `Atomic compare with a pair of registers and swap ${what}.`,
  host,
];

export const compareAndSwapRows = extensionRows('Zacas', 'Unprivileged: Zacas, compare-and-swap', [
  compareAndSwap('w', 'word'),
  only(64, compareAndSwap('d', 'doubleword')),
  only(32, onPairs('d', 'doubleword')),
  only(64, onPairs('q', 'quadword')),
]);

const narrow = 'Unprivileged: Zabha, byte and halfword atomics';

export const narrowAtomicRows = [
  ...extensionRows('Zabha', narrow, atomicOperations(['b', 'h'])),
  ...extensionRows(
    'Zabha',
    narrow,
    [compareAndSwap('b', 'byte'), compareAndSwap('h', 'halfword')],
    { needs: ['Zacas'] },
  ),
];
