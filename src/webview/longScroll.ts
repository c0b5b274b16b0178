/**
 * Scrolling through a list that is higher than a browser lets an element be. The element has the
 * greatest height that all browsers show; what is near is scrolled to pixel by pixel, and what is
 * far in proportion, as with the scroll bar. Pure.
 */

/** Chromium ends at 2^25 device pixels, which are fewer of CSS when the page is zoomed. */
const tallest = 8_000_000;

export class LongScroll {
  private whole = 0;
  private sight = 0;
  private place = 0;
  private virtual = 0;

  /** Of all rows, and of what is in sight, in pixels. */
  resize(whole: number, sight: number): void {
    this.whole = whole;
    this.sight = sight;
  }

  /** Of the element that stands for the list. */
  get height(): number {
    return Math.min(this.whole, tallest);
  }

  get isScaled(): boolean {
    return this.whole > tallest;
  }

  /** What of the list is at the upper edge of what is in sight. */
  get top(): number {
    return this.virtual;
  }

  /** Where in the element something of the list is to be drawn now. */
  inElement(at: number): number {
    return at - this.virtual + this.place;
  }

  /** The element was scrolled to a place. */
  scrolled(place: number): void {
    const by = place - this.place;
    this.place = place;
    if (!this.isScaled) {
      this.virtual = place;
      return;
    }
    const inside = place > 0 && place < this.height - this.sight;
    const isNear = inside && Math.abs(by) <= 4 * this.sight;
    this.virtual = isNear ? this.clamped(this.virtual + by) : this.inProportion(place);
  }

  /** Where to scroll the element so that this is at the upper edge. */
  go(to: number): number {
    this.virtual = to;
    const [end, virtualEnd] = [this.height - this.sight, this.whole - this.sight];
    const far = this.isScaled && to > 0;
    this.place = !far ? to : to >= virtualEnd ? end + to - virtualEnd : (to / virtualEnd) * end;
    return this.place;
  }

  private inProportion(place: number): number {
    const [end, virtualEnd] = [this.height - this.sight, this.whole - this.sight];
    if (place <= 0) return place;
    return place >= end ? virtualEnd + place - end : (place / end) * virtualEnd;
  }

  private clamped(virtual: number): number {
    return Math.max(0, Math.min(virtual, this.whole - this.sight));
  }
}
