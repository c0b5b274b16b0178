/**
 * Registers of an interrupt domain, by the names of "The RISC-V Advanced Interrupt Architecture"
 * 1.0, section 4.5 (memory-mapped control region for an interrupt domain).
 */
export const domaincfg = 0x0000;
/** sourcecfg[1] is at 4. */
export const sourcecfg = 0x0000;
export const mmsiaddrcfg = 0x1bc0;
export const mmsiaddrcfgh = 0x1bc4;
export const smsiaddrcfg = 0x1bc8;
export const smsiaddrcfgh = 0x1bcc;
export const setip = 0x1c00;
export const setipnum = 0x1cdc;
export const in_clrip = 0x1d00;
export const clripnum = 0x1ddc;
export const setie = 0x1e00;
export const setienum = 0x1edc;
export const clrie = 0x1f00;
export const clrienum = 0x1fdc;
export const setipnum_le = 0x2000;
export const setipnum_be = 0x2004;
export const genmsi = 0x3000;
/** target[1] is at 0x3004. */
export const target = 0x3000;
export const MAX_SOURCES = 1023;

/** Bits of domaincfg; the uppermost byte says by its place which byte order is in use. */
export const domaincfgBits = { IE: 1 << 8, DM: 1 << 2, readOnly: 0x80000000 } as const;

/** Fields of sourcecfg. */
export const D = 1 << 10;
export const SM_MASK = 7;
export const sourceMode = {
  Inactive: 0,
  Detached: 1,
  Edge1: 4,
  Edge0: 5,
  Level1: 6,
  Level0: 7,
} as const;

/** Fields of target and genmsi. */
export const HART_INDEX_SHIFT = 18;
export const HART_INDEX_MASK = 0xfffc0000;
export const GUEST_INDEX_SHIFT = 12;
export const GUEST_INDEX_MASK = 0x3f000;
export const EIID_MASK = 0x7ff;

/** Interrupt delivery control structures, one for each hart. */
export const IDC = 0x4000;
export const IDC_STRIDE = 32;
export const idc = {
  idelivery: 0x00,
  iforce: 0x04,
  ithreshold: 0x08,
  topi: 0x18,
  claimi: 0x1c,
} as const;
