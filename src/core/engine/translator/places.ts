/**
 * The table that regions are called through, and which of its places are free. It grows as it must:
 * V8 before version 13 copies the whole table for each instance, 20 bytes a place.
 */
import { defined } from '../../base/assert.ts';

const placesAtFirst = 512;

export class Places {
  readonly table: WebAssembly.Table;
  /** Regions that there may be. */
  readonly capacity: number;
  private readonly freed: number[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
    const initial = Math.min(placesAtFirst, capacity + 1);
    this.table = new WebAssembly.Table({ element: 'anyfunc', initial });
    // Place 0 stays empty: no region has this number.
    this.add(1, initial);
  }

  /** Whether there is room for so many more. */
  has(regions: number): boolean {
    while (this.freed.length < regions) {
      const { length } = this.table;
      const more = Math.min(length, this.capacity + 1 - length);
      if (more <= 0) return false;
      this.table.grow(more);
      this.add(length, length + more);
    }
    return true;
  }

  take(): number {
    return defined(this.freed.pop(), 'a free place in the table');
  }

  free(place: number): void {
    this.table.set(place, null);
    this.freed.push(place);
  }

  /** Lower places are taken first. */
  private add(from: number, to: number): void {
    for (let place = to - 1; place >= from; place--) this.freed.push(place);
  }
}
