/**
 * The second translation stage: Sv32x4, Sv39x4, Sv48x4 and Sv57x4 tables in the host's physical memory
 * (privileged manual, hypervisor chapter, "Two-Stage Address Translation"; Linux
 * arch/riscv/kvm/gstage.c). It maps what it is told to; which memory that is, is the VM's business.
 *
 * As KVM does for memory, leaves are made with A and D set: nothing here reads them, so a fault
 * only to set them would be for nothing. Every leaf has U, as the stage checks as for U-mode.
 */
import { defined } from '../../base/assert.ts';
import { fields, mustFit, oneOf, whole, type Persist } from '../../base/persist.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { PageAllocator } from '../pageAllocator.ts';
import { translationRegister } from './csrs.ts';

export interface GstageMode {
  readonly name: string;
  /** hgatp.MODE. */
  readonly mode: bigint;
  readonly levels: number;
  readonly gpaBits: number;
  readonly xlen: 32 | 64;
}

export const sv32x4: GstageMode = { name: 'Sv32x4', mode: 1n, levels: 2, gpaBits: 34, xlen: 32 };
export const sv39x4: GstageMode = { name: 'Sv39x4', mode: 8n, levels: 3, gpaBits: 41, xlen: 64 };
export const sv48x4: GstageMode = { name: 'Sv48x4', mode: 9n, levels: 4, gpaBits: 50, xlen: 64 };
/** Addresses are numbers here: of 59 bits those below 2^53 can be used. */
export const sv57x4: GstageMode = { name: 'Sv57x4', mode: 10n, levels: 5, gpaBits: 59, xlen: 64 };

/** From the narrowest on; what of them harts have, they say. */
export const gstageModes: readonly GstageMode[] = [sv32x4, sv39x4, sv48x4, sv57x4];

/** The narrowest mode that holds addresses of so many bits. */
export function gstageModeFor(gpaBits: number, xlen: 32 | 64): GstageMode | undefined {
  return gstageModes.find((m) => m.xlen === xlen && gpaBits <= m.gpaBits);
}

/** The root is four pages: two more bits of index than the other levels have. */
const rootSize = 16384;
const tableSize = 4096;

const pteV = 1n << 0n;
const pteR = 1n << 1n;
const pteW = 1n << 2n;
const pteX = 1n << 3n;
const pteU = 1n << 4n;
const pteA = 1n << 6n;
const pteD = 1n << 7n;
/** Of the wider entry; the upper bits of the narrower one are zero. */
const ppnMask = (1n << 44n) - 1n;

export interface GstageLeaf {
  readonly pteAddress: number;
  readonly pte: bigint;
  readonly pageSize: number;
  readonly hostAddress: number;
  readonly writable: boolean;
  /** A and D are set, so that no hardware faults for them. */
  readonly used: boolean;
}

/** Tables are memory's state. */
export interface GstageState {
  readonly root: number;
  readonly mode: string;
  readonly splits: number;
  readonly merges: number;
}

export class Gstage implements Persist<GstageState> {
  readonly mode: GstageMode;
  readonly root: number;
  /** Large leaves that became tables, and tables that became leaves. */
  splits = 0;
  merges = 0;
  private readonly memory: PhysicalMemory;
  private readonly pages: PageAllocator;
  private readonly pteBytes: 4 | 8;
  /** Entries of a table that is not the root. */
  private readonly entries: number;
  /** By level, bytes that an entry is about. */
  private readonly sizes: readonly number[];

  constructor(memory: PhysicalMemory, pages: PageAllocator, mode: GstageMode, root: number) {
    this.memory = memory;
    this.pages = pages;
    this.mode = mode;
    this.root = root;
    this.pteBytes = mode.xlen === 32 ? 4 : 8;
    this.entries = tableSize / this.pteBytes;
    const { entries } = this;
    this.sizes = Array.from({ length: mode.levels }, (_, level) => tableSize * entries ** level);
  }

  /** Undefined when no pages are left for the root. */
  static create(memory: PhysicalMemory, pages: PageAllocator, mode: GstageMode) {
    const root = pages.allocate(rootSize);
    return root === undefined ? undefined : new Gstage(memory, pages, mode, root);
  }

