/**
 * Predecoded records of pages that were executed, keyed by physical page. Stores into such pages
 * take the slow path, which brings the records up to date, so code is never stale.
 */
import type { EngineMemory } from './engineMemory.ts';
import { pageBytes, record, recordShift, special } from './layout.ts';
import { sequenceReach } from './sequences.ts';

export interface DecodedInstruction {
  /** Handler number. */
  readonly handler: number;
  /** Register numbers; a destination that is always zero is `zeroSink`. */
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly imm: number;
}

/** Is told what becomes of code, before it does. */
export interface CodeWatcher {
  /** Bytes from one offset in a physical page up to another may change. */
  codeChanges(page: number, from: number, to: number): void;
  /** The instruction at an offset in a physical page is to be resolved each time from now on. */
  codeIsWatched(page: number, offset: number): void;
  /** All records are dropped. */
  codeCleared(): void;
}

export class CodePages {
  watcher: CodeWatcher | undefined;
  private readonly memory: EngineMemory;
  private readonly recordsOf = new Map<number, number>();
  private readonly pageOf: number[] = [];
  /** Answer of `recordsAt`. */
  private lastPage = -1;
  private lastRecords = 0;
  /** By physical page with records, the offset of its bytes in memory. */
  private readonly codeOf = new Map<number, number>();
  private readonly capacity: number;
  /** By physical page, offsets of instructions that are resolved each time. */
  private readonly watched = new Map<number, Set<number>>();

  constructor(memory: EngineMemory) {
    this.memory = memory;
    this.capacity = Math.floor(memory.arenaBytes / record.pageBytes);
  }

  /**
   * The instruction at an offset of a page with records is to be resolved each time, as some hart
   * may stop there when it comes by one of the page's addresses.
   */
  watch(page: number, offset: number): void {
    let offsets = this.watched.get(page);
    if (!offsets) this.watched.set(page, (offsets = new Set()));
    if (offsets.has(offset)) return;
    offsets.add(offset);
    this.watcher?.codeIsWatched(page, offset);
    const records = this.recordsAt(page);
    const at = records + (offset << recordShift) + record.handler;
    this.memory.view.setUint16(at, special.resolve, true);
    this.endSequences(records, offset, offset);
    this.memory.view.setUint32(records + record.code, 0, true);
  }

  isWatched(page: number, offset: number): boolean {
    if (this.watched.size === 0) return false;
    return this.watched.get(page)?.has(offset) ?? false;
  }

  /** Who wants to stop somewhere asks for it anew: these records are like all others again. */
  unwatch(): void {
    for (const [page, offsets] of this.watched) {
      const records = this.recordsAt(page);
      this.memory.view.setUint32(records + record.code, this.codeOf.get(page) ?? 0, true);
      for (const offset of offsets) this.endSequences(records, offset, offset);
    }
    this.watched.clear();
  }

  /** Records of the page at a physical address, or 0 when it has none. */
  recordsAt(page: number): number {
    // Who writes code asks for the same page again and again.
    if (page !== this.lastPage) {
      this.lastPage = page;
      this.lastRecords = this.recordsOf.get(page) ?? 0;
    }
    return this.lastRecords;
  }

  /**
   * New records for a page whose bytes are at an offset in memory; undefined when there is no room
   * and all must be dropped first.
   */
  create(page: number, code: number): number | undefined {
    const index = this.pageOf.length;
    if (index === this.capacity) return undefined;
    const base = this.memory.arenaBase + index * record.pageBytes;
    this.pageOf.push(page);
    this.recordsOf.set(page, base);
    this.lastPage = -1;
    const { view } = this.memory;
    for (const past of [0, 2]) {
      const at = base + (pageBytes + past) * (1 << recordShift);
      view.setUint16(at + record.handler, special.pageEnd, true);
      view.setInt32(at + record.immediate, past, true);
    }
    this.codeOf.set(page, code);
    view.setUint32(base + record.code, code, true);
    return base;
  }

  /** Physical page that a record belongs to, and the instruction's offset in it. */
  locate(at: number): { page: number; offset: number } {
    const distance = at - this.memory.arenaBase;
    const index = Math.floor(distance / record.pageBytes);
    return {
      page: this.pageOf[index]!,
      offset: (distance - index * record.pageBytes) >>> recordShift,
    };
  }

  /** Physical page whose records begin here, undefined when they were dropped. */
  pageAt(records: number): number | undefined {
    return this.pageOf[(records - this.memory.arenaBase) / record.pageBytes];
  }

  write(at: number, decoded: DecodedInstruction, handler = decoded.handler): void {
    const { u32 } = this.memory;
    const word = at >>> 2;
    // Two fields to a word: the lower one is the first.
    u32[word + (record.handler >> 2)] = handler | (decoded.rd << 19);
    u32[word + (record.rs1 >> 2)] = (decoded.rs1 << 3) | (decoded.rs2 << 19);
    u32[word + (record.immediate >> 2)] = decoded.imm;
  }

  /** Forgets what was decoded from `size` bytes at a physical address. */
  invalidate(address: number, size: number): void {
    const first = Math.floor(address / pageBytes) * pageBytes;
    for (let page = first; page < address + size; page += pageBytes) {
      const base = this.recordsAt(page);
      if (base === 0) continue;
      // An instruction of four bytes may begin two before.
      const from = Math.max(address - page - 2, 0) & ~1;
      const to = Math.min(address + size - page, pageBytes);
      this.watcher?.codeChanges(page, from, to);
      for (let offset = from; offset < to; offset += 2) {
        const at = base + (offset << recordShift) + record.handler;
        this.memory.view.setUint16(at, special.resolve, true);
      }
      this.endSequences(base, from, to);
    }
  }

  /**
   * Sequences that have an instruction between two offsets are decoded anew, and so is what is around:
   * it may become part of others.
   */
  private endSequences(records: number, from: number, to: number): void {
    const { view } = this.memory;
    const end = Math.min(to + sequenceReach, pageBytes);
    for (let offset = Math.max(from - sequenceReach, 0); offset < end; offset += 2) {
      const at = records + (offset << recordShift) + record.handler;
      // Where a region begins it is the instruction alone that will be interpreted: see `Places`.
      if (view.getUint16(at, true) >= special.first) view.setUint16(at, special.resolve, true);
    }
  }

  /** Drops all records. No hart may be inside the interpreter. */
  clear(): void {
    this.watcher?.codeCleared();
    const { arenaBase, bytes } = this.memory;
    bytes.fill(0, arenaBase, arenaBase + this.pageOf.length * record.pageBytes);
    this.pageOf.length = 0;
    this.watched.clear();
    this.recordsOf.clear();
    this.lastPage = -1;
    this.codeOf.clear();
  }
}
