/** Fields that several CSRs share, and names of their values (privileged manual). */
import type { FieldInfo } from '../../isa.ts';
import { field } from './row.ts';

const contextStatus = { 0: 'Off', 1: 'Initial', 2: 'Clean', 3: 'Dirty' };
const xlen = { 1: '32', 2: '64', 3: '128' };
export const privilegeNames = { 0: 'U', 1: 'S', 3: 'M' };
const readOnly = true;

export const supervisorStatus: readonly FieldInfo[] = [
  field('SIE', 1, 'Supervisor interrupts enabled.'),
  field('SPIE', 5, 'SIE before the trap.'),
  field('UBE', 6, 'Big-endian in U-mode.', { readOnly }),
  field('SPP', 8, 'Privilege before the trap.', { values: { 0: 'U', 1: 'S' } }),
  field('VS', [10, 9], 'Vector unit state.', { values: contextStatus, readOnly }),
  field('FS', [14, 13], 'Floating-point unit state.', { values: contextStatus }),
  field('XS', [16, 15], 'State of other units.', { values: contextStatus, readOnly }),
  field('SUM', 18, 'Supervisor may access user pages.'),
  field('MXR', 19, 'Executable pages are readable.'),
  field('UXL', [33, 32], 'Register width in U-mode.', { values: xlen, readOnly }),
  field('SD', 63, 'Some unit is dirty.', { readOnly }),
];

export const machineStatus: readonly FieldInfo[] = [
  field('SIE', 1, 'Supervisor interrupts enabled.'),
  field('MIE', 3, 'Machine interrupts enabled.'),
  field('SPIE', 5, 'SIE before the trap.'),
  field('UBE', 6, 'Big-endian in U-mode.', { readOnly }),
  field('MPIE', 7, 'MIE before the trap.'),
  field('SPP', 8, 'Privilege before a trap to S-mode.', { values: { 0: 'U', 1: 'S' } }),
  field('VS', [10, 9], 'Vector unit state.', { values: contextStatus, readOnly }),
  field('MPP', [12, 11], 'Privilege before a trap to M-mode.', { values: privilegeNames }),
  field('FS', [14, 13], 'Floating-point unit state.', { values: contextStatus }),
  field('XS', [16, 15], 'State of other units.', { values: contextStatus, readOnly }),
  field('MPRV', 17, 'Loads and stores as in the privilege of MPP.'),
  field('SUM', 18, 'Supervisor may access user pages.'),
  field('MXR', 19, 'Executable pages are readable.'),
  field('TVM', 20, 'satp, hgatp and their fences trap in S-mode.'),
  field('TW', 21, 'WFI below M-mode traps.'),
  field('TSR', 22, 'SRET in S-mode traps.'),
  field('UXL', [33, 32], 'Register width in U-mode.', { values: xlen, readOnly }),
  field('SXL', [35, 34], 'Register width in S-mode.', { values: xlen, readOnly }),
  field('SBE', 36, 'Big-endian in S-mode.', { readOnly }),
  field('MBE', 37, 'Big-endian in M-mode.', { readOnly }),
  field('GVA', 38, 'mtval holds a guest virtual address.'),
  field('MPV', 39, 'Virtualization mode before a trap to M-mode.'),
  field('SD', 63, 'Some unit is dirty.', { readOnly }),
];

const interruptNames: readonly (readonly [bit: number, stem: string, what: string])[] = [
  [1, 'SS', 'supervisor software'],
  [2, 'VSS', 'virtual supervisor software'],
  [3, 'MS', 'machine software'],
  [5, 'ST', 'supervisor timer'],
  [6, 'VST', 'virtual supervisor timer'],
  [7, 'MT', 'machine timer'],
  [9, 'SE', 'supervisor external'],
  [10, 'VSE', 'virtual supervisor external'],
  [11, 'ME', 'machine external'],
];

/** Interrupt bits `SSIP`, `MTIE`, …; `writable` says which of them a write may change. */
export function interruptFields(
  suffix: 'IP' | 'IE' | 'I',
  present: number,
  writable: number,
): readonly FieldInfo[] {
  const verb = { IP: 'pending', IE: 'enabled', I: 'delegated' }[suffix];
  return interruptNames
    .filter(([bit]) => present & (1 << bit))
    .map(([bit, stem, what]) =>
      field(stem + suffix, bit, `${what[0]!.toUpperCase()}${what.slice(1)} interrupt ${verb}.`, {
        readOnly: !(writable & (1 << bit)),
        ...(stem.startsWith('V') ? { extension: 'H' } : {}),
      }),
    );
}

