/** Fields that several CSRs share, and names of their values (privileged manual). */
import type { RegisterWidth } from '../../../engine/semantics.ts';
import { field, topField, type CsrConfig, type CsrField } from './row.ts';

const contextStatus = { 0: 'Off', 1: 'Initial', 2: 'Clean', 3: 'Dirty' };
const xlen = { 1: '32', 2: '64', 3: '128' };
export const privilegeNames = { 0: 'U', 1: 'S', 3: 'M' };
const readOnly = true;
const S = { extension: 'S' } as const;
const U = { extension: 'U' } as const;
/** UXL, SXL and VSXL: as wide as M-mode, and only where registers can be narrower (Ssu64xl). */
export const width64 = { values: xlen, readOnly, xlen: 64, reset: 2 } as const;

const previousPrivilege = ({ has }: CsrConfig): readonly number[] => {
  if (!has('u')) return [3];
  return has('s') ? [0, 1, 3] : [0, 3];
};

/** What S-mode sees of mstatus, and a guest of its own status. */
export const supervisorStatus: readonly CsrField[] = [
  field('SIE', 1, 'Supervisor interrupts enabled.', S),
  field('SPIE', 5, 'SIE before the trap.', S),
  field('UBE', 6, 'Big-endian in U-mode.', { readOnly }),
  field('SPP', 8, 'Privilege before a trap to S-mode.', { ...S, values: { 0: 'U', 1: 'S' } }),
  field('VS', [10, 9], 'Vector unit state.', { values: contextStatus, readOnly, extension: 'V' }),
  field('FS', [14, 13], 'Floating-point unit state.', { values: contextStatus, extension: 'F' }),
  field('XS', [16, 15], 'State of other units.', { values: contextStatus, readOnly }),
  field('SUM', 18, 'Supervisor may access user pages.', S),
  field('MXR', 19, 'Executable pages are readable.', S),
  field('UXL', [33, 32], 'Register width in U-mode.', { ...width64, ...U }),
  ...topField('SD', 'Some unit is dirty.', { readOnly, extension: 'F' }),
];

const machineOnly: readonly CsrField[] = [
  field('MIE', 3, 'Machine interrupts enabled.'),
  field('MPIE', 7, 'MIE before the trap.'),
  field('MPP', [12, 11], 'Privilege before a trap to M-mode.', {
    values: privilegeNames,
    legal: previousPrivilege,
  }),
  field('MPRV', 17, 'Loads and stores as in the privilege of MPP.', U),
  field('TVM', 20, 'satp, hgatp and their fences trap in S-mode.', S),
  field('TW', 21, 'WFI below M-mode traps.', U),
  field('TSR', 22, 'SRET in S-mode traps.', S),
  field('SXL', [35, 34], 'Register width in S-mode.', { ...width64, ...S }),
  field('SBE', 36, 'Big-endian in S-mode.', { readOnly }),
  field('MBE', 37, 'Big-endian in M-mode.', { readOnly }),
  field('GVA', 38, 'mtval holds a guest virtual address.', { extension: 'H' }),
  field('MPV', 39, 'Virtualization mode before a trap to M-mode.', { extension: 'H' }),
];

export const machineStatus: readonly CsrField[] = [...supervisorStatus, ...machineOnly].sort(
  (a, b) => a.low - b.low,
);

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
  [12, 'SGE', 'supervisor guest external'],
  [13, 'LCOF', 'local counter overflow'],
];
/** What brings an interrupt, where the base does not. */
const broughtBy: Readonly<Record<number, string>> = {
  ...Object.fromEntries([1, 5, 9].map((bit) => [bit, 'S'])),
  ...Object.fromEntries([2, 6, 10, 12].map((bit) => [bit, 'H'])),
  13: 'Sscofpmf',
};

/**
 * Interrupt bits `SSIP`, `MTIE`, …; `writable` says which of them a write may change, `ones` which
 * are read-only ones.
 */
