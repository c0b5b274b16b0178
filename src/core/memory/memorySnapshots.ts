/**
 * Contents of a machine's RAM and ROM at several moments. Snapshots share the pages that did not
 * change between them, with memory itself too: a page is copied when it is about to be written for
 * the first time since a snapshot was taken or restored. Restoring one writes what is another now.
 * Pages that nobody ever wrote are zeros and not kept.
 */
import { defined } from '../base/assert.ts';
import { UserError } from '../base/userError.ts';
import type { PhysicalMemory, RamRegion } from './physicalMemory.ts';

export const snapshotPage = 4096;
const pageWords = snapshotPage / 4;
const chunkPages = 256;

/** Without content while memory itself still has it. */
interface Page {
  content: Uint32Array | undefined;
}
/** Of pages side by side; undefined where all are zeros. */
type Chunk = readonly (Page | undefined)[];

export interface RegionImage {
  readonly name: string;
  readonly base: number;
  readonly size: number;
  readonly chunks: readonly (Chunk | undefined)[];
}

export interface MemoryImage {
  readonly regions: readonly RegionImage[];
  /** Bytes of pages that it holds, and of those that no older snapshot had. */
  readonly bytes: number;
  readonly newBytes: number;
}

/** Bytes that snapshots have of their own beside memory: each page once, whoever shares it. */
export function copiedBytes(images: readonly MemoryImage[]): number {
  const chunks = new Set(
    images.flatMap(({ regions }) => regions.flatMap(({ chunks }) => chunks ?? [])),
  );
  const pages = new Set<Page>();
  for (const chunk of chunks) for (const page of chunk ?? []) if (page?.content) pages.add(page);
  return pages.size * snapshotPage;
}

export class MemorySnapshots {
  private readonly memory: PhysicalMemory;
  private readonly words: Uint32Array;
  /** What memory holds wherever nothing is marked as written since. */
  private current: readonly RegionImage[];
  private currentBytes = 0;
  /** By page of the WebAssembly memory: those whose content is there alone. Empty before the first. */
  private onlyInMemory: (Page | undefined)[] = [];

  /** Of a machine that is complete: regions come no more. */
  constructor(memory: PhysicalMemory) {
    this.memory = memory;
    this.words = new Uint32Array(memory.bytes.buffer);
    this.current = memory.regions.map(emptyRegion);
    memory.written.onFirst = (page) => this.keep(page);
  }

  /**
   * From now on every page must be marked again before it is written: whoever lets stores pass
   * unseen has forgotten all pages by the next one.
   */
  take(): MemoryImage {
    let pages = 0;
    if (this.onlyInMemory.length === 0) {
      this.onlyInMemory = Array<undefined>(this.memory.written.marks.length).fill(undefined);
    }
    this.current = this.current.map((image, i) => {
      const region = this.memory.regions[i]!;
      const chunks = image.chunks.slice();
      let copy: { readonly index: number; readonly pages: (Page | undefined)[] } | undefined;
      for (const page of this.writtenPages(region)) {
        const index = Math.floor(page / chunkPages);
        if (copy?.index !== index) {
          copy = { index, pages: chunks[index]?.slice() ?? emptyChunk() };
          chunks[index] = copy.pages;
        }
        if (!copy.pages[page % chunkPages]) this.currentBytes += snapshotPage;
        copy.pages[page % chunkPages] = this.shared(region, page);
        pages++;
      }
      return { ...image, chunks };
    });
    this.memory.written.forget();
    const { current: regions, currentBytes: bytes } = this;
    return { regions, bytes, newBytes: pages * snapshotPage };
  }

  /** Throws `UserError`, and changes nothing, when it is of another memory. */
  check({ regions }: MemoryImage): void {
    const shape = ({ name, base, size }: Omit<RegionImage, 'chunks'>) =>
      `${name} at 0x${base.toString(16)}, ${size / 1024} KiB`;
    const own = this.current.map(shape).join('; ');
    const theirs = regions.map(shape).join('; ');
    if (own === theirs) return;
    throw new UserError(`the snapshot has other memory (${theirs}) than this machine (${own})`);
  }

