/**
 * The table that regions are called through, which of its places are free, and the records that lead
 * to them. It grows as it must: V8 before version 13 copies the whole table for each instance, 20
 * bytes a place.
 */
import { defined } from '../../base/assert.ts';
import type { HandlerTable } from '../handlers.ts';
import { hotWord, record, special } from '../layout.ts';

const placesAtFirst = 512;

export class Places {
  readonly table: WebAssembly.Table;
  /** Regions that there may be. */
  readonly capacity: number;
  private readonly freed: number[] = [];
  private readonly view: DataView;
  private readonly handlers: HandlerTable;

  /** The view is of the engine's memory. */
  constructor(capacity: number, view: DataView, handlers: HandlerTable) {
    this.view = view;
    this.handlers = handlers;
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

  /**
   * What comes to a record enters the region at a place from now on. Its handler will be that of its
   * instruction alone: what is behind may change while the record does not say what it leads to.
   */
  lead(rec: number, place: number): void {
    const { view } = this;
    const handler = this.handlers.own(view, rec, view.getUint16(rec + record.handler, true));
    const word = (hotWord.translated | (place << hotWord.indexShift) | handler) >>> 0;
    view.setUint16(rec + record.handler, special.translated, true);
    view.setUint32(rec + record.hot, word, true);
  }

  /** A record that leads to a place is interpreted again, and the place is free. */
  free(place: number, rec: number): void {
    const { view } = this;
    const word = view.getUint32(rec + record.hot, true);
    view.setUint16(rec + record.handler, word & hotWord.handlerMask, true);
    view.setUint32(rec + record.hot, 0, true);
    this.table.set(place, null);
    this.freed.push(place);
  }

  /** Lower places are taken first. */
  private add(from: number, to: number): void {
    for (let place = to - 1; place >= from; place--) this.freed.push(place);
  }
}
