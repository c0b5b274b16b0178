/**
 * Which general registers hold sign-extended words where a region begins. What the hart holds there
 * when the region is made is a guess for all the times to come; the region tests it on entry, and is
 * made anew with less where the guess turns out to be wrong.
 */
import { hart, registerBytes } from '../layout.ts';

/** So often a region may be left for a wrong guess until it is made anew. */
const mostWrong = 8;

export class EntryWords {
  private readonly view: DataView;
  /** By record: registers that were no words there, and how often a guess was wrong. */
  private readonly wide = new Map<number, number>();
  private readonly wrong = new Map<number, number>();

  constructor(view: DataView) {
    this.view = view;
  }

  /** A guess for a region that begins at a record, from what the hart holds. */
  guess(area: number, record: number): number {
    return this.heldBy(area) & ~(this.wide.get(record) ?? 0);
  }

  /** Takes note when a region was left for its guess. True when it should be made anew. */
  wasWrong(area: number, record: number, guess: number): boolean {
    const wide = guess & ~this.heldBy(area);
    if (wide === 0) return false;
    this.wide.set(record, (this.wide.get(record) ?? 0) | wide);
    const times = (this.wrong.get(record) ?? 0) + 1;
    this.wrong.set(record, times);
    return times % mostWrong === 0;
  }

  clear(): void {
    this.wide.clear();
    this.wrong.clear();
  }

  private heldBy(area: number): number {
    let words = 0;
    for (let index = 1; index < 32; index++) {
      const at = area + hart.registers + index * registerBytes;
      const low = this.view.getInt32(at, true);
      if (this.view.getInt32(at + 4, true) === low >> 31) words |= 1 << index;
    }
    return words;
  }
}
