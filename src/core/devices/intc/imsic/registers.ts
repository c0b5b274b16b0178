/**
 * Registers of an interrupt file, by the names of "The RISC-V Advanced Interrupt Architecture" 1.0,
 * chapter 3 (Incoming MSI Controller): a page in memory, and what software selects by number.
 */

/** One page for each interrupt file. */
export const PAGE_SIZE = 0x1000;
export const seteipnum_le = 0x000;
export const seteipnum_be = 0x004;

/** Numbers in miselect, siselect and vsiselect. */
export const eidelivery = 0x70;
export const eithreshold = 0x72;
export const eip0 = 0x80;
export const eip63 = 0xbf;
export const eie0 = 0xc0;
export const eie63 = 0xff;

/** Interrupt identities have eleven bits at most. */
export const IDENTITY_MASK = 0x7ff;
