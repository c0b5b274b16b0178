/** Physical memory protection, 16 entries (privileged manual, PMP). Granularity is 4 bytes. */
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import type { Privilege } from './riscvHart.ts';

interface Entry {
  /** First byte, and the byte after the last. */
  readonly start: number;
  readonly end: number;
  readonly permissions: number;
  readonly locked: boolean;
}

const permissionBit: Readonly<Record<AccessKind, number>> = { load: 1, store: 2, fetch: 4 };
export const pmpEntries = 16;
const lockedBit = 0x80;

export class Pmp {
  private readonly state: HartState;
  private entries: readonly Entry[] = [];

  constructor(state: HartState) {
    this.state = state;
  }

  /** Reads the CSRs again after a write. */
  update(): void {
    const entries: Entry[] = [];
    let previous = 0;
    for (let i = 0; i < pmpEntries; i++) {
      const config = this.config(i);
      const raw = this.state.csr(CSR.pmpaddr0 + i);
      const address = Number(raw) * 4;
      const range = matchRange((config >>> 3) & 3, raw, address, previous);
      previous = address;
      if (!range || range.end <= range.start) continue;
      const locked = (config & lockedBit) !== 0;
      entries.push({ ...range, permissions: config & 7, locked });
    }
    this.entries = entries;
  }

  /** The entry of the lowest number that matches any byte decides, and it must match all bytes. */
  allows(address: number, size: number, access: AccessKind, privilege: Privilege): boolean {
    for (const e of this.entries) {
      if (address >= e.end || address + size <= e.start) continue;
      if (address < e.start || address + size > e.end) return false;
      if (privilege === 3 && !e.locked) return true;
      return (e.permissions & permissionBit[access]) !== 0;
    }
    return privilege === 3;
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

  /** New value of a pmpcfg register: locked entries stay, W without R is reserved. */
  legalConfig(register: number, value: bigint): bigint {
    const first = register === CSR.pmpcfg0 ? 0 : 8;
    let result = 0n;
    for (let i = 0; i < 8; i++) {
      const old = this.config(first + i);
      const wanted = Number((value >> BigInt(i * 8)) & 0x9fn);
      const reserved = (wanted & 3) === 2;
      const next = old & lockedBit || reserved ? old : wanted;
      result |= BigInt(next) << BigInt(i * 8);
    }
    return result;
  }

  /** Locked, or the base of a locked top-of-range entry. */
  addressLocked(entry: number): boolean {
    if (this.config(entry) & lockedBit) return true;
    if (entry + 1 === pmpEntries) return false;
    const above = this.config(entry + 1);
    return (above & lockedBit) !== 0 && ((above >>> 3) & 3) === 1;
  }
}

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
