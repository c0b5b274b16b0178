/**
 * Zihintpause and Zihintntl (unprivileged manual, chapters of these names): HINTs, encodings of
 * other instructions that change nothing. The rows give them their names.
 */
import { compressedExtensionRows, extensionRows, type RowSpec } from './row.ts';

const nothing: RowSpec[4] = () => {};
const section = 'Unprivileged: Zihintntl, non-temporal locality hints';

const locality = [
  ['p1', 2, 'the innermost private cache'],
  ['pall', 3, 'any private cache'],
  ['s1', 4, 'the innermost shared cache'],
  ['all', 5, 'any cache'],
] as const;
const summary = (where: string): string =>
  `Hint: what the next instruction accesses is not used again soon from ${where}.`;

export const hintRows = [
  ...extensionRows('Zihintpause', 'Unprivileged: Zihintpause, pause hint', [
    [
      'pause',
      '000000010000 00000 000 00000 0001111',
      '',
      'Hint: the hart spins; let others run.',
      nothing,
    ],
  ]),
  ...extensionRows(
    'Zihintntl',
    section,
    locality.map(([name, register, where]): RowSpec => {
      const rs2 = register.toString(2).padStart(5, '0');
      return [`ntl.${name}`, `0000000 ${rs2} 00000 000 00000 0110011`, '', summary(where), nothing];
    }),
  ),
];

export const compressedHintRows = locality.flatMap(([name, register, where]) =>
  compressedExtensionRows('Zihintntl', section, [
    [
      `c.ntl.${name}`,
      `100100000${register.toString(2).padStart(5, '0')}10`,
      '',
      `add rd=0 rs1=0 rs2=${register}`,
    ],
  ]).map((row) => ({ ...row, summary: summary(where) })),
);
