/**
 * Translation schemes and page-table entries (privileged manual, Sv32 to Sv57; hypervisor, guest
 * physical address translation; Svnapot; Svpbmt). Pages are numbers: no page number has more than
 * 52 bits.
 */
import type { RegisterWidth } from '../../engine/semantics.ts';

export interface Scheme {
  /** `Sv39`; with its root four times as large, for the G-stage, `Sv39x4`. */
  readonly name: string;
  /** LEVELS. */
  readonly levels: number;
  /** Bits of a VPN field. */
  readonly indexBits: number;
  /** PTESIZE. */
  readonly entryBytes: 4 | 8;
}

const scheme = (bits: number, levels: number, indexBits: number, entryBytes: 4 | 8): Scheme => ({
  name: `Sv${bits}`,
  levels,
  indexBits,
  entryBytes,
});

/** By the MODE of satp, vsatp and hgatp; 0 is Bare. */
const schemes: Readonly<Record<RegisterWidth, Readonly<Record<number, Scheme>>>> = {
  32: { 1: scheme(32, 2, 10, 4) },
  64: { 8: scheme(39, 3, 9, 8), 9: scheme(48, 4, 9, 8), 10: scheme(57, 5, 9, 8) },
};

/** More bits of index that the root of the G-stage has. */
export const guestRootBits = 2;

export interface Root {
  /** Undefined for Bare. */
  readonly scheme: Scheme | undefined;
  /** Page number of the root table. */
  readonly page: number;
}

/** What satp, vsatp or hgatp say, given as the words of the register. */
export function rootOf(xlen: RegisterWidth, low: number, high: number): Root {
  return xlen === 32
    ? { scheme: schemes[32][low >>> 31], page: low & 0x3f_ffff }
    : { scheme: schemes[64][high >>> 28], page: (high & 0xfff) * 2 ** 32 + low };
}

/** ASIDMAX and VMIDMAX: all bits of these fields exist. */
export const asidMask = (xlen: RegisterWidth): number => (xlen === 32 ? 0x1ff : 0xffff);
export const vmidMask = (xlen: RegisterWidth): number => (xlen === 32 ? 0x7f : 0x3fff);

/** ASID of satp and vsatp. */
export const asidOf = (xlen: RegisterWidth, low: number, high: number): number =>
  (xlen === 32 ? low >>> 22 : high >>> 12) & asidMask(xlen);

/** VMID of hgatp. */
export const vmidOf = (xlen: RegisterWidth, low: number, high: number): number =>
  (xlen === 32 ? low >>> 22 : high >>> 12) & vmidMask(xlen);

/** Bits of an entry's lower word. */
export const pte = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 } as const;

/** An entry as read from memory; `upper` is 0 where entries have four bytes. */
export interface Entry {
  readonly lower: number;
  readonly upper: number;
}

export const isLeaf = ({ lower }: Entry): boolean => (lower & (pte.R | pte.X)) !== 0;

/** PPN, of 22 bits or of 44. */
export function pageNumber({ lower, upper }: Entry, { entryBytes }: Scheme): number {
  return entryBytes === 4 ? lower >>> 10 : (upper & 0x3f_ffff) * 2 ** 22 + (lower >>> 10);
}

/** N and PBMT, in the upper word. */
export const isNapot = ({ upper }: Entry): boolean => upper >>> 31 === 1;
export const memoryType = ({ upper }: Entry): number => (upper >>> 29) & 3;

/** What the present settings make of an entry's upper bits. */
export interface EntryRules {
  readonly svnapot: boolean;
  /** Svpbmt is available for this stage. */
  readonly pbmte: boolean;
}

/** log2 of the pages in a NAPOT range: 64 KiB is the one size there is. */
export const napotBits = 4;

/**
 * Step 3 of the translation process, and what non-leaf and NAPOT entries reserve: false where a
 * page fault is to be raised whatever the access.
 */
export function wellFormed(entry: Entry, level: number, page: number, rules: EntryRules): boolean {
  const { lower, upper } = entry;
  if ((lower & pte.V) === 0 || (lower & (pte.R | pte.W)) === pte.W) return false;
  if (upper === 0) return isLeaf(entry) || (lower & (pte.A | pte.D | pte.U)) === 0;
  // Bits 60 to 54 are reserved for future standard use.
  if ((upper & 0x1fc0_0000) !== 0) return false;
  const type = memoryType(entry);
  if (type !== 0 && (!rules.pbmte || type === 3)) return false;
  if (!isLeaf(entry)) {
    return type === 0 && !isNapot(entry) && (lower & (pte.A | pte.D | pte.U)) === 0;
  }
  if (!isNapot(entry)) return true;
  return rules.svnapot && level === 0 && page % 2 ** napotBits === 8;
}

/** log2 of the pages that a leaf maps as one. */
export function leafBits(entry: Entry, level: number, { indexBits }: Scheme): number {
  return isNapot(entry) ? napotBits : level * indexBits;
}