  save(): GstageState {
    const { root, splits, merges, mode } = this;
    return { root, mode: mode.name, splits, merges };
  }

  restore(state: GstageState): void {
    const alike = { root: oneOf(this.root), mode: oneOf(this.mode.name) };
    mustFit('the G-stage', state, fields({ ...alike, splits: whole, merges: whole }));
    this.splits = state.splits;
    this.merges = state.merges;
  }

  /** Gives all tables back, the root too. */
  destroy(): void {
    const last = this.mode.levels - 1;
    for (let i = 0; i < 4 * this.entries; i++) {
      const pte = this.read(this.root + i * this.pteBytes);
      if (isTable(pte)) this.releaseTable(targetOf(pte), last - 1);
    }
    this.pages.release(this.root, rootSize);
  }

  hgatp(vmid: number): bigint {
    const at = translationRegister[this.mode.xlen];
    const mode = this.mode.mode << at.mode;
    return mode | (BigInt(vmid) << at.vmid) | (BigInt(this.root) >> 12n);
  }

  /**
   * Maps one page of a size that the mode has; both addresses are aligned to it. What was mapped
   * there before is replaced. False when no pages are left for tables.
   */
  map(gpa: number, hpa: number, size: number, writable: boolean): boolean {
    const leafLevel = this.levelOf(size);
    let table = this.root;
    for (let level = this.mode.levels - 1; level > leafLevel; level--) {
      const next = this.tableBelow(this.pteAddress(table, gpa, level), level);
      if (next === undefined) return false;
      table = next;
    }
    const at = this.pteAddress(table, gpa, leafLevel);
    const old = this.read(at);
    if (isTable(old)) {
      this.releaseTable(targetOf(old), leafLevel - 1);
      this.merges++;
    }
    const write = writable ? pteW : 0n;
    this.write(at, pteTo(hpa) | pteV | pteR | pteX | pteU | pteA | pteD | write);
    return true;
  }

  lookup(gpa: number): GstageLeaf | undefined {
    let table = this.root;
    for (let level = this.mode.levels - 1; level >= 0; level--) {
      const pteAddress = this.pteAddress(table, gpa, level);
      const pte = this.read(pteAddress);
      if ((pte & pteV) === 0n) return undefined;
      if (isTable(pte)) {
        table = targetOf(pte);
        continue;
      }
      const pageSize = this.sizeOf(level);
      const hostAddress = targetOf(pte) + (gpa % pageSize);
      const used = (pte & (pteA | pteD)) === (pteA | pteD);
      return { pteAddress, pte, pageSize, hostAddress, writable: (pte & pteW) !== 0n, used };
    }
    return undefined;
  }

  /** Takes away every leaf that begins in the range. True when there was one. */
  unmap(gpa: number, size: number): boolean {
    let found = false;
    for (let at = gpa; at < gpa + size;) {
      const leaf = this.lookup(at);
      if (leaf) {
        this.write(leaf.pteAddress, 0n);
        found = true;
      }
      at += leaf ? leaf.pageSize - (at % leaf.pageSize) : this.holeSize(at);
    }
    return found;
  }

  /** Takes W from every leaf that maps some of the range; how many had it. */
  writeProtect(gpa: number, size: number): number {
    let count = 0;
    for (let at = gpa; at < gpa + size;) {
      const leaf = this.lookup(at);
      if (leaf?.writable) {
        this.write(leaf.pteAddress, leaf.pte & ~pteW);
        count++;
      }
      at += leaf ? leaf.pageSize - (at % leaf.pageSize) : this.holeSize(at);
    }
    return count;
  }

  /** Sets A and D again after `age`. */
  markUsed(leaf: GstageLeaf): void {
    this.write(leaf.pteAddress, leaf.pte | pteA | pteD);
  }

  /** Whether the page's leaf was used; `clear` makes it unused, and the next use faults. */
  testAge(gpa: number, clear: boolean): boolean {
    const leaf = this.lookup(gpa);
    if (!leaf || (leaf.pte & pteA) === 0n) return false;
    if (clear) this.write(leaf.pteAddress, leaf.pte & ~pteA);
    return true;
  }

