/**
 * One set of TLB entries: the translations of one regime of a hart. Entries are copies of what a
 * page walk found; what must not be accessed inline is simply never entered.
 */
import type { WrittenPages } from '../memory/writtenPages.ts';
import type { DirectRange, RangeNumbers } from './directRange.ts';
import { direct, hart, pageBytes, pageShift, tlb } from './layout.ts';
import type { EngineMemory } from './engineMemory.ts';

export type TlbKind = 'read' | 'write' | 'fetch';

const kindBase = { read: tlb.read, write: tlb.write, fetch: tlb.fetch } as const;
const entryCount = {
  read: tlb.dataEntries,
  write: tlb.dataEntries,
  fetch: tlb.fetchEntries,
} as const;
/** What tags are less than their pages' addresses. */
const tagBias = { read: 1, write: 1, fetch: 0 } as const;
const kinds: readonly TlbKind[] = ['read', 'write', 'fetch'];

/** The leaf of a page table that an entry comes from. */
export interface TlbLeaf {
  /** log2 of the pages that it maps. */
  readonly bits: number;
  /** It belongs to every address space. */
  readonly global: boolean;
}

const plainLeaf: TlbLeaf = { bits: 0, global: false };
/** In an entry's word for its leaf, above the bits. */
const globalFlag = 0x80;
/**
 * Likewise: the translation is known, but accesses are to come by once before it serves them. Its tag
 * is that of a neighbouring page, which belongs to another entry. What it adds is as ever for data;
 * for fetches it is the physical page's number.
 */
const parkedFlag = 0x100;
/** Bits of an upper word that tell pages apart: tags above them may be ignored by accesses. */
const significant = 0xffff;

/** How saved entries name what they lead to: physical pages, by number. */
export interface TlbPlaces {
  /** Of memory at an offset, and behind records. -1 where there is none. */
  pageAt(offset: number): number;
  pageOfRecords(records: number): number;
  /** Offset of a page that may be entered for an access again; -1 where it may not. */
  offsetOf(page: number, kind: TlbKind): number;
}

/**
 * An entry in a state: the two words of its page's address, and the physical page's number. In the
 * bits of the first below the page's are what its word for the leaf says, and its kind.
 */
const savedWords = 3;
const leafMask = 2 * globalFlag - 1;
const savedKindShift = 8;
const savedKind = (first: number): TlbKind | undefined =>
  kinds[(first & (pageBytes - 1)) >>> savedKindShift];

/** Which entries may be in use, so that flushing touches only these. */
class Filled {
  readonly list: number[] = [];
  private readonly listed: Uint8Array;

  constructor(entries: number) {
    this.listed = new Uint8Array(entries);
  }

  add(index: number): void {
    if (this.listed[index] === 1) return;
    this.listed[index] = 1;
    this.list.push(index);
  }

  clear(): void {
    for (const index of this.list) this.listed[index] = 0;
    this.list.length = 0;
  }
}

export class TlbSet {
  /** Offset in memory. */
  readonly base: number;
  private readonly u32: Uint32Array;
  private readonly written: WrittenPages;
  private readonly ranges: RangeNumbers;
  private readonly filled: Readonly<Record<TlbKind, Filled>>;
  /** Some entry comes from a leaf of more than one page; of those that are global, and of others. */
  private hasLargeGlobal = false;
  private hasLargeOwn = false;
  private range: DirectRange | undefined;

  constructor(memory: EngineMemory, hartArea: number, index: number) {
    this.base = hartArea + hart.tlb + index * tlb.setBytes;
    this.u32 = memory.u32;
    this.written = memory.written;
    this.ranges = memory.ranges;
    this.filled = {
      read: new Filled(entryCount.read),
      write: new Filled(entryCount.write),
      fetch: new Filled(entryCount.fetch),
    };
    // Memory is zero, and as a tag 0 can be hit in the first two entries alone.
    for (const kind of kinds) for (const i of [0, 1]) this.invalidate(kind, i);
  }

  /** `addend` turns an address into a memory offset; for fetches it is the page's records. */
  fill(
    kind: TlbKind,
    addressLow: number,
    addressHigh: number,
    addend: number,
    leaf: TlbLeaf = plainLeaf,
  ): void {
    const index = (addressLow >>> 12) & (entryCount[kind] - 1);
    const word = this.entry(kind, index);
    this.filled[kind].add(index);
    this.noteLeaf(leaf);
    // Stores that hit the entry are seen by nobody.
    if (kind === 'write') this.written.mark(((addressLow & -pageBytes) + addend) >>> pageShift);
    this.setTag(kind, word, addressLow & -pageBytes, addressHigh);
    this.u32[word + 2] = addend;
    this.u32[word + 3] = leaf.bits | (leaf.global ? globalFlag : 0);
  }

  /** Stores come by once more for each page. Nothing else is different for who makes them. */
  parkWrites(): void {
    for (const index of this.filled.write.list) {
      const word = this.entry('write', index);
      if (this.isParked(word) || !this.isValid('write', index)) continue;
      this.park('write', word, this.pageLow('write', word), this.pageHigh('write', word));
    }
  }

