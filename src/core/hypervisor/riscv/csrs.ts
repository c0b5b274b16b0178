/** Numbers of the CSRs and bits that the hypervisor touches (privileged manual, chapter "CSRs"). */
export const csr = {
  scounteren: 0x106,
  senvcfg: 0x10a,
  sstatus: 0x100,
  sie: 0x104,
  sscratch: 0x140,
  sepc: 0x141,
  scause: 0x142,
  stval: 0x143,
  satp: 0x180,
  vsstatus: 0x200,
  vsie: 0x204,
  vstvec: 0x205,
  vsscratch: 0x240,
  vsepc: 0x241,
  vscause: 0x242,
  vstval: 0x243,
  vstimecmp: 0x24d,
  vsatp: 0x280,
  mstatus: 0x300,
  medeleg: 0x302,
  mideleg: 0x303,
  mie: 0x304,
  mcounteren: 0x306,
  menvcfg: 0x30a,
  pmpcfg0: 0x3a0,
  pmpaddr0: 0x3b0,
  hstatus: 0x600,
  hedeleg: 0x602,
  hideleg: 0x603,
  hie: 0x604,
  htimedelta: 0x605,
  hcounteren: 0x606,
  henvcfg: 0x60a,
  htval: 0x643,
  hip: 0x644,
  hvip: 0x645,
  htinst: 0x64a,
  hgatp: 0x680,
  mcycle: 0xb00,
  minstret: 0xb02,
  cycle: 0xc00,
  instret: 0xc02,
  mvendorid: 0xf11,
  marchid: 0xf12,
  mimpid: 0xf13,
} as const;

export const allOnes = (1n << 64n) - 1n;

/** VS-level interrupts, as bits of hip, hie, hvip and hideleg. */
export const vssip = 1n << 2n;
export const vstip = 1n << 6n;
export const vseip = 1n << 10n;
export const vsInterrupts = vssip | vstip | vseip;

/** sstatus and vsstatus. */
export const statusSie = 1n << 1n;
export const statusSpie = 1n << 5n;
export const statusSpp = 1n << 8n;
export const statusFsInitial = 1n << 13n;

export const hstatusSpv = 1n << 7n;
export const hstatusSpvp = 1n << 8n;
export const hstatusVtw = 1n << 21n;
export const hstatusVsxl64 = 2n << 32n;

export const envcfgStce = 1n << 63n;

/** Exception codes. */
export const cause = {
  fetchAccess: 1,
  illegal: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  ecallVu: 8,
  ecallVs: 10,
  fetchPage: 12,
  loadPage: 13,
  storePage: 15,
  fetchGuestPage: 20,
  loadGuestPage: 21,
  virtualInstruction: 22,
  storeGuestPage: 23,
} as const;

const causeNames: Readonly<Record<number, string>> = {
  0: 'instruction address misaligned',
  1: 'instruction access fault',
  2: 'illegal instruction',
  3: 'breakpoint',
  4: 'load address misaligned',
  5: 'load access fault',
  6: 'store/AMO address misaligned',
  7: 'store/AMO access fault',
  8: 'environment call from VU-mode',
  9: 'environment call from HS-mode',
  10: 'environment call from VS-mode',
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

export function causeName(code: number): string {
  return causeNames[code] ?? `cause ${code}`;
}

export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
