/**
 * Pages for translation tables, taken from a range of the host's physical memory. Blocks are
 * naturally aligned and zeroed; a freed block is used again for the same size.
 */
import { assert } from '../base/assert.ts';
import { fields, list, mustFit, whole, type Persist } from '../base/persist.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';

export interface HostRange {
  readonly base: number;
  readonly size: number;
}

export interface PageAllocatorState {
  /** The first byte that was never part of a block. */
  readonly next: number;
  readonly free: readonly { readonly size: number; readonly blocks: readonly number[] }[];
}

const shape = fields({
  next: whole,
  free: list(fields({ size: whole, blocks: list(whole) })),
});

export class PageAllocator implements Persist<PageAllocatorState> {
  private readonly memory: PhysicalMemory;
  private readonly range: HostRange;
  private next: number;
  private readonly free = new Map<number, number[]>();

  constructor(memory: PhysicalMemory, range: HostRange) {
    assert(memory.regionAt(range.base, range.size), 'the range for tables is not host memory');
    this.memory = memory;
    this.range = range;
    this.next = range.base;
  }

  save(): PageAllocatorState {
    const free = [...this.free].map(([size, blocks]) => ({ size, blocks: [...blocks] }));
    return { next: this.next, free };
  }

  /** What is in the blocks is memory's state. */
  restore(state: PageAllocatorState): void {
    mustFit('the pages for tables', state, shape);
    this.next = state.next;
    this.free.clear();
    for (const { size, blocks } of state.free) this.free.set(size, [...blocks]);
  }

  /** Address of a zeroed block of `size` bytes (a power of two), or undefined when all are used. */
  allocate(size: number): number | undefined {
    const address = this.free.get(size)?.pop() ?? this.carve(size);
    if (address === undefined) return undefined;
    this.memory.load(address, new Uint8Array(size));
    return address;
  }

  release(address: number, size: number): void {
    const list = this.free.get(size);
    if (list) list.push(address);
    else this.free.set(size, [address]);
  }

  private carve(size: number): number | undefined {
    const address = Math.ceil(this.next / size) * size;
    if (address + size > this.range.base + this.range.size) return undefined;
    // What alignment skips is made of whole pages and stays usable for single-page tables.
    for (let gap = this.next; gap < address; gap += 4096) this.release(gap, 4096);
    this.next = address + size;
    return address;
  }
}
