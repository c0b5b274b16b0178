/** How regions grow: by ways out that turned out to be hot, and places that indirect jumps lead to. */
import { defined } from '../../base/assert.ts';
import type { CodePages } from '../codePages.ts';
import type { LiveRegions } from './liveRegions.ts';
import type { Region, Wanted } from './region.ts';

/**
 * A region is made anew for a way out that turned out to be hot, but not for ever, and each time
 * the way must be taken so many times as often: the host's compiler works long on a region.
 */
const mostGenerations = 8;
const growthFactor = 4;
const targetFactor = 2;
/** Places that an indirect jump may go to without leaving its region. */
const mostTargets = 128;

export class Growth {
  private readonly regions: LiveRegions;
  private readonly code: CodePages;
  private readonly transfers = new Map<number, number>();
  /** Where indirect jumps went when they left their region, as distances from the jump. */
  private readonly targets = new Map<number, Set<number>>();

  constructor(regions: LiveRegions, code: CodePages) {
    this.regions = regions;
    this.code = code;
  }

  /** Where the indirect jump of a record was seen to go to, as distances from it. */
  targetsOf(jump: number): ReadonlySet<number> {
    return this.targets.get(jump) ?? none;
  }

  clear(): void {
    this.targets.clear();
    this.transfers.clear();
  }

  /** How many samples so far showed a way from one region to another's beginning, with this one. */
  transfersTo(rec: number): number {
    const samples = (this.transfers.get(rec) ?? 0) + 1;
    this.transfers.set(rec, samples);
    return samples;
  }

  /** The region that was left for a place that belongs into it, as it should be made again. */
  grownBy(site: number, rec: number, page: bigint): Wanted | undefined {
    if (site < firstRecord) {
      const region = this.regions.at(site);
      if (!region || region.generation >= mostGenerations) return undefined;
      const generation = region.generation + 1;
      if (region.outside.has(rec)) return this.around(region, generation);
      return region.cold.has(rec) ? { ...region, generation } : undefined;
    }
    const region = this.regions.withJump(site);
    if (!region) return undefined;
    const jump = defined(region.indirect.get(site), 'the jump');
    const { offset } = this.code.locate(rec);
    const distance = Number(BigInt.asIntN(64, page + BigInt(offset) - region.page)) - jump.at;
    // A target that it goes out for all the same cannot be had inside.
    const refused = jump.targets.includes(jump.at + distance);
    if (refused || Math.abs(distance) > 0x10000) return undefined;
    let known = this.targets.get(site);
    if (!known) this.targets.set(site, (known = new Set()));
    if (!known.has(distance) && known.size === mostTargets) return undefined;
    known.add(distance);
    if (region.generation >= mostGenerations) return undefined;
    return { ...region, generation: region.generation + 1 };
  }

  /** The loop around a region, if it has none of its own yet; else the region with what is behind. */
  private around(region: Region, generation: number): Wanted | undefined {
    const { area, around } = region;
    if (!around) return { ...region, generation, whole: true };
    if (this.regions.beginningAt(around.record)) return undefined;
    return { ...around, area, generation, whole: false, words: 0 };
  }

  /** How much more often a way out must be taken; targets of indirect jumps are many, and kept. */
  factor(site: number, { generation }: Wanted): number {
    return (site < firstRecord ? growthFactor : targetFactor) ** (generation - 1);
  }
}

const none: ReadonlySet<number> = new Set();
/** Offsets of records are greater than indices of regions. */
const firstRecord = 0x10000;