  /** What the entry of an address adds, if it was parked: it serves from now on. Else undefined. */
  unpark(kind: 'read' | 'write', addressLow: number, addressHigh: number): number | undefined {
    const word = this.parkedAt(kind, addressLow, addressHigh);
    if (word === undefined) return undefined;
    const addend = this.u32[word + 2]!;
    this.u32[word + 3]! &= ~parkedFlag;
    this.setTag(kind, word, addressLow & -pageBytes, addressHigh);
    if (kind === 'write') this.written.mark(((addressLow & -pageBytes) + addend) >>> pageShift);
    return addend;
  }

  /** The physical page that is known for fetches from an address, and its leaf; undefined if none. */
  parkedFetch(addressLow: number, addressHigh: number) {
    const word = this.parkedAt('fetch', addressLow, addressHigh);
    if (word === undefined) return undefined;
    const leaf = this.u32[word + 3]!;
    const [bits, global] = [leaf & (globalFlag - 1), (leaf & globalFlag) !== 0];
    return { page: this.u32[word + 2]!, leaf: { bits, global } };
  }

  /** All entries, three words each: see `savedWords`. */
  save(places: TlbPlaces): Uint32Array {
    const most = kinds.reduce((sum, kind) => sum + this.filled[kind].list.length, 0);
    const words = new Uint32Array(most * savedWords);
    let at = 0;
    kinds.forEach((kind, number) => {
      for (const index of this.filled[kind].list) {
        if (!this.isValid(kind, index)) continue;
        const word = this.entry(kind, index);
        const low = this.pageLow(kind, word);
        const page = this.pageBehind(kind, word, low, places);
        if (page < 0) continue;
        const leaf = this.u32[word + 3]! & leafMask;
        words[at] = low | leaf | (number << savedKindShift);
        words[at + 1] = this.pageHigh(kind, word);
        words[at + 2] = page;
        at += savedWords;
      }
    });
    return words.slice(0, at);
  }

  /** Entries of a state instead of those there are, all parked. */
  restore(entries: Uint32Array, places: TlbPlaces): void {
    this.flush();
    for (let at = 0; at < entries.length; at += savedWords) {
      const first = entries[at]!;
      const page = entries[at + 2]!;
      const kind = savedKind(first)!;
      const offset = places.offsetOf(page, kind);
      if (offset < 0) continue;
      const low = (first & -pageBytes) >>> 0;
      const index = (low >>> pageShift) & (entryCount[kind] - 1);
      const word = this.entry(kind, index);
      this.filled[kind].add(index);
      this.noteLeaf({ bits: first & (globalFlag - 1), global: (first & globalFlag) !== 0 });
      this.u32[word + 2] = kind === 'fetch' ? page : offset - low;
      this.u32[word + 3] = first & leafMask;
      this.park(kind, word, low, entries[at + 1]!);
    }
  }

  /** Whether words could be some set's entries. */
  static fits(entries: Uint32Array): boolean {
    if (entries.length % savedWords !== 0) return false;
    for (let at = 0; at < entries.length; at += savedWords)
      if (!savedKind(entries[at]!)) return false;
    return true;
  }

  /** Like an entry it stays until a fence or a flush is about it. */
  get direct(): DirectRange | undefined {
    return this.range;
  }

  set direct(range: DirectRange | undefined) {
    const word = (this.base + tlb.direct) >>> 2;
    const { base = 0, bytes = 0, offset = 0, hole } = range ?? {};
    this.range = range;
    this.u32[word + direct.base / 4] = base >>> 0;
    this.u32[word + direct.base / 4 + 1] = Math.floor(base / 2 ** 32) >>> 0;
    this.u32[word + direct.bytes / 4] = bytes;
    this.u32[word + direct.offset / 4] = offset;
    this.u32[word + direct.hole / 4] = hole?.at ?? 0;
    this.u32[word + direct.holeBytes / 4] = hole?.bytes ?? 0;
    this.u32[word + direct.number / 4] = range ? this.ranges.of(range) : 0;
  }

  /** Records of the page at an address, 0 where the page is not entered for fetches. */
  recordsAt(addressLow: number, addressHigh: number): number {
    const word = this.entry('fetch', (addressLow >>> 12) & (entryCount.fetch - 1));
    const tag = (addressLow & -pageBytes) >>> 0;
    const hit = this.u32[word] === tag && this.u32[word + 1] === addressHigh;
    return hit ? this.u32[word + 2]! : 0;
  }

  flush(): void {
    for (const kind of kinds) this.flushKind(kind);
    this.hasLargeGlobal = this.hasLargeOwn = false;
    if (this.range) this.direct = undefined;
  }

  flushKind(kind: TlbKind): void {
    const filled = this.filled[kind];
    for (const index of filled.list) this.invalidate(kind, index);
    filled.clear();
  }

  /** All entries but, if so asked, those of leaves that belong to every address space. */
  flushLeaves(keepGlobal: boolean): void {
    if (!keepGlobal) return this.flush();
    if (this.range && !this.range.global) this.direct = undefined;
    for (const kind of kinds) {
      for (const index of this.filled[kind].list) this.drop(kind, index, keepGlobal);
    }
  }

