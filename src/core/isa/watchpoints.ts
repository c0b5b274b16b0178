/**
 * A debugger's watchpoints on the data of one hart: which pages no fast path may access, and whether
 * an access is one to stop before. Addresses are virtual, in two words, as accesses have them.
 */

export type WatchedAccess = 'read' | 'write' | 'both';

export interface Watchpoint {
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  readonly access: WatchedAccess;
  /** The address is the machine's physical one. */
  readonly physical?: boolean;
}

/** What a stop was made for. */
export interface WatchHit {
  readonly watchpoint: Watchpoint;
  /** Of the access. */
  readonly address: bigint;
  readonly size: number;
  /** AMOs do both. */
  readonly read: boolean;
  readonly write: boolean;
  /** Of the access, when something is watched by its physical address. */
  readonly physical?: bigint | undefined;
}

/** AMOs read and write. */
type Access = 'load' | 'store' | 'atomic';

interface Range {
  readonly watchpoint: Watchpoint;
  readonly low: number;
  readonly high: number;
  readonly firstPage: number;
  readonly lastPage: number;
}

export class Watchpoints {
  watching = false;
  /** Some by physical address: then accesses are told theirs. */
  watchingPhysical = false;
  /** First and last of the pages in which reads are watched, by number. */
  readPages: { readonly first: number; readonly last: number } | undefined;
  /** Of the last stop. */
  hit: WatchHit | undefined;
  /** The count of instructions retired before the one whose accesses are not looked at. */
  private skipAt = -1;
  /** The same of an instruction whose physical address was not known when it was looked at. */
  private unknownAt = -1;
  private ranges: readonly Range[] = [];

  /** The most that changes: nothing, what is watched, or also the pages in which reads are watched. */
  set(watchpoints: readonly Watchpoint[]): 'nothing' | 'ranges' | 'readPages' {
    this.hit = undefined;
    const { ranges, readPages } = this;
    const same = ranges.length === watchpoints.length;
    if (same && watchpoints.every((w, i) => isSame(w, ranges[i]!.watchpoint))) return 'nothing';
    // Time may go back: the instruction after so many is then another one, or comes again.
    this.skipAt = this.unknownAt = -1;
    this.ranges = watchpoints.map((watchpoint) => ({
      watchpoint,
      low: Number(watchpoint.address & 0xffff_ffffn),
      high: Number(watchpoint.address >> 32n),
      firstPage: Number(watchpoint.address >> 12n),
      lastPage: Number((watchpoint.address + BigInt(watchpoint.size - 1)) >> 12n),
    }));
    this.watching = watchpoints.length > 0;
    this.watchingPhysical = watchpoints.some(({ physical }) => physical === true);
    const reads = this.ranges.filter((r) => r.watchpoint.access !== 'write');
    const first = Math.min(...reads.map((r) => r.firstPage));
    const last = Math.max(...reads.map((r) => r.lastPage));
    this.readPages = reads.length > 0 ? { first, last } : undefined;
    const samePages = readPages?.first === this.readPages?.first;
    return samePages && readPages?.last === this.readPages?.last ? 'ranges' : 'readPages';
  }

  /** The instruction after so many retired ones is not stopped. */
  skip(retired: number): void {
    this.skipAt = retired;
  }

  /** Whether some byte of the page of an address is watched. */
  watches(low: number, high: number): boolean {
    if (!this.watching) return false;
    const page = high * 2 ** 20 + (low >>> 12);
    return this.covers(page, false);
  }

  /** The same of a physical address. */
  watchesPhysical(address: number): boolean {
    return this.watchingPhysical && this.covers(Math.floor(address / 4096), true);
  }

  private covers(page: number, isPhysical: boolean): boolean {
    return this.ranges.some(
      ({ firstPage, lastPage, watchpoint: { physical = false } }) =>
        physical === isPhysical && page >= firstPage && page <= lastPage,
    );
  }

  /**
   * Whether to stop before an access of an instruction, `retired` having gone before it. `at`: its
   * physical address, -1 where that is not known or asked for.
   */
  stopsAt(
    access: Access,
    low: number,
    high: number,
    size: number,
    retired: number,
    at = -1,
  ): boolean {
    if (!this.watching) return false;
    // A page that is mapped at its first access is only then known to be watched.
    const onlyPhysical = retired === this.skipAt;
    if (onlyPhysical && this.unknownAt !== retired) return false;
    if (this.watchingPhysical && at < 0) this.unknownAt = retired;
    for (const range of this.ranges) {
      const { watchpoint } = range;
      if (onlyPhysical && !watchpoint.physical) continue;
      // Words apart the difference is rounded, and too large all the same.
      const distance = watchpoint.physical
        ? at < 0
          ? -size
          : at - (range.high * 2 ** 32 + range.low)
        : (high - range.high) * 2 ** 32 + (low - range.low);
      if (distance >= watchpoint.size || distance <= -size) continue;
      if (!concerns(watchpoint.access, access)) continue;
      const address = (BigInt(high) << 32n) | BigInt(low);
      const physical = at < 0 ? undefined : BigInt(at);
      this.unknownAt = -1;
      const [read, write] = [access !== 'store', access !== 'load'];
      this.hit = { watchpoint, address, size, read, write, physical };
      return true;
    }
    return false;
  }
}

function isSame(a: Watchpoint, b: Watchpoint): boolean {
  const sameBytes = a.address === b.address && a.size === b.size;
  return sameBytes && a.access === b.access && a.physical === b.physical;
}

function concerns(watched: WatchedAccess, access: Access): boolean {
  if (watched === 'both' || access === 'atomic') return true;
  return (watched === 'write') === (access === 'store');
}
