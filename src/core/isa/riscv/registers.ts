/**
 * Integer and floating-point registers: ABI names and roles (psABI, register convention; DWARF
 * numbers 0–31 and 32–63).
 */
import type { RegisterWidth } from '../../engine/semantics.ts';
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

type FloatRow = readonly [name: string, description: string, saved?: boolean];

const floatRows: readonly FloatRow[] = [
  ...Array.from({ length: 8 }, (_, i): FloatRow => [`ft${i}`, 'Temporary.']),
  ...Array.from({ length: 2 }, (_, i): FloatRow => [`fs${i}`, 'Saved register.', true]),
  ...Array.from({ length: 8 }, (_, i): FloatRow => [
    `fa${i}`,
    i < 2 ? `Argument ${i} and return value.` : `Argument ${i}.`,
  ]),
  ...Array.from({ length: 10 }, (_, i): FloatRow => [`fs${i + 2}`, 'Saved register.', true]),
  ...Array.from({ length: 4 }, (_, i): FloatRow => [`ft${i + 8}`, 'Temporary.']),
];

/** f0 … f31 in order. */
export const floatNames: readonly string[] = floatRows.map(([name]) => name);

export const pcIndex = 32;
/** Index of f0 among the registers. */
export const firstFloatIndex = 33;

/** The mode that a hart is in, as registers for gdb: privilege level, and whether it is virtual. */
export const privilegeName = 'priv';
export const virtualizationName = 'virt';

export const registersOf = (xlen: RegisterWidth): readonly RegisterInfo[] => [
  ...rows.map(([name, description, calleeSaved = false, role], i): RegisterInfo => ({
    name,
    aliases: name === 's0' ? ['x8', 'fp'] : [`x${i}`],
    bits: xlen,
    description,
    dwarf: i,
    calleeSaved,
    ...(role ? { role } : {}),
  })),
  {
    name: 'pc',
    aliases: [],
    bits: xlen,
    description: 'Address of the instruction to be executed next.',
    calleeSaved: false,
    role: 'pc',
  },
  ...floatRows.map(([name, description, calleeSaved = false], i): RegisterInfo => ({
    name,
    aliases: [`f${i}`],
    bits: 64,
    description,
    file: 'float',
    dwarf: 32 + i,
    calleeSaved,
  })),
];
