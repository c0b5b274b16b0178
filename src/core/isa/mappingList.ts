/**
 * The leaves of page tables in order of their addresses, those of equal kind that continue each
 * other joined into one row. A million rows are columns of numbers, 28 bytes for each; a row
 * becomes an object when it is looked at. Pages are numbers: none has more than 52 bits.
 */
import type { MappingRow } from '../debug/target.ts';

/** One leaf, or several that continue each other. */
export interface MappedPages {
  /** Number of the first page on the input side and on the output side, and how many there are. */
  readonly input: number;
  readonly output: number;
  readonly pages: number;
  /** What `mappingFlags` makes. */
  readonly flags: number;
}

export interface MappingKind {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly user: boolean;
  readonly accessed: boolean;
  readonly dirty: boolean;
  /** Index into the list's names of memory types. */
  readonly memoryType: number;
  /** log2 of the pages that a leaf maps as one. */
  readonly pageOrder: number;
}

const pageBytes = 4096n;

export function mappingFlags(kind: MappingKind): number {
  return (
    (kind.readable ? 1 : 0) |
    (kind.writable ? 2 : 0) |
    (kind.executable ? 4 : 0) |
    (kind.user ? 8 : 0) |
    (kind.accessed ? 16 : 0) |
    (kind.dirty ? 32 : 0) |
    (kind.memoryType << 6) |
    (kind.pageOrder << 8)
  );
}

export class MappingList {
  /** `Sv39x4, root 0x80004000, VMID 1`; `Bare` when the stage is off. */
  readonly title: string;
  /** Set when the tables hold more than was looked at. */
  truncated = false;
  private readonly memoryTypes: readonly string[];
  private readonly maxRows: number;
  private inputs = new Float64Array(64);
  private outputs = new Float64Array(64);
  private counts = new Float64Array(64);
  private kinds = new Uint16Array(64);
  private used = 0;

  constructor(title: string, maxRows: number, memoryTypes: readonly string[] = ['']) {
    this.title = title;
    this.maxRows = maxRows;
    this.memoryTypes = memoryTypes;
  }

  get length(): number {
    return this.used;
  }

  /** All rows as objects: for lists that are known to be short. */
  get rows(): MappingRow[] {
    return this.slice(0, this.used);
  }

  slice(from: number, count: number): MappingRow[] {
    const rows = Math.max(0, Math.min(count, this.used - from));
    return Array.from({ length: rows }, (_, i) => this.row(from + i));
  }

  /** Takes pages that come after all that were added before. */
  add({ input, output, pages, flags }: MappedPages): void {
    const last = this.used - 1;
    const continues =
      last >= 0 &&
      this.kinds[last] === flags &&
      this.inputs[last]! + this.counts[last]! === input &&
      this.outputs[last]! + this.counts[last]! === output;
    if (continues) {
      this.counts[last]! += pages;
      return;
    }
    if (this.used === this.maxRows) {
      this.truncated = true;
      return;
    }
    if (this.used === this.inputs.length) this.grow();
    this.inputs[this.used] = input;
    this.outputs[this.used] = output;
    this.counts[this.used] = pages;
    this.kinds[this.used++] = flags;
  }

  pagesAt(row: number): MappedPages {
    return {
      input: this.inputs[row]!,
      output: this.outputs[row]!,
      pages: this.counts[row]!,
      flags: this.kinds[row]!,
    };
  }

  row(at: number): MappingRow {
    const { input, output, pages, flags } = this.pagesAt(at);
    return {
      input: BigInt(input) * pageBytes,
      size: BigInt(pages) * pageBytes,
      output: BigInt(output) * pageBytes,
      pageSize: pageBytes << BigInt(flags >> 8),
      readable: (flags & 1) !== 0,
      writable: (flags & 2) !== 0,
      executable: (flags & 4) !== 0,
      user: (flags & 8) !== 0,
      accessed: (flags & 16) !== 0,
      dirty: (flags & 32) !== 0,
      memoryType: this.memoryTypes[(flags >> 6) & 3] ?? '',
      backing: '',
    };
  }

  /** The first row that ends behind an address: it covers the address, or is the next one. */
  rowAtOrAfter(address: bigint): number {
    const page = Number(address / pageBytes);
    let [low, high] = [0, this.used];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.inputs[middle]! + this.counts[middle]! > page) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  covers(row: number, address: bigint): boolean {
    const offset = Number(address / pageBytes) - this.inputs[row]!;
    return row < this.used && offset >= 0 && offset < this.counts[row]!;
  }

  private grow(): void {
    const larger = <Column extends Float64Array | Uint16Array>(column: Column): Column => {
      const Kind = column.constructor as new (length: number) => Column;
      const result = new Kind(column.length * 2);
      result.set(column);
      return result;
    };
    this.inputs = larger(this.inputs);
    this.outputs = larger(this.outputs);
    this.counts = larger(this.counts);
    this.kinds = larger(this.kinds);
  }
}
