/**
 * Physical memory protection, 16 entries, with its enhancements for M-mode (privileged manual, PMP;
 * Smepmp). Granularity is 4 bytes.
 */
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import type { Privilege } from './riscvHart.ts';

interface Entry {
  /** First byte, and the byte after the last. */
  readonly start: number;
  readonly end: number;
  /** R, W and X as they hold for M-mode, and for the modes below. */
  readonly machine: number;
  readonly below: number;
}

const permission = { R: 1, W: 2, X: 4 } as const;
const { R, W, X } = permission;
const everything = R | W | X;
/** HLVX needs "both execute and read permissions". */
const needed: Readonly<Record<AccessKind | 'executableLoad', number>> = {
  load: R,
  store: W,
  fetch: X,
  executableLoad: R | X,
};
export const pmpEntries = 16;
const locked = 0x80;
/** Fields of mseccfg (Smepmp); without the extension they are zero. */
const security = { MML: 1, MMWP: 2, RLB: 4 } as const;

/**
 * With MML set, by L, R, W and X from the highest bit down: what M-mode may do, and what S- and
 * U-mode may (Smepmp, truth table).
 */
const lockdown: readonly (readonly [machine: number, below: number])[] = [
  [0, 0],
  [0, X],
  [R | W, R],
  [R | W, R | W],
  [0, R],
  [0, R | X],
  [0, R | W],
  [0, R | W | X],
  [0, 0],
  [X, 0],
  [X, X],
  [R | X, X],
  [R, 0],
  [R | X, 0],
  [R | W, 0],
  [R, R],
];
/** Those that a write cannot make while MML is set and RLB is not: they let M-mode execute. */
const addsMachineCode = (config: number): boolean =>
  (config & locked) !== 0 && (lockdown[lockdownIndex(config)]![0] & X) !== 0;

export class Pmp {
  private readonly state: HartState;
  private entries: readonly Entry[] = [];
  /** The first entry lets everybody do everything everywhere, so that nobody needs to ask. */
  open = false;
  /** M-mode may do everything everywhere: no entry is there that could say otherwise. */
  isOpenToMachine = true;
  /** What M-mode may do where no entry matches. */
  private machineDefault: number = everything;

  constructor(state: HartState) {
    this.state = state;
  }

  /** Reads the CSRs again after a write. */
  update(): void {
    const mode = this.state.low(CSR.mseccfg);
    const lockedDown = (mode & security.MML) !== 0;
    this.machineDefault = mode & security.MMWP ? 0 : lockedDown ? R | W : everything;
    const entries: Entry[] = [];
    let previous = 0;
    for (let i = 0; i < pmpEntries; i++) {
      const config = this.config(i);
      const raw = BigInt.asUintN(this.state.xlen, this.state.csr(CSR.pmpaddr0 + i));
      const address = Number(raw) * 4;
      const range = matchRange(addressMatching(config), raw, address, previous);
      previous = address;
      if (!range || range.end <= range.start) continue;
      const [machine, below] = lockedDown
        ? lockdown[lockdownIndex(config)]!
        : [config & locked ? config & everything : everything, config & everything];
      entries.push({ ...range, machine, below });
    }
    this.entries = entries;
    this.isOpenToMachine = entries.length === 0 && this.machineDefault === everything;
    const first = entries[0];
    this.open =
      first !== undefined &&
      first.start === 0 &&
      first.end >= 2 ** 56 &&
      (first.machine & first.below) === everything;
  }

  /** The entry of the lowest number that matches any byte decides, and it must match all bytes. */
  allows(
    address: number,
    size: number,
    access: AccessKind | 'executableLoad',
    privilege: Privilege,
  ): boolean {
    const wanted = needed[access];
    for (const e of this.entries) {
      if (address >= e.end || address + size <= e.start) continue;
      if (address < e.start || address + size > e.end) return false;
      return ((privilege === 3 ? e.machine : e.below) & wanted) === wanted;
    }
    return privilege === 3 && (this.machineDefault & wanted) === wanted;
  }

  /** Whether one answer holds for all of a page, so that it may be remembered. */
  uniform(page: number, size: number): boolean {
    for (const e of this.entries) {
      if (page >= e.end || page + size <= e.start) continue;
      return page >= e.start && page + size <= e.end;
    }
    return true;
  }

  config(entry: number): number {
    const register = entry < 8 ? CSR.pmpcfg0 : CSR.pmpcfg2;
    return Number((this.state.csr(register) >> BigInt((entry & 7) * 8)) & 0xffn);
  }

  /** New value of a pmpcfg register, entry by entry. */
  legalConfig(register: number, value: bigint): bigint {
    const first = register === CSR.pmpcfg0 ? 0 : 8;
    let result = 0n;
    for (let i = 0; i < 8; i++) {
      const wanted = Number((value >> BigInt(i * 8)) & 0x9fn);
      result |= BigInt(this.legalEntry(this.config(first + i), wanted)) << BigInt(i * 8);
    }
    return result;
  }

  /** Locked, or the base of a locked top-of-range entry. */
  addressLocked(entry: number): boolean {
    if (this.bypassesLocks) return false;
    if (this.config(entry) & locked) return true;
    if (entry + 1 === pmpEntries) return false;
    const above = this.config(entry + 1);
    return (above & locked) !== 0 && addressMatching(above) === 1;
  }

  /** "pmpcfg.L is 1 in any rule or entry (including disabled entries)": RLB then stays 0. */
  get anyLocked(): boolean {
    for (let i = 0; i < pmpEntries; i++) if (this.config(i) & locked) return true;
    return false;
  }

  private get bypassesLocks(): boolean {
    return (this.state.low(CSR.mseccfg) & security.RLB) !== 0;
  }

  /** The old configuration where a write may not change it, or to what it would. */
  private legalEntry(old: number, wanted: number): number {
    if (old & locked && !this.bypassesLocks) return old;
    if (this.state.low(CSR.mseccfg) & security.MML) {
      return addsMachineCode(wanted) && !this.bypassesLocks ? old : wanted;
    }
    const reserved = (wanted & (R | W)) === W;
    return reserved ? old : wanted;
  }
}

/** L, R, W and X of a configuration as an index of the truth table. */
function lockdownIndex(config: number): number {
  const bit = (mask: number, value: number): number => (config & mask ? value : 0);
  return bit(locked, 8) | bit(R, 4) | bit(W, 2) | bit(X, 1);
}

/** The field A. */
const addressMatching = (config: number): number => (config >>> 3) & 3;

function matchRange(
  mode: number,
  raw: bigint,
  address: number,
  previous: number,
): { start: number; end: number } | undefined {
  switch (mode) {
    case 1: // TOR
      return { start: previous, end: address };
    case 2: // NA4
      return { start: address, end: address + 4 };
    case 3: {
      // NAPOT: k trailing ones make a region of 2^(k+3) bytes.
      const ones = trailingOnes(raw);
      const size = 2 ** (ones + 3);
      const start = Number((raw >> BigInt(ones + 1)) << BigInt(ones + 1)) * 4;
      return { start, end: start + size };
    }
    default:
      return undefined;
  }
}

function trailingOnes(value: bigint): number {
  let count = 0;
  for (let rest = value; rest & 1n; rest >>= 1n) count++;
  return count;
}