export function interruptFields(
  suffix: 'IP' | 'IE' | 'I',
  present: number,
  writable: number,
  ones = 0,
): readonly CsrField[] {
  const verb = { IP: 'pending', IE: 'enabled', I: 'delegated' }[suffix];
  return interruptNames
    .filter(([bit]) => present & (1 << bit))
    .map(([bit, stem, what]) =>
      field(stem + suffix, bit, `${what[0]!.toUpperCase()}${what.slice(1)} interrupt ${verb}.`, {
        readOnly: !(writable & (1 << bit)),
        reset: ones & (1 << bit) ? 1 : 0,
        ...(broughtBy[bit] === undefined ? {} : { extension: broughtBy[bit] }),
        ...(bit === 12 ? { when: ({ guestFiles }: CsrConfig) => guestFiles > 0 } : {}),
      }),
    );
}

/**
 * Local and custom interrupts in the views and delegations that the AIA lets software raise them by;
 * `fields` are those of the base. LCOFI is there without a source, too.
 */
export function withLocalInterrupts(fields: readonly CsrField[]): readonly CsrField[] {
  const others = 'Standard local and custom interrupts.';
  return [
    ...fields.map((f) => (f.low === 13 ? { ...f, alsoIn: [...f.alsoIn, 'Ssaia'] } : f)),
    field('LOCAL', [31, 14], others, { extension: 'Ssaia' }),
    field('LOCALH', [63, 32], others, { extension: 'Ssaia' }),
  ];
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
  18: 'software check',
  19: 'hardware error',
  20: 'instruction guest-page fault',
  21: 'load guest-page fault',
  22: 'virtual instruction',
  23: 'store/AMO guest-page fault',
};

/** Exceptions that only H knows. */
const guestExceptions = new Set([10, 20, 21, 22, 23]);

export function delegationFields(mask: bigint): readonly CsrField[] {
  return Object.entries(exceptionNames).map(([code, what]) =>
    field(`E${code}`, Number(code), `${what[0]!.toUpperCase()}${what.slice(1)} delegated.`, {
      readOnly: ((mask >> BigInt(code)) & 1n) === 0n,
      ...(guestExceptions.has(Number(code)) ? { extension: 'H' } : {}),
    }),
  );
}

/** What an envcfg register lets the modes below do with cache blocks. */
export const cacheBlockFields: readonly CsrField[] = [
  field('CBIE', [5, 4], 'What CBO.INVAL does below.', {
    values: { 0: 'Trap', 1: 'Flush', 3: 'Invalidate' },
    legal: [0, 1, 3],
    illegal: 0,
    extension: 'Zicbom',
  }),
  field('CBCFE', 6, 'CBO.CLEAN and CBO.FLUSH may be used below.', { extension: 'Zicbom' }),
  field('CBZE', 7, 'CBO.ZERO may be used below.', { extension: 'Zicboz' }),
];

export const causeFields: readonly CsrField[] = [
  ...topField('Interrupt', 'The trap was an interrupt.', {}),
  field('Code', [62, 0], 'Exception or interrupt code.', { values: exceptionNames, xlen: 64 }),
  field('Code', [30, 0], 'Exception or interrupt code.', { values: exceptionNames, xlen: 32 }),
];

const vectorBase = 'Trap vector address, divided by 4.';
export const vectorFields: readonly CsrField[] = [
  field('BASE', [63, 2], vectorBase, { xlen: 64 }),
  field('BASE', [31, 2], vectorBase, { xlen: 32 }),
  field('MODE', [1, 0], 'How interrupts are dispatched.', {
    values: { 0: 'Direct', 1: 'Vectored' },
    legal: [0, 1],
  }),
];

const schemes = ['sv39', 'sv48', 'sv57'];
/**
 * MODE values of the schemes that exist: all of them where no extension says which. Svbare has
 * none but Bare.
 */
function supportedModes({ has, xlen: width }: CsrConfig): readonly number[] {
  if (width === 32) return [0, 1];
  const named = ['svbare', ...schemes].some(has);
  return [0, ...schemes.flatMap((name, i) => (!named || has(name) ? [8 + i] : []))];
}

