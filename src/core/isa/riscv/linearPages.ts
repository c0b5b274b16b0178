/**
 * Virtual pages around an address that all lead to RAM at the same distance from their own addresses
 * and may be read: what a kernel calls its linear map. They are looked up ahead of any access:
 * "Implementations may also execute the address-translation algorithm speculatively at any time, for
 * any virtual address, as long as satp is active" (privileged manual, virtual address translation
 * process). That changes nothing in memory, as pages whose A bit is not set do not count.
 */
import type { AccessMode } from './mmu.ts';
import type { QuickWalk } from './quickWalk.ts';

export interface LinearPages {
  /** Numbers of pages, signed as their addresses are. */
  readonly first: number;
  readonly behind: number;
  /** What is to be added to get the number of the physical page. */
  readonly distance: number;
  /** From the first page of the leaves that they come from to the one behind. */
  readonly leaves: readonly [first: number, behind: number];
  /** All of them belong to every address space. */
  readonly global: boolean;
}

export class LinearPageFinder {
  /** Leaves looked at by the last search. */
  looks = 0;
  private readonly walk: QuickWalk;

  constructor(walk: QuickWalk) {
    this.walk = walk;
  }

  /** The most pages around one of some. */
  most(near: readonly number[], mode: AccessMode): LinearPages | undefined {
    const found: LinearPages[] = [];
    this.looks = 0;
    for (const page of near) {
      if (found.some(({ first, behind }) => page >= first && page < behind)) continue;
      const pages = this.around(page, mode);
      if (pages) found.push(pages);
    }
    const size = ({ first, behind }: LinearPages): number => behind - first;
    return found.reduce<LinearPages | undefined>(
      (best, each) => (best && size(best) >= size(each) ? best : each),
      undefined,
    );
  }

  private around(page: number, mode: AccessMode): LinearPages | undefined {
    const middle = this.leafOf(page, mode);
    if (!middle) return undefined;
    let { first, behind, leaves, global } = middle;
    const { distance } = middle;
    const extend = (next: number): boolean => {
      const leaf = this.looks < mostLooks ? this.leafOf(next, mode) : undefined;
      if (leaf?.distance !== distance) return false;
      first = Math.min(first, leaf.first);
      behind = Math.max(behind, leaf.behind);
      leaves = [Math.min(leaves[0], leaf.leaves[0]), Math.max(leaves[1], leaf.leaves[1])];
      global &&= leaf.global;
      return true;
    };
    while (extend(behind));
    while (extend(first - 1));
    return { first, behind, distance, leaves, global };
  }

  /** The aligned pages around one for which one answer holds. */
  private leafOf(page: number, mode: AccessMode): LinearPages | undefined {
    const { walk } = this;
    this.looks++;
    const low = (page << 12) >>> 0;
    const high = Math.floor(page / 2 ** 20) >>> 0;
    const physical = walk.page(low, high, 'load', mode);
    if (physical < 0) return undefined;
    const [first, behind] = alignedAround(page, walk.reach);
    const leaves = alignedAround(page, walk.leaf.bits);
    return { first, behind, distance: physical - page, leaves, global: walk.leaf.global };
  }
}

/** A GiB in leaves of 4 KiB takes some ten milliseconds, which is the longest that it may. */
const mostLooks = 2 ** 18;

function alignedAround(page: number, bits: number): [first: number, behind: number] {
  const pages = 2 ** bits;
  const first = Math.floor(page / pages) * pages;
  return [first, first + pages];
}
