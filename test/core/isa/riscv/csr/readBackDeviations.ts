/**
 * When what our machine reads back may differ from what QEMU does: after a write of what is not
 * legal, and where QEMU does not follow the manual, with the manual's sentence.
 */
import { bitsOf, type CsrRow } from '../../../../../src/core/isa/riscv/csr/row.ts';
import type { ModeName } from './program.ts';

export interface ReadBack {
  readonly row: CsrRow;
  readonly mode: ModeName;
  readonly value: bigint;
}

export interface Reading extends ReadBack {
  readonly version: 'old' | 'new';
  readonly isa: string;
  readonly ours: bigint;
  readonly theirs: bigint;
}

export function differs(reading: Reading): boolean {
  const { row, ours, theirs } = reading;
  let open = ours ^ theirs;
  if (open === 0n || isFree(reading)) return false;
  for (const f of row.fields) {
    if (f.legal && wroteIllegal(reading, f.values ?? {}, f.low, bitsOf(f))) open &= ~bitsOf(f);
  }
  for (const { names, bits, when } of deviations) {
    if (names.test(row.name) && (when?.(reading) ?? true)) open &= ~bits;
  }
  return open !== 0n;
}

function wroteIllegal(
  { value }: Reading,
  values: Readonly<Record<number, string>>,
  low: number,
  mask: bigint,
): boolean {
  return !(Number((value & mask) >> BigInt(low)) in values);
}

/** Registers in which an illegal field leaves the others open as well, or Bare does. */
function isFree({ row, value, ours }: Reading): boolean {
  // A reserved MODE may void the whole write; what is read must be legal.
  if (/^(m|s|vs)tvec$/.test(row.name)) return (value & 2n) !== 0n && (ours & 2n) === 0n;
  if (!/^(satp|vsatp|hgatp)$/.test(row.name)) return false;
  // "Attempting to select MODE=Bare with a nonzero pattern in the remaining fields has an
  // UNSPECIFIED effect on the value that the remaining fields assume."
  const modes = row.fields.find((f) => f.name === 'MODE')!;
  const mode = Number((value & bitsOf(modes)) >> BigInt(modes.low));
  return mode === 0 || !(mode in modes.values!);
}

interface Deviation {
  readonly sentence: string;
  readonly names: RegExp;
  readonly bits: bigint;
  readonly when?: (reading: Reading) => boolean;
}

const everything = (1n << 64n) - 1n;
const upper = everything ^ 0xffff_ffffn;
const lacks =
  (...extensions: readonly string[]) =>
  ({ isa }: Reading): boolean =>
    !extensions.some((name) => isa.split('_').includes(name));
const lacksH = ({ isa }: Reading): boolean => !isa.split('_')[0]!.includes('h');
const lacksC = ({ isa }: Reading): boolean => !/c|g.*c/.test(isa.split('_')[0]!.slice(4));
const isOld = ({ version }: Reading): boolean => version === 'old';
const isNew = ({ version }: Reading): boolean => version === 'new';
const of = (sentence: string, names: RegExp, bits: bigint, when?: Deviation['when']): Deviation =>
  when ? { sentence, names, bits, when } : { sentence, names, bits };