  /** Whether the block of this size is mapped by smaller pages, which a leaf could replace. */
  isSplit(gpa: number, size: number): boolean {
    let table = this.root;
    for (let level = this.mode.levels - 1; level > 0; level--) {
      const pte = this.read(this.pteAddress(table, gpa, level));
      if (!isTable(pte)) return false;
      if (this.sizeOf(level) === size) return true;
      table = targetOf(pte);
    }
    return false;
  }

  /** Bytes from `gpa` to the end of the smallest unmapped entry that covers it. */
  private holeSize(gpa: number): number {
    let table = this.root;
    for (let level = this.mode.levels - 1; level > 0; level--) {
      const pte = this.read(this.pteAddress(table, gpa, level));
      if (!isTable(pte)) return this.sizeOf(level) - (gpa % this.sizeOf(level));
      table = targetOf(pte);
    }
    return tableSize;
  }

  private tableBelow(at: number, level: number): number | undefined {
    const pte = this.read(at);
    if (isTable(pte)) return targetOf(pte);
    const table = this.pages.allocate(tableSize);
    if (table === undefined) return undefined;
    if ((pte & pteV) !== 0n) this.split(pte, table, level - 1);
    this.write(at, pteTo(table) | pteV);
    return table;
  }

  /** A large leaf becomes a table of leaves that together map the same, with the same permissions. */
  private split(leaf: bigint, table: number, level: number): void {
    const step = BigInt(this.sizeOf(level) / tableSize) << 10n;
    for (let i = 0; i < this.entries; i++)
      this.write(table + i * this.pteBytes, leaf + BigInt(i) * step);
    this.splits++;
  }

  private releaseTable(table: number, level: number): void {
    for (let i = 0; level > 0 && i < this.entries; i++) {
      const pte = this.read(table + i * this.pteBytes);
      if (isTable(pte)) this.releaseTable(targetOf(pte), level - 1);
    }
    this.pages.release(table, tableSize);
  }

  private pteAddress(table: number, gpa: number, level: number): number {
    const entries = level === this.mode.levels - 1 ? 4 * this.entries : this.entries;
    const index = Math.floor(gpa / this.sizeOf(level)) % entries;
    return table + index * this.pteBytes;
  }

  private read(pteAddress: number): bigint {
    if (this.pteBytes === 8) return this.memory.read64(pteAddress);
    return BigInt(this.memory.read32(pteAddress) >>> 0);
  }

  private write(pteAddress: number, pte: bigint): void {
    if (this.pteBytes === 8) this.memory.write64(pteAddress, pte);
    else this.memory.write32(pteAddress, Number(pte));
  }

  private sizeOf(level: number): number {
    return this.sizes[level]!;
  }

  private levelOf(size: number): number {
    const level = [0, 1, 2].find((l) => this.sizeOf(l) === size);
    return defined(level, `a page size of ${size} bytes`);
  }
}

/** Sizes above 4 KiB that every mode of this width has. */
const largeLeaves = { 32: [1 << 22], 64: [1 << 30, 1 << 21] } as const;

/** The largest leaf that lies inside the slot and is aligned alike on both sides. */
export function leafSizeFor(
  slot: {
    readonly guestPhysAddr: number;
    readonly memorySize: number;
    readonly userspaceAddr: number;
  },
  gpa: number,
  xlen: 32 | 64,
): number {
  for (const size of largeLeaves[xlen]) {
    const start = gpa - (gpa % size);
    const inside =
      start >= slot.guestPhysAddr && start + size <= slot.guestPhysAddr + slot.memorySize;
    if (inside && slot.guestPhysAddr % size === slot.userspaceAddr % size) return size;
  }
  return 4096;
}

function isTable(pte: bigint): boolean {
  return (pte & pteV) !== 0n && (pte & (pteR | pteW | pteX)) === 0n;
}

function targetOf(pte: bigint): number {
  return Number(((pte >> 10n) & ppnMask) << 12n);
}

function pteTo(address: number): bigint {
  return (BigInt(address) >> 12n) << 10n;
}
