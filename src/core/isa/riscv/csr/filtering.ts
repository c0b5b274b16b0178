/**
 * Interrupts that a level filters or raises for the one below: mvien and mvip for S-mode, hvien and
 * hvip for VS-mode (RISC-V Advanced Interrupt Architecture 1.0, sections 5.3 and 6.3.2). Without
 * the AIA mvien and hvien are 0, and nothing is filtered.
 */
import type { HartState } from '../hartState.ts';
import { interrupt } from '../trapCause.ts';
import { CSR } from './numbers.ts';
import { all64, effect, type Behaviour, type CsrHart } from './row.ts';

const bit = (code: number): number => 1 << code;
const { SSI, STI, SEI } = interrupt;
const affects = effect.interrupts;

/** Standard local and custom interrupts. Only LCOFI has a source here; software raises the others. */
export const localInterrupts = all64 & ~0x1fffn;

/** "If stimecmp is in use, STIP is read-only in mip" (Sstc): menvcfg.STCE, which only Sstc brings. */
export const timerIsCompared = ({ state }: CsrHart): boolean =>
  state.high(CSR.menvcfg) >>> 31 === 1;

/** Interrupts of S-mode whose bits in sip are mvip's, and in sie its own. */
export const filteredForSupervisor = ({ state }: CsrHart): bigint =>
  isZero(state, CSR.mvien) ? 0n : state.csr(CSR.mvien) & ~state.csr(CSR.mideleg);

/** hideleg from bit 13 on: what is neither delegated to S-mode nor filtered for it is zero. */
export function localsDelegatedOn({ state }: CsrHart): bigint {
  const on = state.csr(CSR.hideleg) & localInterrupts;
  return on === 0n ? 0n : on & (state.csr(CSR.mideleg) | state.csr(CSR.mvien));
}

/** Interrupts of VS-mode whose bits in vsip are hvip's, and in vsie its own. */
export const filteredForGuest = (h: CsrHart): bigint =>
  isZero(h.state, CSR.hvien) ? 0n : h.state.csr(CSR.hvien) & ~localsDelegatedOn(h);

/** Whether an interrupt may be there of which mip and mie say nothing. */
export function raisedVirtually({ state }: CsrHart): boolean {
  const VTI = 1 << 30;
  return (
    !isZero(state, CSR.mvien) || !isZero(state, CSR.hvien) || (state.low(CSR.hvictl) & VTI) !== 0
  );
}

/** Asked before arithmetic on 64 bits: nearly always they are. */
const isZero = (state: HartState, slot: number): boolean =>
  (state.low(slot) | state.high(slot)) === 0;

/** mvip. Bit 9 is the software-writable SEIP in any case, which mvien bit 9 takes out of mip. */
export function raised(h: CsrHart): bigint {
  const { state } = h;
  const own = state.low(CSR.mvien) & bit(SSI);
  const aliases = bit(SEI) | (own ? 0 : bit(SSI)) | (timerIsCompared(h) ? 0 : bit(STI));
  const low = (state.low(CSR.mip) & aliases) | (state.low(CSR.mvip) & own);
  return (state.csr(CSR.mvip) & localInterrupts) | BigInt(low);
}

/** Writes the bits of mvip in `mask`, wherever they are stored. */
export function raiseForSupervisor(h: CsrHart, value: bigint, mask: bigint): void {
  const { state } = h;
  const own = state.low(CSR.mvien) & bit(SSI);
  const aliases = bit(SEI) | (own ? 0 : bit(SSI)) | (timerIsCompared(h) ? 0 : bit(STI));
  setBits(h, CSR.mvip, value, mask & (localInterrupts | BigInt(own)));
  setBits(h, CSR.mip, value, mask & BigInt(aliases));
}

/** Writes some bits of a slot. */
export function setBits({ state }: CsrHart, slot: number, value: bigint, mask: bigint): void {
  if (mask === 0n) return;
  state.setCsr(slot, (state.csr(slot) & ~mask) | (value & mask));
}

export const mvien = { affects, mask: localInterrupts | BigInt(bit(SSI) | bit(SEI)) };
export const hvien = { affects, mask: localInterrupts };

export const mvip: Behaviour & { readonly mask: bigint } = {
  affects,
  mask: localInterrupts | BigInt(bit(SSI) | bit(STI) | bit(SEI)),
  read: raised,
  write: (h, value) => raiseForSupervisor(h, value, all64),
};
