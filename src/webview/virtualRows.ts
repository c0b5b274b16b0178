/**
 * A list of any length of which only the rows in sight are elements. All rows are equally high;
 * each is put where it belongs, so that the page scrolls as if all were there. Rows that have not
 * arrived are drawn empty. One row can be reached with Tab; arrow keys move that, and it stays an
 * element when it is scrolled away.
 */
import { reconcile, setAttribute } from './dom.ts';
import { LongScroll } from './longScroll.ts';
import { rowAfter, rowsToDraw } from './rowWindow.ts';

/** Rows by number; undefined for those that are still to come. */
export interface RowSource<Item> {
  readonly length: number;
  at(index: number): Item | undefined;
}

export interface RowDrawing<Item> {
  create(): HTMLElement;
  update(target: HTMLElement, item: Item | undefined, index: number): void;
  /** Rows that are drawn now, or would be if they were there. */
  drawn(first: number, end: number): void;
}

export class VirtualRows<Item> {
  private readonly list: HTMLElement;
  private readonly drawing: RowDrawing<Item>;
  /** What stays in sight above the rows. */
  private readonly top: HTMLElement;
  private readonly scroll = new LongScroll();
  private source: RowSource<Item> = { length: 0, at: () => undefined };
  /** The row that Tab reaches. */
  private active = 0;
  private rowHeight = 22;

  constructor(list: HTMLElement, top: HTMLElement, drawing: RowDrawing<Item>) {
    this.list = list;
    this.top = top;
    this.drawing = drawing;
    list.classList.add('virtual');
    window.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(document.body);
    list.addEventListener('focusin', (event) => {
      const index = this.indexOf(event.target);
      if (index !== undefined) this.choose(index);
    });
  }

  get activeIndex(): number {
    return this.active;
  }

  /** Draws what there is now; `active` is where the row that Tab reaches has gone. */
  show(source: RowSource<Item>, active = this.active): void {
    this.source = source;
    this.active = Math.max(0, Math.min(active, source.length - 1));
    const hadFocus = this.list.contains(document.activeElement);
    this.draw();
    if (hadFocus && this.indexOf(document.activeElement) !== this.active) {
      this.element()?.focus({ preventScroll: true });
    }
  }

  /** Brings the first row to sight, when it is above. */
  toStart(): void {
    if (this.scroll.top > 0) this.scrollTo(0);
  }

  /** Brings the row that Tab reaches to sight. */
  toActive(): void {
    this.reveal(this.active);
  }

  /** The item whose row an event happened in. */
  at(target: EventTarget | null): Item | undefined {
    const index = this.indexOf(target);
    return index === undefined ? undefined : this.source.at(index);
  }

  /** Whether the key was one that moves among rows. */
  move(key: string): boolean {
    const above = this.top.getBoundingClientRect().height;
    const page = Math.max(1, Math.floor((window.innerHeight - above) / this.rowHeight) - 1);
    const next = rowAfter(key, this.active, this.source.length, page);
    if (next === undefined) return false;
    this.choose(next);
    this.reveal(next);
    this.draw();
    this.element()?.focus({ preventScroll: true });
    return true;
  }

  private draw(): void {
    const { list, source } = this;
    if (source.length > 0 && list.childElementCount === 0) this.drawRows();
    const height = (list.firstElementChild as HTMLElement | null)?.offsetHeight ?? 0;
    // Rows are three lines high in a narrow view; in a hidden one they have no height.
    const scale = height > 0 ? height / this.rowHeight : 1;
    if (height > 0) this.rowHeight = height;
    this.scroll.resize(source.length * this.rowHeight, window.innerHeight);
    list.style.height = `${this.scroll.height}px`;
    setAttribute(list.parentElement!, 'aria-rowcount', `${source.length + 1}`);
    const place = -list.getBoundingClientRect().top;
    if (scale !== 1 && place > 0) this.scrollTo(this.scroll.top * scale);
    else this.scroll.scrolled(place);
    this.drawRows();
    this.setTabStop();
  }

  private drawRows(): void {
    const { list, source, drawing, rowHeight, scroll, active } = this;
    const height = window.innerHeight;
    const sight = { rows: source.length, rowHeight, top: scroll.top, height };
    const indices = rowsToDraw({ ...sight, always: active });
    reconcile(
      list,
      indices,
      (index) => `${index}`,
      () => drawing.create(),
      (target, index) => {
        const at = index * rowHeight;
        const isFar = scroll.isScaled && Math.abs(at - scroll.top) > 3 * height;
        target.style.top = `${isFar ? 0 : scroll.inElement(at)}px`;
        // It only keeps the focus there.
        target.classList.toggle('far', isFar);
        // The header is the first row.
        setAttribute(target, 'aria-rowindex', `${index + 2}`);
        drawing.update(target, source.at(index), index);
      },
      'index',
    );
    const seen = indices.filter((index) => Math.abs(index * rowHeight - scroll.top) <= 3 * height);
    drawing.drawn(seen[0] ?? 0, (seen.at(-1) ?? -1) + 1);
  }

  private choose(index: number): void {
    this.active = index;
    this.setTabStop();
  }

  private setTabStop(): void {
    for (const row of this.list.children as Iterable<Element>) {
      (row as HTMLElement).tabIndex = this.indexOf(row) === this.active ? 0 : -1;
    }
  }

  private element(): HTMLElement | undefined {
    const rows = [...this.list.children] as HTMLElement[];
    return rows.find((row) => row.dataset['index'] === `${this.active}`);
  }

  private indexOf(target: EventTarget | null): number | undefined {
    const row = (target as HTMLElement | null)?.closest<HTMLElement>('#rows > [data-index]');
    const index = Number(row?.dataset['index'] ?? NaN);
    return index < this.source.length ? index : undefined;
  }

  private reveal(index: number): void {
    const above = this.top.getBoundingClientRect().height;
    const { top } = this.scroll;
    const over = index * this.rowHeight - above - top;
    const under = (index + 1) * this.rowHeight - window.innerHeight - top;
    if (over < 0) this.scrollTo(top + over);
    else if (under > 0) this.scrollTo(top + under);
  }

  private scrollTo(top: number): void {
    const place = -this.list.getBoundingClientRect().top;
    window.scrollBy({ top: this.scroll.go(top) - place, behavior: 'instant' });
  }
}
