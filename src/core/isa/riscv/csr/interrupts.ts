/**
 * mip, mie and their views: which bits are whose, and where a write of a view ends (privileged
 * manual, mip and mie; hypervisor, hvip, hip, hie, vsip and vsie; what the AIA
 * adds is in `filtering.ts`).
 */
import { interrupt } from '../trapCause.ts';
import {
  filteredForGuest,
  filteredForSupervisor,
  localInterrupts,
  localsDelegatedOn,
  raised,
  raiseForSupervisor,
  setBits,
  timerIsCompared,
} from './filtering.ts';
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

/** A guest sees VSSI, VSTI and VSEI as SSI, STI and SEI. */
const toGuest = (bits: number): bigint => BigInt((bits & guestInterrupts) >>> 1);
const fromGuest = (value: bigint): number => (low16(value) << 1) & guestInterrupts;

const affects = effect.interrupts;
const delegated = ({ state }: CsrHart): number => state.low(CSR.mideleg);
/** What a guest is delegated of the interrupts that are raised for it. */
const delegatedOn = ({ state }: CsrHart): number => state.low(CSR.hideleg) & guestInterrupts;

/** Pending and enabled, not delegated by M-mode. */
export const machineReady = (h: CsrHart): bigint =>
  BigInt(h.pending() & h.state.low(CSR.mie) & ~delegated(h));

const ownPending = (h: CsrHart): number => h.pending() & delegated(h) & supervisorInterrupts;
const ownEnabled = (h: CsrHart): number =>
  h.state.low(CSR.mie) & delegated(h) & supervisorInterrupts;
/** Something may be filtered for S-mode, which takes 64 bits to say. */
const filters = ({ state }: CsrHart): boolean =>
  (state.low(CSR.mvien) | state.high(CSR.mvien)) !== 0;

const lowWord = (value: bigint): number => Number(BigInt.asIntN(32, value));
const highWord = (value: bigint): number => Number(BigInt.asIntN(32, value >> 32n));
const fromWords = (low: number, high: number): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** sip: what is delegated to S-mode, and what M-mode raises or lets through its filter. */
export function supervisorPending(h: CsrHart): bigint {
  const filtered = filteredForSupervisor(h);
  const own = BigInt(ownPending(h));
  return filtered === 0n ? own : own | (raised(h) & filtered);
}

/** sie: of what is filtered its bits are its own. */
export function supervisorEnabled(h: CsrHart): bigint {
  const { state } = h;
  const filtered = filteredForSupervisor(h);
  const own = BigInt(ownEnabled(h));
  return filtered === 0n ? own : own | (state.csr(CSR.sie) & filtered);
}

/** Pending and enabled for S-mode or HS-mode, not delegated on to a guest. */
export function supervisorReady(h: CsrHart): bigint {
  const own = supervisorPending(h) & supervisorEnabled(h);
  const forGuests = BigInt(h.pending() & h.state.low(CSR.mie) & hypervisorInterrupts);
  return (own | forGuests) & ~(BigInt(delegatedOn(h)) | localsDelegatedOn(h));
}

/** vsip. */
export function guestPending(h: CsrHart): bigint {
  const own = toGuest(h.pending() & delegatedOn(h));
  const filtered = filteredForGuest(h) & h.state.csr(CSR.hvip);
  return own | (supervisorPending(h) & localsDelegatedOn(h)) | filtered;
}

/** vsie. */
export function guestEnabled(h: CsrHart): bigint {
  const { state } = h;
  const own = toGuest(state.low(CSR.mie) & delegatedOn(h));
  const filtered = filteredForGuest(h) & state.csr(CSR.vsie);
  return own | (supervisorEnabled(h) & localsDelegatedOn(h)) | filtered;
}

/**
 * Interrupts that a level can give priority numbers to: those that it can enable, but for its
 * external one, whose number the controller supplies. Those for a guest M-mode never takes.
 */
