/**
 * Address translation for the usual case, in small integers: RV64, tables and target in RAM below
 * 2^44, entries that need no second look. Whatever is out of the ordinary (a fault, A or D to be
 * set, Svnapot, Svpbmt, MXR, pointer masking) is left to `Mmu`, whose answer this one never differs
 * from; it exists for guests that walk all the time.
 */
import type { TlbLeaf } from '../../engine/tlbSet.ts';
import type { PhysicalMemory, RamRegion } from '../../memory/physicalMemory.ts';
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { AccessMode } from './mmu.ts';
import { guestRootBits, pte } from './pageTable.ts';
import type { Pmp } from './pmp.ts';
import type { Privilege } from './riscvHart.ts';

const { V, R, W, X, U, G, A, D } = pte;
/** MODE of satp, vsatp and hgatp. */
const bare = 0;
const levelsOfMode: Readonly<Record<number, number>> = { 8: 3, 9: 4, 10: 5 };
/** Bits of PPN that make an address of 2^44 or more, and all that is above PPN. */
const beyond = 0xffff_fc00;
/** "Bits 63–39 all equal to bit 38": the highest bit of the address within its upper word. */
const signBit: Readonly<Record<number, number>> = { 3: 6, 4: 15, 5: 24 };

/** What a leaf must have for each kind of access, but for U. */
const needed: Readonly<Record<AccessKind, number>> = {
  load: V | R | A,
  store: V | R | W | A | D,
  fetch: V | X | A,
};

/** A gigapage's. */
const largestReach = 18;

const leaves: readonly TlbLeaf[] = Array.from({ length: 5 * 9 * 2 }, (_, i) => ({
  bits: i >>> 1,
  global: (i & 1) === 1,
}));

export class QuickWalk {
  /** Of the first stage of the last translation that succeeded. */
  leaf: TlbLeaf = leaves[0]!;
  /** log2 of the pages, aligned, for which it would be the same. */
  reach = 0;
  private readonly state: HartState;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;
  private readonly u32: Uint32Array;
  private ram: RamRegion | undefined;
  /** Of the RAM: first page, number of pages, index of its first word. */
  private firstPage = 0;
  private pages = 0;
  private firstWord = 0;

  constructor(state: HartState, memory: PhysicalMemory, pmp: Pmp) {
    this.state = state;
    this.memory = memory;
    this.pmp = pmp;
    this.u32 = state.u32;
  }

  /** Number of the page of RAM behind a virtual address; -1 when the long way has to be taken. */
  page(low: number, high: number, access: AccessKind, mode: AccessMode): number {
    const page = this.anyPage(low, high, access, mode);
    return page < 0 ? -1 : this.target(page, access, mode.privilege);
  }

  /** The same of any page, protected or not. */
  anyPage(low: number, high: number, access: AccessKind, mode: AccessMode): number {
    const { state } = this;
    if (state.xlen !== 64 || mode.executable || mode.debug || mode.pmlen) return -1;
    if (!this.hasRam()) return -1;
    this.leaf = leaves[0]!;
    this.reach = 0;
    const { virtualized, privilege } = mode;
    if (privilege === 3) return physicalPage(low, high);
    const machine = state.low(CSR.mstatus);
    const own = virtualized ? state.low(CSR.vsstatus) : machine;
    if (((machine | own) & status.MXR) !== 0) return -1;
    const found = this.firstStage(low, high, needed[access], mode, (own & status.SUM) !== 0);
    if (found < 0) return -1;
    const isBare = state.high(virtualized ? CSR.vsatp : CSR.satp) >>> 28 === bare;
    const firstReach = isBare ? largestReach : this.leaf.bits;
    this.reach = largestReach;
    const page = virtualized ? this.guestPage(found, needed[access] | U) : found;
    if (firstReach < this.reach) this.reach = firstReach;
    return page;
  }

  /** Offset in memory of a page that `page` gave. */
  offsetOf(page: number): number {
    return this.firstWord * 4 + (page - this.firstPage) * 4096;
  }

  /** The page, if it is RAM and all of it may be accessed. */
  private target(page: number, access: AccessKind, privilege: Privilege): number {
    if (page < this.firstPage || page - this.firstPage >= this.pages) return -1;
    if (this.pmp.open || this.pmp.allows(page * 4096, 4096, access, privilege)) return page;
    return -1;
  }

