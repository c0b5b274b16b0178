/**
 * mip, mie and their views: which bits are whose, and where a write of a view ends (privileged
 * manual, mip and mie; hypervisor, hvip, hip, hie, vsip and vsie).
 */
import { interrupt } from '../trapCause.ts';
import { CSR } from './numbers.ts';
import { effect, type Behaviour, type CsrHart } from './row.ts';

const bit = (code: number): number => 1 << code;
const { SSI, STI, SEI, VSSI, VSTI, VSEI, SGEI, LCOFI, MSI, MTI, MEI } = interrupt;

export const supervisorInterrupts = bit(SSI) | bit(STI) | bit(SEI) | bit(LCOFI);
/** Those that a hypervisor raises for its guest. */
export const guestInterrupts = bit(VSSI) | bit(VSTI) | bit(VSEI);
/** hip and hie have the hypervisor's own besides. */
export const hypervisorInterrupts = guestInterrupts | bit(SGEI);
export const everyInterrupt =
  supervisorInterrupts | hypervisorInterrupts | bit(MSI) | bit(MTI) | bit(MEI);
/** What software may set in mip; of the guest's only VSSIP, which is hvip's. */
export const machineWritable = supervisorInterrupts | bit(VSSI);
/** What S-mode may set and clear in sip. */
export const supervisorWritable = bit(SSI) | bit(LCOFI);

const low16 = (value: bigint): number => Number(value & 0xffffn);

function setEnables({ state }: CsrHart, bits: number, mask: number): void {
  state.setLow(CSR.mie, (state.low(CSR.mie) & ~mask) | (bits & mask));
}

/** VSSIP is stored in hvip, everything else that software sets in mip. */
function setPending({ state }: CsrHart, bits: number, mask: number): void {
  const guest = mask & bit(VSSI);
  const own = mask & ~guest;
  state.setLow(CSR.mip, (state.low(CSR.mip) & ~own) | (bits & own));
  state.setLow(CSR.hvip, (state.low(CSR.hvip) & ~guest) | (bits & guest));
}

/** STIP: "If stimecmp is in use, STIP is read-only in mip" (Sstc). */
const timerIsCompared = ({ state, has }: CsrHart): boolean =>
  has('sstc') && state.high(CSR.menvcfg) >>> 31 === 1;

/** A guest sees VSSI, VSTI and VSEI as SSI, STI and SEI, and LCOFI as what it is (Shlcofideleg). */
const toGuest = (bits: number): number => ((bits & guestInterrupts) >>> 1) | (bits & bit(LCOFI));
const fromGuest = (bits: number): number => {
  const shared = bits & bit(LCOFI);
  return (((bits & ~shared) << 1) & guestInterrupts) | shared;
};

const affects = effect.interrupts;
const delegated = ({ state }: CsrHart): number => state.low(CSR.mideleg);
/** What HS-mode delegates on, of what it is delegated itself. */
const delegatedOn = (h: CsrHart): number =>
  h.state.low(CSR.hideleg) & (guestInterrupts | delegated(h));

export const mip: Behaviour = {
  affects,
  read: (h) => BigInt(h.pending()),
  // "Only the software-writable SEIP bit participates in the read-modify-write sequence."
  readForUpdate: ({ state }, read) => withSoftwareExternal(state.low(CSR.mip), read),
  write: (h, value) => {
    const mask = timerIsCompared(h) ? machineWritable & ~bit(STI) : machineWritable;
    setPending(h, low16(value), mask);
  },
};

export const sip: Behaviour = {
  affects,
  read: (h) => BigInt(h.pending() & delegated(h) & supervisorInterrupts),
  readForUpdate: ({ state }, read) => withSoftwareExternal(state.low(CSR.mip), read),
  write: (h, value) => setPending(h, low16(value), delegated(h) & supervisorWritable),
};

export const sie: Behaviour = {
  affects,
  read: (h) => BigInt(h.state.low(CSR.mie) & delegated(h) & supervisorInterrupts),
  write: (h, value) => setEnables(h, low16(value), delegated(h) & supervisorInterrupts),
};

export const hip: Behaviour = {
  affects,
  read: (h) => BigInt(h.pending() & hypervisorInterrupts),
  write: (h, value) => setPending(h, low16(value), bit(VSSI)),
};

export const hie: Behaviour = {
  affects,
  read: ({ state }) => BigInt(state.low(CSR.mie) & hypervisorInterrupts),
  write: (h, value) => setEnables(h, low16(value), hypervisorInterrupts),
};

export const vsip: Behaviour = {
  affects,
  read: (h) => BigInt(toGuest(h.pending() & delegatedOn(h))),
  write: (h, value) => {
    const mask = delegatedOn(h) & (bit(VSSI) | bit(LCOFI));
    setPending(h, fromGuest(low16(value)), mask);
  },
};

export const vsie: Behaviour = {
  affects,
  read: (h) => BigInt(toGuest(h.state.low(CSR.mie) & delegatedOn(h))),
  write: (h, value) => setEnables(h, fromGuest(low16(value)), delegatedOn(h)),
};

function withSoftwareExternal(stored: number, read: bigint): bigint {
  const external = BigInt(bit(SEI));
  return (read & ~external) | (BigInt(stored) & external);
}

/** mip as a number: inputs, software's bits, timers, what is raised for a guest. */
export function pendingInterrupts(h: CsrHart, inputs: number): number {
  const { state } = h;
  let bits = inputs | state.low(CSR.mip) | state.low(CSR.hvip);
  if (timerIsCompared(h)) {
    bits &= ~bit(STI);
    if (h.now() >= state.csr(CSR.stimecmp)) bits |= bit(STI);
    if (state.high(CSR.henvcfg) >>> 31 === 1 && h.guestTime() >= state.csr(CSR.vstimecmp)) {
      bits |= bit(VSTI);
    }
  }
  if (h.guestFiles > 0) bits |= guestExternal(h);
  return bits;
}

/** SGEIP, and VSEIP of the guest that hstatus.VGEIN names. */
function guestExternal({ state, guestInputs }: CsrHart): number {
  if (guestInputs === 0n) return 0;
  let bits = 0;
  if (guestInputs & state.csr(CSR.hgeie)) bits |= bit(SGEI);
  const selected = (state.low(CSR.hstatus) >>> 12) & 63;
  if ((guestInputs >> BigInt(selected)) & 1n) bits |= bit(VSEI);
  return bits;
}
