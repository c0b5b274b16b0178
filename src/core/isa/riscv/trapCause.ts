/** Exception and interrupt codes (privileged manual, mcause). */
export const cause = {
  instructionMisaligned: 0,
  instructionAccess: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  ecallU: 8,
  ecallS: 9,
  ecallVS: 10,
  ecallM: 11,
  instructionPage: 12,
  loadPage: 13,
  storePage: 15,
  instructionGuestPage: 20,
  loadGuestPage: 21,
  virtualInstruction: 22,
  storeGuestPage: 23,
} as const;

export const interrupt = {
  SSI: 1,
  VSSI: 2,
  MSI: 3,
  STI: 5,
  VSTI: 6,
  MTI: 7,
  SEI: 9,
  VSEI: 10,
  MEI: 11,
  SGEI: 12,
  LCOFI: 13,
} as const;

import type { AccessKind } from '../cpu.ts';
import type { TrapInfo } from './riscvHart.ts';

const byAccess = {
  access: {
    fetch: cause.instructionAccess,
    load: cause.loadAccess,
    store: cause.storeAccess,
  },
  page: { fetch: cause.instructionPage, load: cause.loadPage, store: cause.storePage },
  guestPage: {
    fetch: cause.instructionGuestPage,
    load: cause.loadGuestPage,
    store: cause.storeGuestPage,
  },
} as const;

export const faultCause = (fault: keyof typeof byAccess, access: AccessKind): number =>
  byAccess[fault][access];

/** A trap with nothing but a cause and the value for xtval. */
export const trap = (code: number, tval = 0n): TrapInfo => ({
  cause: code,
  tval,
  tval2: 0n,
  tinst: 0,
  gva: false,
});