  /** From now on it needs nothing of this machine any more. */
  complete({ regions }: MemoryImage): void {
    regions.forEach((image, i) => {
      const first = this.memory.regions[i]!.offset / snapshotPage;
      for (const [number, page] of pagesOf(image)) if (!page.content) this.keep(first + number);
    });
  }

  restore(image: MemoryImage): void {
    this.check(image);
    image.regions.forEach((region, i) => this.restoreRegion(region, i));
    this.memory.written.forget();
    this.current = image.regions;
    this.currentBytes = image.bytes;
  }

  private restoreRegion(image: RegionImage, i: number): void {
    const region = this.memory.regions[i]!;
    const current = this.current[i]!;
    for (const page of this.writtenPages(region)) this.put(region, page, pageOf(image, page));
    image.chunks.forEach((chunk, index) => {
      if (chunk === current.chunks[index]) return;
      for (let at = 0; at < chunkPages; at++) {
        const page = index * chunkPages + at;
        if (chunk?.[at] !== current.chunks[index]?.[at]) this.put(region, page, chunk?.[at]);
      }
    });
  }

  /** What was decoded from a page that holds the same stays. */
  private put(region: RamRegion, page: number, saved: Page | undefined): void {
    const { words, memory } = this;
    const first = region.offset / 4 + page * pageWords;
    // Memory may hold it still: an older snapshot had the same, and nothing was written for that.
    if (saved && this.onlyInMemory[first / pageWords] === saved) return;
    const content = saved && defined(saved.content, 'what a page held that was written since');
    if (content && isSame(words, first, content)) return;
    memory.onWrite(region.base + page * snapshotPage, snapshotPage);
    memory.written.mark(first / pageWords);
    if (content) words.set(content, first);
    else words.fill(0, first, first + pageWords);
  }

  private shared(region: RamRegion, page: number): Page {
    const shared: Page = { content: undefined };
    this.onlyInMemory[region.offset / snapshotPage + page] = shared;
    return shared;
  }

  /** Before a page is written for the first time since. */
  private keep(page: number): void {
    const shared = this.onlyInMemory[page];
    if (!shared) return;
    shared.content = this.words.slice(page * pageWords, (page + 1) * pageWords);
    this.onlyInMemory[page] = undefined;
  }

  private *writtenPages({ offset, size }: RamRegion): Iterable<number> {
    const { marks } = this.memory.written;
    const first = offset / snapshotPage;
    const end = first + Math.ceil(size / snapshotPage);
    for (let at = marks.indexOf(1, first); at >= 0 && at < end; at = marks.indexOf(1, at + 1)) {
      yield at - first;
    }
  }
}

/** All zeros. */
export function emptyRegion({ name, base, size }: Omit<RegionImage, 'chunks'>): RegionImage {
  const chunks = Math.ceil(size / snapshotPage / chunkPages);
  return { name, base, size, chunks: Array<undefined>(chunks).fill(undefined) };
}

/** With these pages, by number. */
export function filledRegion(
  region: Omit<RegionImage, 'chunks'>,
  pages: Iterable<readonly [number: number, content: Uint32Array]>,
): RegionImage {
  const empty = emptyRegion(region);
  const chunks = empty.chunks.map(() => emptyChunk());
  for (const [number, content] of pages) {
    const chunk = chunks[Math.floor(number / chunkPages)];
    if (chunk) chunk[number % chunkPages] = { content };
  }
  return { ...empty, chunks };
}

export function* pagesOf({ chunks }: RegionImage): Iterable<[number: number, page: Page]> {
  for (const [index, chunk] of chunks.entries()) {
    for (const [at, page] of chunk?.entries() ?? []) {
      if (page) yield [index * chunkPages + at, page];
    }
  }
}

function pageOf({ chunks }: RegionImage, page: number): Page | undefined {
  return chunks[Math.floor(page / chunkPages)]?.[page % chunkPages];
}

const emptyChunk = (): (Page | undefined)[] => Array<undefined>(chunkPages).fill(undefined);

function isSame(words: Uint32Array, first: number, content: Uint32Array): boolean {
  for (let i = 0; i < pageWords; i++) if (words[first + i] !== content[i]) return false;
  return true;
}