  private firstStage(
    low: number,
    high: number,
    wanted: number,
    { privilege, virtualized }: AccessMode,
    sum: boolean,
  ): number {
    const { state, u32 } = this;
    const register = virtualized ? CSR.vsatp : CSR.satp;
    const atp = state.high(register);
    if (atp >>> 28 === bare) {
      return physicalPage(low, high);
    }
    const levels = levelsOfMode[atp >>> 28];
    if (levels === undefined || (atp & 0xfff) !== 0) return -1;
    const above = high >> signBit[levels]!;
    if (above !== 0 && above !== -1) return -1;
    let table = state.low(register);
    let global = 0;
    for (let level = levels - 1; level >= 0; level--) {
      const page = virtualized ? this.guestPage(table, V | R | A | U) : table;
      const word = this.entryWord(page, vpn(low, high, level));
      if (word < 0) return -1;
      const entry = u32[word]!;
      const upper = u32[word + 1]!;
      if ((upper & beyond) !== 0 || (entry & V) === 0) return -1;
      const target = ((upper << 22) | (entry >>> 10)) >>> 0;
      global |= entry & G;
      if ((entry & (R | W | X)) === 0) {
        if ((entry & (A | D | U)) !== 0) return -1;
        table = target;
        continue;
      }
      if ((entry & wanted) !== wanted || (entry & (R | W)) === W) return -1;
      // S-mode may use pages of U-mode with SUM, and never for code.
      const user = (entry & U) !== 0;
      if (privilege === 0 ? !user : user && (!sum || (wanted & X) !== 0)) return -1;
      return this.leafPage(target, level, low, high, global);
    }
    return -1;
  }

  private leafPage(
    target: number,
    level: number,
    low: number,
    high: number,
    global: number,
  ): number {
    const bits = level * 9;
    this.leaf = leaves[bits * 2 + (global === 0 ? 0 : 1)]!;
    if (level === 0) return target;
    // Pages of 1 TiB and more are for the long way.
    if (level > 2) return -1;
    const mask = (1 << bits) - 1;
    if ((target & mask) !== 0) return -1;
    return (target | (((high << 20) | (low >>> 12)) & mask)) >>> 0;
  }

  /** The second stage: a guest-physical page, of which `wanted` is asked. */
  private guestPage(page: number, wanted: number): number {
    const { state, u32 } = this;
    const atp = state.high(CSR.hgatp);
    if (page < 0) return -1;
    if (atp >>> 28 === bare) return page;
    const levels = levelsOfMode[atp >>> 28];
    if (levels === undefined || (atp & 0xfff) !== 0) return -1;
    if (levels === 3 && page >>> (27 + guestRootBits) !== 0) return -1;
    let table = state.low(CSR.hgatp);
    for (let level = levels - 1; level >= 0; level--) {
      const shift = level * 9;
      const isRoot = level === levels - 1;
      const index = shift > 31 ? 0 : (page >>> shift) & (isRoot ? 2047 : 511);
      // Behind the first 512 entries of a root come three more pages of them.
      const word = this.entryWord(table + (index >>> 9), index & 511);
      if (word < 0) return -1;
      const entry = u32[word]!;
      const upper = u32[word + 1]!;
      if ((upper & beyond) !== 0 || (entry & V) === 0) return -1;
      const target = ((upper << 22) | (entry >>> 10)) >>> 0;
      if ((entry & (R | W | X)) === 0) {
        if ((entry & (A | D | U)) !== 0) return -1;
        table = target;
        continue;
      }
      if ((entry & wanted) !== wanted || (entry & (R | W)) === W) return -1;
      this.reach = shift;
      if (level === 0) return target;
      if (level > 2) return -1;
      const mask = (1 << shift) - 1;
      return (target & mask) === 0 ? (target | (page & mask)) >>> 0 : -1;
    }
    return -1;
  }

  /** Index of an entry's lower word in memory; -1 where there is no RAM or it is protected. */
  private entryWord(table: number, index: number): number {
    const page = table - this.firstPage;
    if (page < 0 || page >= this.pages) return -1;
    if (!this.pmp.open && !this.pmp.allows(table * 4096 + index * 8, 8, 'load', 1)) return -1;
    return this.firstWord + page * 1024 + index * 2;
  }

  /** The largest writable region, found once; regions do not change once a hart runs. */
  private hasRam(): boolean {
    if (this.ram) return true;
    for (const region of this.memory.regions) {
      if (region.writable && region.size > (this.ram?.size ?? 0)) this.ram = region;
    }
    if (!this.ram) return false;
    this.firstPage = this.ram.base / 4096;
    this.pages = this.ram.size / 4096;
    this.firstWord = this.ram.offset >>> 2;
    return true;
  }
}

/** Of an address that is not translated; -1 from 2^44 on. */
function physicalPage(low: number, high: number): number {
  return high >>> 12 === 0 ? ((high << 20) | (low >>> 12)) >>> 0 : -1;
}

function vpn(low: number, high: number, level: number): number {
  switch (level) {
    case 0:
      return (low >>> 12) & 511;
    case 1:
      return (low >>> 21) & 511;
    case 2:
      return ((low >>> 30) | (high << 2)) & 511;
    case 3:
      return (high >>> 7) & 511;
    default:
      return (high >>> 16) & 511;
  }
}