/** MODE, an identifier and PPN, at either width; `suffix` is x4 at the G-stage. */
function rootFields(
  suffix: '' | 'x4',
  identifier: (high: number, low: number, xlen: RegisterWidth) => CsrField,
): readonly CsrField[] {
  const page = suffix === '' ? 'Page number of the root table.' : guestRootPage;
  // "A write to hgatp with an unsupported MODE value is not ignored as it is for satp."
  const rules = { legal: supportedModes, illegal: suffix === '' ? 'void' : 'keep' } as const;
  // "The lowest two bits of the physical page number in hgatp always read as zeros."
  const lowest = suffix === '' ? 0n : 3n;
  const what = 'Translation scheme.';
  const wide = { 0: 'Bare', 8: `Sv39${suffix}`, 9: `Sv48${suffix}`, 10: `Sv57${suffix}` };
  return [
    field('MODE', [63, 60], what, { values: wide, ...rules, xlen: 64 }),
    field('MODE', 31, what, { values: { 0: 'Bare', 1: `Sv32${suffix}` }, ...rules, xlen: 32 }),
    identifier(suffix === '' ? 59 : 57, 44, 64),
    identifier(suffix === '' ? 30 : 28, 22, 32),
    field('PPN', [43, 0], page, { xlen: 64, bits: (1n << 44n) - 1n - lowest }),
    field('PPN', [21, 0], page, { xlen: 32, bits: (1n << 22n) - 1n - lowest }),
  ];
}

const guestRootPage = 'Page number of the 16 KiB root table; a multiple of 4.';

export const translationFields = rootFields('', (high, low, width) =>
  field('ASID', [high, low], 'Address space identifier.', { xlen: width }),
);

export const guestTranslationFields = rootFields('x4', (high, low, width) =>
  field('VMID', [high, low], 'Virtual machine identifier.', { xlen: width }),
);

const roundingModes = { 0: 'RNE', 1: 'RTZ', 2: 'RDN', 3: 'RUP', 4: 'RMM' };

export const floatFlags: readonly CsrField[] = [
  field('NX', 0, 'Inexact.'),
  field('UF', 1, 'Underflow.'),
  field('OF', 2, 'Overflow.'),
  field('DZ', 3, 'Divided by zero.'),
  field('NV', 4, 'Invalid operation.'),
];

/** The rounding mode is at bit 5 of fcsr, at bit 0 of its own register. */
export const roundingField = (low: number): CsrField =>
  field('frm', [low + 2, low], 'Rounding mode.', { values: roundingModes });

const counterNames: readonly (readonly [bit: number, name: string, csr: string])[] = [
  [0, 'CY', 'cycle'],
  [1, 'TM', 'time'],
  [2, 'IR', 'instret'],
  ...Array.from({ length: 29 }, (_, i): [number, string, string] => [
    i + 3,
    `HPM${i + 3}`,
    `hpmcounter${i + 3}`,
  ]),
];

/** Each counter that exists can be opened and closed (Sscounterenw, Shcounterenw). */
export const counterEnable: readonly CsrField[] = counterNames.map(([bit, name, csr]) =>
  field(name, bit, `${csr} may be read below.`, {
    extension: bit < 3 ? 'Zicntr' : 'Zihpm',
    // TM is for stimecmp too.
    alsoIn: bit === 1 ? ['Sstc'] : [],
  }),
);

export const counterInhibit: readonly CsrField[] = counterNames
  .filter(([bit]) => bit !== 1)
  .map(([bit, name, csr]) =>
    field(name, bit, `${csr} stands still.`, bit < 3 ? {} : { extension: 'Zihpm' }),
  );

/** Modes in which a counter stands still (Sscofpmf, Smcntrpmf). */
export const modeFilter = (extension: string): readonly CsrField[] =>
  (
    [
      ['M', 'M-mode', ''],
      ['S', 'S- or HS-mode', 's'],
      ['U', 'U-mode', 'u'],
      ['VS', 'VS-mode', 'h'],
      ['VU', 'VU-mode', 'h'],
    ] as const
  ).map(([mode, name, needs], i) =>
    field(`${mode}INH`, 62 - i, `Not counted in ${name}.`, {
      extension,
      when: ({ has }) => needs === '' || has(needs),
    }),
  );

/** Pointer masking: the bits that are ignored at an address's top. */
export const pointerMasking = (
  name: string,
  low: number,
  extension: string,
  who: string,
): CsrField =>
  field(name, [low + 1, low], `Pointer masking ${who}.`, {
    values: { 0: 'Off', 2: 'PMLEN=7', 3: 'PMLEN=16' },
    legal: [0, 2, 3],
    extension,
    xlen: 64,
  });
