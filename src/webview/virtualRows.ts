/**
 * A list of any length of which only the rows in sight are elements. All rows are equally high;
 * each is put where it belongs, so that the page scrolls as if all were there. One row can be
 * reached with Tab; arrow keys move that, and it stays an element when it is scrolled away.
 */
import { reconcile, setAttribute } from './dom.ts';
import { rowAfter, rowsToDraw } from './rowWindow.ts';

export interface RowDrawing<Item> {
  keyOf(item: Item): string;
  create(): HTMLElement;
  update(target: HTMLElement, item: Item): void;
}

export class VirtualRows<Item> {
  private readonly list: HTMLElement;
  private readonly drawing: RowDrawing<Item>;
  /** What stays in sight above the rows. */
  private readonly top: HTMLElement;
  private items: readonly Item[] = [];
  /** The row that Tab reaches, and where it was last. */
  private active: string | undefined;
  private activeIndex = 0;
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

  show(items: readonly Item[]): void {
    this.items = items;
    const hadFocus = this.list.contains(document.activeElement);
    const known = items.findIndex((item) => this.drawing.keyOf(item) === this.active);
    if (items.length > 0) this.choose(Math.max(known, 0));
    this.draw();
    if (hadFocus && document.activeElement === document.body) this.element()?.focus();
  }

  /** The item whose row an event happened in. */
  at(target: EventTarget | null): Item | undefined {
    const index = this.indexOf(target);
    return index === undefined ? undefined : this.items[index];
  }

  /** Whether the key was one that moves among rows. */
  move(key: string): boolean {
    const page = Math.max(1, Math.floor(window.innerHeight / this.rowHeight) - 2);
    const next = rowAfter(key, this.activeIndex, this.items.length, page);
    if (next === undefined) return false;
    this.choose(next);
    this.draw();
    this.element()?.focus({ preventScroll: true });
    this.reveal(next);
    return true;
  }

  private draw(): void {
    const { list, items, drawing } = this;
    if (items.length > 0 && list.childElementCount === 0) this.drawRows();
    const height = (list.firstElementChild as HTMLElement | null)?.offsetHeight ?? 0;
    // Rows are three lines high in a narrow view; in a hidden one they have no height.
    if (height > 0) this.rowHeight = height;
    list.style.height = `${items.length * this.rowHeight}px`;
    setAttribute(list.parentElement!, 'aria-rowcount', `${items.length + 1}`);
    this.drawRows();
    for (const row of list.children as Iterable<Element>) {
      const index = Number((row as HTMLElement).dataset['index']);
      (row as HTMLElement).tabIndex = drawing.keyOf(items[index]!) === this.active ? 0 : -1;
    }
  }

  private drawRows(): void {
    const { list, items, drawing, rowHeight } = this;
    const sight = { rows: items.length, rowHeight, top: -list.getBoundingClientRect().top };
    const always = this.active === undefined ? undefined : this.activeIndex;
    const indices = rowsToDraw({ ...sight, height: window.innerHeight, always });
    reconcile(
      list,
      indices,
      (index) => drawing.keyOf(items[index]!),
      () => drawing.create(),
      (target, index) => {
        target.style.top = `${index * rowHeight}px`;
        target.dataset['index'] = `${index}`;
        // The header is the first row.
        setAttribute(target, 'aria-rowindex', `${index + 2}`);
        drawing.update(target, items[index]!);
      },
    );
  }

  private choose(index: number): void {
    this.activeIndex = index;
    this.active = this.drawing.keyOf(this.items[index]!);
    for (const row of this.list.children as Iterable<Element>) {
      (row as HTMLElement).tabIndex = row === this.element() ? 0 : -1;
    }
  }

  private element(): HTMLElement | undefined {
    const rows = [...this.list.children] as HTMLElement[];
    return rows.find((row) => row.dataset['key'] === this.active);
  }

  private indexOf(target: EventTarget | null): number | undefined {
    const row = (target as HTMLElement | null)?.closest<HTMLElement>('#rows > [data-key]');
    const index = Number(row?.dataset['index'] ?? NaN);
    return index < this.items.length ? index : undefined;
  }

  private reveal(index: number): void {
    const above = this.top.getBoundingClientRect().height;
    const start = this.list.getBoundingClientRect().top + index * this.rowHeight;
    const over = start - above;
    const under = start + this.rowHeight - window.innerHeight;
    if (over < 0) window.scrollBy(0, over);
    else if (under > 0) window.scrollBy(0, under);
  }
}