export const exceptionNames: Readonly<Record<number, string>> = {
  0: 'instruction address misaligned',
  1: 'instruction access fault',
  2: 'illegal instruction',
  3: 'breakpoint',
  4: 'load address misaligned',
  5: 'load access fault',
  6: 'store/AMO address misaligned',
  7: 'store/AMO access fault',
  8: 'environment call from U-mode or VU-mode',
  9: 'environment call from HS-mode',
  10: 'environment call from VS-mode',
  11: 'environment call from M-mode',
  12: 'instruction page fault',
  13: 'load page fault',
  15: 'store/AMO page fault',
  20: 'instruction guest-page fault',
  21: 'load guest-page fault',
  22: 'virtual instruction',
  23: 'store/AMO guest-page fault',
};

export function delegationFields(mask: bigint): readonly FieldInfo[] {
  return Object.entries(exceptionNames).map(([code, what]) =>
    field(`E${code}`, Number(code), `${what[0]!.toUpperCase()}${what.slice(1)} delegated.`, {
      readOnly: ((mask >> BigInt(code)) & 1n) === 0n,
    }),
  );
}

/** What an envcfg register lets the modes below do with cache blocks. */
export const cacheBlockFields: readonly FieldInfo[] = [
  field('CBIE', [5, 4], 'What CBO.INVAL does below.', {
    values: { 0: 'Trap', 1: 'Flush', 3: 'Invalidate' },
    extension: 'Zicbom',
  }),
  field('CBCFE', 6, 'CBO.CLEAN and CBO.FLUSH may be used below.', { extension: 'Zicbom' }),
  field('CBZE', 7, 'CBO.ZERO may be used below.', { extension: 'Zicboz' }),
];

export const causeFields: readonly FieldInfo[] = [
  field('Interrupt', 63, 'The trap was an interrupt.'),
  field('Code', [62, 0], 'Exception or interrupt code.', { values: exceptionNames }),
];

export const vectorFields: readonly FieldInfo[] = [
  field('BASE', [63, 2], 'Trap vector address, divided by 4.'),
  field('MODE', [1, 0], 'How interrupts are dispatched.', {
    values: { 0: 'Direct', 1: 'Vectored' },
  }),
];

export const translationFields: readonly FieldInfo[] = [
  field('MODE', [63, 60], 'Translation scheme.', {
    values: { 0: 'Bare', 8: 'Sv39', 9: 'Sv48', 10: 'Sv57' },
  }),
  field('ASID', [59, 44], 'Address space identifier.'),
  field('PPN', [43, 0], 'Page number of the root table.'),
];

export const guestTranslationFields: readonly FieldInfo[] = [
  field('MODE', [63, 60], 'Translation scheme.', {
    values: { 0: 'Bare', 8: 'Sv39x4', 9: 'Sv48x4', 10: 'Sv57x4' },
  }),
  field('VMID', [57, 44], 'Virtual machine identifier.'),
  field('PPN', [43, 0], 'Page number of the 16 KiB root table; a multiple of 4.'),
];

const roundingModes = { 0: 'RNE', 1: 'RTZ', 2: 'RDN', 3: 'RUP', 4: 'RMM' };

export const floatFlags: readonly FieldInfo[] = [
  field('NX', 0, 'Inexact.'),
  field('UF', 1, 'Underflow.'),
  field('OF', 2, 'Overflow.'),
  field('DZ', 3, 'Divided by zero.'),
  field('NV', 4, 'Invalid operation.'),
];

/** The rounding mode is at bit 5 of fcsr, at bit 0 of its own register. */
export const roundingField = (low: number): FieldInfo =>
  field('frm', [low + 2, low], 'Rounding mode.', { values: roundingModes });

export const counterEnable: readonly FieldInfo[] = [
  field('CY', 0, 'cycle may be read below.'),
  field('TM', 1, 'time may be read below.'),
  field('IR', 2, 'instret may be read below.'),
];
