/** How many instructions a machine runs between two looks at the world outside. */

/**
 * Milliseconds that a slice should take. What the guest writes is seen, and what is typed is read,
 * between slices: in a conversation they are short. Else the loop's own work is to be nothing, and
 * not called so often that V8 spends more on optimizing it than it takes.
 */
export const sliceTime = {
  talking: { least: 1, most: 3 },
  silent: { least: 5, most: 15 },
} as const;
/** The first slices are short: first words come at once, and input waits for those (see Consoles). */
const first = 10_000;
/** A guest that begins to compute less in the same time is answered soon all the same. */
const longest = 64_000_000;
/** One slow slice says little of the next. */
const mostShorter = 8;

export class SliceLength {
  instructions: number;
  private readonly longest: number;

  /** `most` that a slice may ever be. */
  constructor(most = Infinity) {
    this.longest = Math.min(most, longest);
    this.instructions = Math.min(first, this.longest);
  }

  /** Grows whatever time slices take, so that they are the same in each run. */
  grow(): void {
    this.instructions = Math.min(this.instructions * 2, this.longest);
  }

  /** A slice that ran for so many milliseconds; `whole`: to its end. */
  adapt(took: number, whole: boolean, talks: boolean): void {
    const { least, most } = sliceTime[talks ? 'talking' : 'silent'];
    if (took < least && whole) return this.grow();
    if (took <= most) return;
    const shorter = Math.floor(this.instructions * Math.max(most / took, 1 / mostShorter));
    this.instructions = Math.min(Math.max(shorter, first), this.longest);
  }
}