const deviations: readonly Deviation[] = [
  of('These say what the implementation is', /^(marchid|mimpid)$/, everything),
  of('32-bit register', /^[msh]counteren$/, upper, isOld),
  of('mcountinhibit is a 32-bit register; bit 1 is read-only 0', /^mcountinhibit$/, upper | 2n),
  // Exceptions and interrupts.
  of('hedeleg: 18 and 19 are writable', /^[hm]edeleg$/, 0xc0000n),
  of('medeleg[11] is read-only zero', /^medeleg$/, 0x800n, isOld),
  of(
    'For exceptions that cannot occur in less privileged modes, medeleg bits should be read-only zero',
    /^medeleg$/,
    0xf00400n,
    lacksH,
  ),
  of('LCOFI is of Sscofpmf', /^(mideleg|mie|mip|sie|sip)$/, 0x2000n, lacks('sscofpmf')),
  of('LCOFIP and LCOFIE are in mip and mie with Sscofpmf', /^(mie|sie|sip)$/, 0x2000n, isNew),
  of('If GEILEN is zero, SGEI is read-only zero', /^(mideleg|mie|hie)$/, 0x1000n),
  of(
    'Without H, the bits of VS-level interrupts are read-only zero',
    /^(mideleg|mie|mip)$/,
    0x444n,
    lacksH,
  ),
  of('VSTIP and VSEIP are read-only in hip, and so in mip', /^mip$/, 0x440n),
  of('MTIP is set by the timer, whose mtimecmp has no reset value', /^mip$/, 0x80n),
  of(
    'AIA widens these, and QEMU 10 without it too',
    /^(hideleg|mie|vsie)$/,
    everything ^ 0xffffn,
    isNew,
  ),
  of('hvip.VSTIP is writable, whoever compares', /^hvip$/, 0x40n),
  of('Bits of hvip that are not writable are read-only zeros', /^hvip$/, 0x80n, isNew),
  of(
    'vsie and vsip have SEI, STI and SSI; QEMU takes bits 10, 6 and 2 for them too',
    /^(vs|s)i[ep]$/,
    0x222n,
    ({ value, row, mode }) =>
      (value & 0x444n) !== 0n && (mode === 'VS' || row.name.startsWith('vs')),
  ),
  of('htinst need only hold what the implementation writes', /^htinst$/, everything),
  // Environment and state enables.
  of(
    'When Zicbom is not implemented, CBIE and CBCFE are read-only zero',
    /^[msh]envcfg$/,
    0x70n,
    lacks('zicbom'),
  ),
  of(
    'When Zicboz is not implemented, CBZE is read-only zero',
    /^[msh]envcfg$/,
    0x80n,
    lacks('zicboz'),
  ),
  of(
    'If Svadu is not implemented, ADUE is read-only zero',
    /^[mh]envcfg$/,
    1n << 61n,
    lacks('svadu'),
  ),
  of(
    'If Svadu is not implemented, ADUE is read-only zero',
    /^[mh]envcfgh$/,
    1n << 29n,
    lacks('svadu'),
  ),
  of(
    'If Svpbmt is not implemented, PBMTE is read-only zero',
    /^[mh]envcfg$/,
    1n << 62n,
    lacks('svpbmt'),
  ),
  of(
    'If Svpbmt is not implemented, PBMTE is read-only zero',
    /^[mh]envcfgh$/,
    1n << 30n,
    lacks('svpbmt'),
  ),
  of(
    'When Sstc is not implemented, STCE is read-only zero',
    /^[mh]envcfg$/,
    1n << 63n,
    lacks('sstc'),
  ),
  of(
    'When Sstc is not implemented, STCE is read-only zero',
    /^[mh]envcfgh$/,
    1n << 31n,
    lacks('sstc'),
  ),
  of('Smcdeleg is not implemented: CDE is read-only zero', /^menvcfg$/, 1n << 60n),
  of('Reserved bits of mseccfg are WPRI', /^mseccfg$/, everything ^ 0x307n),
  of(
    'Bit 63 of each hstateen CSR is always writable; on RV32 it is not in QEMU',
    /^hstateen[0-3]h$/,
    0xc000_0000n,
  ),
  of('P1P13 controls hedelegh, which only RV32 has', /^mstateen0$/, 1n << 56n),
  of('The upper 32 bits of sstateen will always be zeros', /^sstateen[0-3]$/, upper),
  of('henvcfg.STCE is read-only zero if that of menvcfg is', /^henvcfg$/, 1n << 63n, isOld),
  of('henvcfg.STCE is read-only zero if that of menvcfg is', /^henvcfgh$/, 1n << 31n, isOld),
  // Status.
  of(
    'SXL and UXL: QEMU 10 has narrower registers, 7.2 takes any value',
    /^(s|m)status$/,
    0xf_0000_0000n,
  ),
  of(
    'MPV and GVA are fields of mstatus with H; in QEMU 10 no write sets them',
    /^mstatus$/,
    3n << 38n,
    isNew,
  ),
  of(
    'MPV and GVA are fields of mstatush with H; in QEMU 10 no write sets them',
    /^mstatush$/,
    0xc0n,
    isNew,
  ),
  of('Without H there is no MPV and no GVA', /^mstatus$/, 3n << 38n, lacksH),
  of('Without H there is no MPV and no GVA', /^mstatush$/, 0xc0n, lacksH),
  of(
    'Without V the field VS is read-only zero, and SD does not sum it up',
    /^(s|m)status$/,
    0x8000_0000_8000_0600n,
    isOld,
  ),
  of(
    'FS may be read-only zero without F',
    /^(s|m|vs)status$/,
    0x6000n,
    (r) => isOld(r) && /^rv..imac/.test(r.isa),
  ),
  of(
    'Fields of vsstatus are those of sstatus; QEMU stores all bits',
    /^vsstatus$/,
    everything ^ 0xc6122n,
  ),
  of('Unused bits of hstatus are WPRI; VGEIN is WARL', /^hstatus$/, everything ^ 0x3_0070_03c0n),
  of('VSXL may be read-only', /^hstatus$/, 3n << 32n),
  // Addresses.
  of('The low bit of mepc is always zero', /^(m|s|vs)epc$/, 1n),
  of(
    'On implementations that support only IALIGN=32, the two low bits are always zero',
    /^(m|s|vs)epc$/,
    3n,
    lacksC,
  ),
  of('The lowest two bits of PPN in hgatp always read as zeros', /^hgatp$/, 3n),
  of('VMIDMAX is 7 for Sv32x4 or 14 for the others', /^hgatp$/, (3n << 58n) | (3n << 29n)),
  of(
    'Not all physical address bits may be implemented: RV64 has bits 55:2',
    /^pmpaddr/,
    0x3ffn << 54n,
  ),
  of(
    'Bits 6:5 of an entry are zero; R=0 with W=1 is reserved',
    /^pmpcfg/,
    0x7f7f_7f7f_7f7f_7f7fn,
    reservedEntry,
  ),
  // Counters.
  of(
    'Not counted in: bits 62:58; the rest is WPRI',
    /^m(cycle|instret)cfg$/,
    everything ^ (0x1fn << 58n),
  ),
  of('Not counted in: bits 62:58; the rest is WPRI', /^m(cycle|instret)cfgh$/, 0x83ff_ffffn),
  of(
    'Event selectors are WARL: here are those of our table',
    /^mhpmevent\d+$/,
    everything ^ (0x3fn << 58n),
  ),
  of(
    'Event selectors have OF and five filters in their upper half',
    /^mhpmevent\d+h$/,
    0x03ff_ffffn,
  ),
  of('OF and the filters are of Sscofpmf', /^mhpmevent\d+$/, 0x3fn << 58n, lacks('sscofpmf')),
];

/** Whether a byte of the value has bits 6:5, or W without R. */
function reservedEntry({ value }: Reading): boolean {
  for (let rest = value; rest !== 0n; rest >>= 8n) {
    if ((rest & 0x60n) !== 0n || (rest & 3n) === 2n) return true;
  }
  return false;
}
