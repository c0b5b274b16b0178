/**
 * How many upper bits of an effective address are ignored (privileged manual, pointer masking
 * extensions; hstatus, HUPMM). A field reads as zero where its extension does not exist.
 */
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { Privilege } from './riscvHart.ts';

/** PMLEN by the fields PMM and HUPMM; 1 is reserved. */
const lengths = [0, 0, 7, 16] as const;

/** Bits 33:32 of an environment register. */
const pmm = (state: HartState, register: number): number => state.high(register) & 3;

/** PMLEN of explicit accesses with this effective privilege, but for those of HLV and HSV. */
export function pmlenOf(state: HartState, privilege: Privilege, virtualized: boolean): number {
  if (privilege === 3) return lengths[pmm(state, CSR.mseccfg)]!;
  if (executableIsReadable(state, virtualized)) return 0;
  if (privilege === 0) return lengths[pmm(state, CSR.senvcfg)]!;
  return lengths[pmm(state, virtualized ? CSR.henvcfg : CSR.menvcfg)]!;
}

/** PMLEN of HLV and HSV, which are made as in VS- or VU-mode, `privilege`. */
export function guestPmlenOf(state: HartState, privilege: Privilege): number {
  if (privilege === 1 || state.privilege !== 0) return pmlenOf(state, privilege, true);
  if (executableIsReadable(state, true)) return 0;
  return lengths[(state.high(CSR.hstatus) >>> 16) & 3]!;
}

/** "When MXR is in effect at the effective privilege mode …, pointer masking does not apply." */
function executableIsReadable(state: HartState, virtualized: boolean): boolean {
  const guest = virtualized ? state.low(CSR.vsstatus) : 0;
  return ((state.low(CSR.mstatus) | guest) & status.MXR) !== 0;
}
