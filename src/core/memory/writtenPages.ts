/**
 * Which pages of a machine's WebAssembly memory may have been written since somebody last asked.
 * Engine, devices and debugger mark a page before they change it.
 */
export class WrittenPages {
  /** By number of the page; 0 where nothing was written. */
  readonly marks: Uint8Array;
  /** Called before a page changes for the first time since its mark was taken away. */
  onFirst: (page: number) => void = () => {};

  constructor(pages: number) {
    this.marks = new Uint8Array(pages);
  }

  mark(page: number): void {
    if (this.marks[page] !== 0) return;
    this.marks[page] = 1;
    this.onFirst(page);
  }

  /** Whoever writes without marking must have been told, see `MemorySnapshots.take`. */
  forget(): void {
    this.marks.fill(0);
  }
}
