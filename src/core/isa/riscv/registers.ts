/** Integer registers: ABI names and roles (psABI, register convention; DWARF numbers 0–31). */
import type { RegisterInfo, RegisterRole } from '../isa.ts';

type Row = readonly [name: string, description: string, saved?: boolean, role?: RegisterRole];

const rows: readonly Row[] = [
  ['zero', 'Always zero.', false, 'fixed'],
  ['ra', 'Return address.', false, 'returnAddress'],
  ['sp', 'Stack pointer.', true, 'stackPointer'],
  // Functions leave gp and tp as they are: the psABI calls them unallocatable.
  ['gp', 'Global pointer.', false, 'fixed'],
  ['tp', 'Thread pointer.', false, 'fixed'],
  ['t0', 'Temporary; alternate link register.'],
  ['t1', 'Temporary.'],
  ['t2', 'Temporary.'],
  ['s0', 'Saved register; frame pointer.', true, 'framePointer'],
  ['s1', 'Saved register.', true],
  ...Array.from({ length: 8 }, (_, i): Row => [
    `a${i}`,
    i < 2 ? `Argument ${i} and return value.` : `Argument ${i}.`,
    false,
    { argument: i },
  ]),
  ...Array.from({ length: 10 }, (_, i): Row => [`s${i + 2}`, 'Saved register.', true]),
  ...Array.from({ length: 4 }, (_, i): Row => [`t${i + 3}`, 'Temporary.']),
];

/** x0 … x31 in order. */
export const integerNames: readonly string[] = rows.map(([name]) => name);

export const registers: readonly RegisterInfo[] = [
  ...rows.map(([name, description, calleeSaved = false, role], i): RegisterInfo => ({
    name,
    aliases: name === 's0' ? ['x8', 'fp'] : [`x${i}`],
    bits: 64,
    description,
    dwarf: i,
    calleeSaved,
    ...(role ? { role } : {}),
  })),
  {
    name: 'pc',
    aliases: [],
    bits: 64,
    description: 'Address of the instruction to be executed next.',
    calleeSaved: false,
    role: 'pc',
  },
];