  /** Entries that come from the leaf of this address, which may map more than its page. */
  flushAddress(addressLow: number, addressHigh: number, keepGlobal: boolean): void {
    const page = pageOf(addressLow, addressHigh);
    if (this.range && !(keepGlobal && this.range.global) && isWithin(this.range.leaves, page)) {
      this.direct = undefined;
    }
    const anyEntry = this.hasLargeOwn || (this.hasLargeGlobal && !keepGlobal);
    for (const kind of kinds) {
      if (anyEntry) {
        for (const index of this.filled[kind].list) {
          if (this.comesFromLeafOf(kind, index, page)) this.drop(kind, index, keepGlobal);
        }
      } else {
        const index = (addressLow >>> 12) & (entryCount[kind] - 1);
        if (this.comesFromLeafOf(kind, index, page)) this.drop(kind, index, keepGlobal);
      }
    }
  }

  /** Takes out write entries that lead to a page of memory at `offset`. */
  dropWritesTo(offset: number): void {
    for (const index of this.filled.write.list) {
      const word = this.entry('write', index);
      const target = (this.pageLow('write', word) + this.u32[word + 2]!) >>> 0;
      if (target === offset) this.invalidate('write', index);
    }
  }

  private comesFromLeafOf(kind: TlbKind, index: number, page: number): boolean {
    const word = this.entry(kind, index);
    const pages = 2 ** (this.u32[word + 3]! & (globalFlag - 1));
    const own = pageOf(this.pageLow(kind, word), this.pageHigh(kind, word));
    return Math.floor(own / pages) === Math.floor(page / pages);
  }

  private noteLeaf({ bits, global }: TlbLeaf): void {
    if (bits > 0 && global) this.hasLargeGlobal = true;
    if (bits > 0 && !global) this.hasLargeOwn = true;
  }

  private parkedAt(kind: TlbKind, addressLow: number, addressHigh: number): number | undefined {
    const word = this.entry(kind, (addressLow >>> 12) & (entryCount[kind] - 1));
    if (!this.isParked(word)) return undefined;
    const isSame =
      this.pageLow(kind, word) === (addressLow & -pageBytes) >>> 0 &&
      this.pageHigh(kind, word) === addressHigh;
    return isSame ? word : undefined;
  }

  private pageBehind(kind: TlbKind, word: number, low: number, places: TlbPlaces): number {
    const addend = this.u32[word + 2]!;
    if (kind !== 'fetch') return places.pageAt((low + addend) >>> 0);
    return this.isParked(word) ? addend : places.pageOfRecords(addend);
  }

  private park(kind: TlbKind, word: number, low: number, high: number): void {
    this.u32[word + 3]! |= parkedFlag;
    this.setTag(kind, word, (low ^ pageBytes) >>> 0, high);
  }

  private isParked(word: number): boolean {
    return (this.u32[word + 3]! & parkedFlag) !== 0;
  }

  /** An entry that was taken out has the tag of another one's page. */
  private isValid(kind: TlbKind, index: number): boolean {
    const low = this.pageLow(kind, this.entry(kind, index));
    return ((low >>> 12) & (entryCount[kind] - 1)) === index;
  }

  /** The address of an entry's page, in two words. */
  private pageLow(kind: TlbKind, word: number): number {
    const low = (this.u32[word]! + tagBias[kind]) >>> 0;
    return this.isParked(word) ? (low ^ pageBytes) >>> 0 : low;
  }

  private pageHigh(kind: TlbKind, word: number): number {
    const wraps = (this.u32[word]! + tagBias[kind]) >>> 0 === 0;
    return (this.u32[word + 1]! + (wraps ? tagBias[kind] : 0)) >>> 0;
  }

  private drop(kind: TlbKind, index: number, keepGlobal: boolean): void {
    const word = this.entry(kind, index);
    if (keepGlobal && this.u32[word + 3]! & globalFlag) return;
    this.invalidate(kind, index);
  }

  private entry(kind: TlbKind, index: number): number {
    return (this.base + kindBase[kind] + index * tlb.entryBytes) >>> 2;
  }

  private setTag(kind: TlbKind, word: number, low: number, high: number): void {
    const bias = tagBias[kind];
    this.u32[word] = low - bias;
    this.u32[word + 1] = low === 0 ? high - bias : high;
  }

  /** A tag that belongs to another entry can never be hit here. */
  private invalidate(kind: TlbKind, index: number): void {
    const word = this.entry(kind, index);
    this.setTag(kind, word, (index ^ 1) << 12, 0);
    this.u32[word + 2] = 0;
    this.u32[word + 3] = 0;
  }
}

/** As far as the bits go that tell pages apart. */
function isWithin([first, behind]: readonly [number, number], page: number): boolean {
  const pages = (significant + 1) * 2 ** 20;
  return (((page - first) % pages) + pages) % pages < behind - first;
}

function pageOf(low: number, high: number): number {
  return (high & significant) * 2 ** 20 + (low >>> 12);
}