export function prioritised(h: CsrHart, level: 'machine' | 'supervisor'): bigint {
  if (level === 'machine') {
    const optional = (h.has('s') ? bit(SSI) | bit(STI) | bit(SEI) : 0) | overflow(h);
    return BigInt(bit(MSI) | bit(MTI) | optional);
  }
  const own = BigInt(delegated(h) & supervisorInterrupts) | filteredForSupervisor(h);
  const forGuests = h.has('h') ? guestInterrupts | (h.guestFiles > 0 ? bit(SGEI) : 0) : 0;
  return (own | BigInt(forGuests)) & ~BigInt(bit(SEI));
}
const overflow = ({ has }: CsrHart): number => (has('sscofpmf') ? bit(LCOFI) : 0);

export const mip: Behaviour = {
  affects,
  words: {
    low: (h) => h.pending(),
    high: () => 0,
    write: (h, low) => setPending(h, low & 0xffff, machineWritable & ~readOnlyPending(h)),
    // "Only the software-writable SEIP bit participates in the read-modify-write sequence."
    lowForUpdate: withSoftwareExternal,
  },
};

/** STIP while stimecmp is in use; SEIP while mvien has its bit, when mvip has the software's alone. */
const readOnlyPending = (h: CsrHart): number =>
  (timerIsCompared(h) ? bit(STI) : 0) | (h.state.low(CSR.mvien) & bit(SEI));

export const sip: Behaviour = {
  affects,
  words: {
    low: (h) => (filters(h) ? lowWord(supervisorPending(h)) : ownPending(h)),
    high: (h) => (filters(h) ? highWord(supervisorPending(h)) : 0),
    write: (h, low, high) => {
      setPending(h, low & 0xffff, delegated(h) & supervisorWritable);
      if (!filters(h)) return;
      const writable = localInterrupts | BigInt(bit(SSI));
      raiseForSupervisor(h, fromWords(low, high), filteredForSupervisor(h) & writable);
    },
    lowForUpdate: withSoftwareExternal,
  },
};

export const sie: Behaviour = {
  affects,
  words: {
    low: (h) => (filters(h) ? lowWord(supervisorEnabled(h)) : ownEnabled(h)),
    high: (h) => (filters(h) ? highWord(supervisorEnabled(h)) : 0),
    write: (h, low, high) => {
      setEnables(h, low & 0xffff, delegated(h) & supervisorInterrupts);
      if (filters(h)) setBits(h, CSR.sie, fromWords(low, high), filteredForSupervisor(h));
    },
  },
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
  read: guestPending,
  write: (h, value) => {
    setPending(h, fromGuest(value), delegatedOn(h) & bit(VSSI));
    const delegatedLocals = localsDelegatedOn(h);
    if (delegatedLocals !== 0n) {
      setPending(h, low16(value), Number(delegatedLocals & BigInt(delegated(h) & bit(LCOFI))));
      raiseForSupervisor(h, value, delegatedLocals & filteredForSupervisor(h));
    }
    setBits(h, CSR.hvip, value, filteredForGuest(h));
  },
};

export const vsie: Behaviour = {
  affects,
  read: guestEnabled,
  write: (h, value) => {
    setEnables(h, fromGuest(value), delegatedOn(h));
    const delegatedLocals = localsDelegatedOn(h);
    if (delegatedLocals !== 0n) {
      setEnables(h, low16(value), Number(delegatedLocals & BigInt(delegated(h) & bit(LCOFI))));
      setBits(h, CSR.sie, value, delegatedLocals & filteredForSupervisor(h));
    }
    setBits(h, CSR.vsie, value, filteredForGuest(h));
  },
};

function withSoftwareExternal({ state }: CsrHart, read: number): number {
  const external = bit(SEI);
  return (read & ~external) | (state.low(CSR.mip) & external);
}

/** mip as a number: inputs, software's bits, timers, what is raised for a guest. */
export function pendingInterrupts(h: CsrHart, inputs: number): number {
  const { state } = h;
  const software = state.low(CSR.mip) & ~(state.low(CSR.mvien) & bit(SEI));
  let bits = inputs | software | (state.low(CSR.hvip) & guestInterrupts);
  if (timerIsCompared(h)) {
    bits = (bits & ~bit(STI)) | h.timersPending();
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
