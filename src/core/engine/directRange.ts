/** Memory that loads reach without the TLB, and the numbers that it is told apart by. */

/** Pages that loads reach by adding a constant to their addresses, as `direct` of the layout says it. */
export interface DirectRange {
  /** Signed address of the first byte, which a number holds exactly. */
  readonly base: number;
  readonly bytes: number;
  /** Of the first byte in memory. */
  readonly offset: number;
  readonly hole: { readonly at: number; readonly bytes: number };
  /** Numbers of the first page of the leaves that it comes from, and of the page behind the last. */
  readonly leaves: readonly [first: number, behind: number];
  /** All of them belong to every address space. */
  readonly global: boolean;
}

/** So many are remembered; numbers go up, so that none ever means two ranges. */
const mostKnown = 4096;

/** Equal ranges of all sets have one number, so that a region asks for nothing else when it is entered. */
export class RangeNumbers {
  private readonly known = new Map<string, number>();
  private last = 0;

  of({ base, bytes, offset, hole }: DirectRange): number {
    const key = `${base} ${bytes} ${offset} ${hole.at} ${hole.bytes}`;
    let number = this.known.get(key);
    if (number === undefined) {
      if (this.known.size === mostKnown) this.known.clear();
      this.known.set(key, (number = ++this.last));
    }
    return number;
  }
}
