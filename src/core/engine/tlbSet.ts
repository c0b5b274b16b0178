/**
 * One set of TLB entries: the translations of one regime of a hart. Entries are copies of what a
 * page walk found; what must not be accessed inline is simply never entered.
 */
import { hart, pageBytes, tlb } from './layout.ts';
import type { EngineMemory } from './engineMemory.ts';

export type TlbKind = 'read' | 'write' | 'fetch';

const kindBase = { read: tlb.read, write: tlb.write, fetch: tlb.fetch } as const;
const entryCount = {
  read: tlb.dataEntries,
  write: tlb.dataEntries,
  fetch: tlb.fetchEntries,
} as const;
const kinds: readonly TlbKind[] = ['read', 'write', 'fetch'];

export class TlbSet {
  /** Offset in memory. */
  readonly base: number;
  private readonly u32: Uint32Array;
  /** Entries that may be valid, by kind: flushing touches only these. */
  private readonly filled: Record<TlbKind, number[]> = { read: [], write: [], fetch: [] };

  constructor(memory: EngineMemory, hartArea: number, index: number) {
    this.base = hartArea + hart.tlb + index * tlb.setBytes;
    this.u32 = memory.u32;
    for (const kind of kinds) {
      for (let i = 0; i < entryCount[kind]; i++) this.invalidate(this.entry(kind, i), i);
    }
  }

  /** `addend` turns an address into a memory offset; for fetches it is the page's records. */
  fill(kind: TlbKind, addressLow: number, addressHigh: number, addend: number): void {
    const index = (addressLow >>> 12) & (entryCount[kind] - 1);
    const word = this.entry(kind, index);
    if (this.u32[word] === (index ^ 1) << 12 && this.u32[word + 1] === 0) {
      this.filled[kind].push(index);
    }
    this.u32[word] = addressLow & -pageBytes;
    this.u32[word + 1] = addressHigh;
    this.u32[word + 2] = addend;
  }

  flush(): void {
    for (const kind of kinds) this.flushKind(kind);
  }

  flushKind(kind: TlbKind): void {
    const list = this.filled[kind];
    for (const index of list) this.invalidate(this.entry(kind, index), index);
    list.length = 0;
  }

  /** Takes out write entries that lead to a page of memory at `offset`. */
  dropWritesTo(offset: number): void {
    const list = this.filled.write;
    this.filled.write = list.filter((index) => {
      const word = this.entry('write', index);
      const target = (this.u32[word]! + this.u32[word + 2]!) >>> 0;
      if (target !== offset) return true;
      this.invalidate(word, index);
      return false;
    });
  }

  private entry(kind: TlbKind, index: number): number {
    return (this.base + kindBase[kind] + index * tlb.entryBytes) >>> 2;
  }

  /** A tag that belongs to another entry can never be hit here. */
  private invalidate(word: number, index: number): void {
    this.u32[word] = (index ^ 1) << 12;
    this.u32[word + 1] = 0;
    this.u32[word + 2] = 0;
  }
}
