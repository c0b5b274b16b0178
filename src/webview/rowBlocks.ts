/**
 * Rows of a long list as far as they have arrived, in blocks. Far from what is in sight they are
 * forgotten again, so that a page that went through a million rows holds a few thousand. Pure.
 */
export const rowsPerBlock = 128;
const blocksKept = 64;

export interface RowRange {
  readonly from: number;
  readonly count: number;
}

export class RowBlocks<Row> {
  private readonly blocks = new Map<number, readonly Row[]>();
  private all = 0;

  /** Rows of the whole list. */
  get length(): number {
    return this.all;
  }

  /** Another list begins; nothing of it is here. */
  reset(length: number): void {
    this.blocks.clear();
    this.all = length;
  }

  at(index: number): Row | undefined {
    return this.blocks.get(Math.floor(index / rowsPerBlock))?.[index % rowsPerBlock];
  }

  /** Takes what arrived; a block that is neither whole nor the list's last is left out. */
  take(from: number, rows: readonly Row[]): void {
    const end = from + rows.length;
    for (let block = Math.ceil(from / rowsPerBlock); block * rowsPerBlock < end; block++) {
      const start = block * rowsPerBlock;
      const whole = Math.min(start + rowsPerBlock, this.all);
      if (whole > end) break;
      this.blocks.delete(block);
      this.blocks.set(block, rows.slice(start - from, whole - from));
    }
    for (const oldest of this.blocks.keys()) {
      if (this.blocks.size <= blocksKept) break;
      this.blocks.delete(oldest);
    }
  }

  /** The blocks around a range of rows. */
  around(first: number, end: number): RowRange {
    const from = Math.floor(first / rowsPerBlock) * rowsPerBlock;
    const last = Math.ceil(Math.max(end, first + 1) / rowsPerBlock) * rowsPerBlock;
    return { from, count: last - from };
  }

  /** Whether rows are missing among these. */
  lacks(first: number, end: number): boolean {
    for (let index = Math.max(0, first); index < Math.min(end, this.all);) {
      const block = Math.floor(index / rowsPerBlock);
      if (!this.blocks.has(block)) return true;
      index = (block + 1) * rowsPerBlock;
    }
    return false;
  }
}
