/** The regions that exist, by all that they are looked for by. What becomes of them is not known here. */
import { covers, type Region } from './region.ts';

export class LiveRegions {
  /** Of their functions. */
  bytes = 0;
  private readonly byIndex = new Map<number, Region>();
  private readonly byRecord = new Map<number, Region>();
  private readonly byPage = new Map<number, Set<Region>>();
  /** By the record of an indirect jump, those that it is in. */
  private readonly byJump = new Map<number, Set<Region>>();
  /** Records that their blocks begin with, and in how many. */
  private readonly blocks = new Map<number, number>();

  get size(): number {
    return this.byIndex.size;
  }

  all(): Region[] {
    return [...this.byIndex.values()];
  }

  at(index: number): Region | undefined {
    return this.byIndex.get(index);
  }

  /** The one that begins with the instruction of a record. */
  beginningAt(record: number): Region | undefined {
    return this.byRecord.get(record);
  }

  /** One that has the indirect jump of a record in it. */
  withJump(record: number): Region | undefined {
    for (const region of this.byJump.get(record) ?? []) return region;
    return undefined;
  }

  /** Whether a block of some region begins with the instruction of a record. */
  hasBlock(record: number): boolean {
    return this.blocks.has(record);
  }

  /** Those with code at offsets of a physical page from the one up to the other. */
  covering(page: number, from: number, to: number): readonly Region[] {
    const regions = this.byPage.get(page);
    if (!regions) return none;
    const list: Region[] = [];
    for (const region of regions) {
      if (covers(region.parcels.get(page)!, from >> 1, (to - 1) >> 1)) list.push(region);
    }
    return list;
  }

  add(region: Region): void {
    this.byIndex.set(region.index, region);
    this.byRecord.set(region.record, region);
    this.bytes += region.bytes;
    for (const page of region.parcels.keys()) addTo(this.byPage, page, region);
    for (const jump of region.indirect.keys()) addTo(this.byJump, jump, region);
    for (const each of region.blocks) this.blocks.set(each, (this.blocks.get(each) ?? 0) + 1);
  }

  remove(region: Region): void {
    this.byIndex.delete(region.index);
    this.byRecord.delete(region.record);
    this.bytes -= region.bytes;
    for (const page of region.parcels.keys()) removeFrom(this.byPage, page, region);
    for (const jump of region.indirect.keys()) removeFrom(this.byJump, jump, region);
    for (const each of region.blocks) {
      const left = this.blocks.get(each)! - 1;
      if (left === 0) this.blocks.delete(each);
      else this.blocks.set(each, left);
    }
  }
}

const none: readonly Region[] = [];

function addTo(index: Map<number, Set<Region>>, key: number, region: Region): void {
  const regions = index.get(key);
  if (regions) regions.add(region);
  else index.set(key, new Set([region]));
}

function removeFrom(index: Map<number, Set<Region>>, key: number, region: Region): void {
  const regions = index.get(key);
  if (regions?.delete(region) && regions.size === 0) index.delete(key);
}
