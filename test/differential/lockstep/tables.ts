/**
 * Page tables of a program: the program's own pages at their physical addresses and once more with U
 * set (layout.alias), code mostly as it should be, data with random bits; superpages besides.
 */
import type { Random } from '../random.ts';
import { layout, part } from './layout.ts';
import type { Xlen } from './processors.ts';

const pte = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 } as const;
const [A, D, N] = [64n, 128n, 1n << 63n];
const all = pte.V | pte.R | pte.W | pte.X | pte.A | pte.D;

/** A way to translate: what belongs into satp, vsatp or hgatp but for ASID and VMID. */
export interface Root {
  readonly mode: number;
  readonly address: number;
}

export interface Tables {
  readonly satp: readonly Root[];
  readonly vsatp: readonly Root[];
  readonly hgatp: readonly Root[];
}

export class TableWriter {
  private readonly view: DataView;
  private readonly base: number;
  private readonly random: Random;
  private readonly xlen: Xlen;
  private readonly extensions: ReadonlySet<string>;
  private next: number;

  constructor(
    random: Random,
    { xlen, extensions }: { xlen: Xlen; extensions: ReadonlySet<string> },
    base: number,
    bytes: Uint8Array,
  ) {
    this.random = random;
    this.xlen = xlen;
    this.extensions = extensions;
    this.base = base;
    this.view = new DataView(bytes.buffer);
    this.next = base + part.tables;
  }

  write(guests: boolean): Tables {
    const first = (): readonly Root[] => this.roots('first');
    return {
      satp: first(),
      vsatp: guests ? first() : [],
      hgatp: guests ? this.roots('guest') : [],
    };
  }

  private roots(stage: 'first' | 'guest'): readonly Root[] {
    const { random } = this;
    if (this.xlen === 32) return [{ mode: 1, address: this.root32(stage) }];
    const widened = stage === 'guest' ? 4 : 1;
    let address = this.page(widened);
    const roots: Root[] = [{ mode: 8, address }];
    this.fill39(address, stage);
    // A page above leads on to the root below, which for a G-stage is a quarter of it.
    for (const mode of [9, 10]) {
      const above = this.page(widened);
      this.set(above, 0, address, random.chance(0.03) ? pte.V | pte.A : pte.V);
      roots.push({ mode, address: above });
      address = above;
    }
    return roots;
  }

  private fill39(root: number, stage: 'first' | 'guest'): void {
    const { random, base } = this;
    for (const alias of stage === 'first' ? [0, layout.alias] : [0]) {
      const address = base + alias;
      const middle = this.page();
      const bottom = this.page();
      const pointer = random.chance(0.02) ? pte.V | pte.U : pte.V;
      this.set(root, Math.floor(address / 2 ** 30), middle, pointer | this.global());
      this.set(middle, Math.floor(address / 2 ** 21) & 511, bottom, pte.V);
      this.leaves(bottom, Math.floor(address / 4096) & 511, stage, alias !== 0);
      if (random.chance(0.3)) {
        const span = 2 ** 21;
        const target = Math.floor(base / span) * span + (random.chance(0.2) ? 4096 : 0);
        this.set(middle, 300, target, this.someBits(stage));
      }
    }
    const target = random.chance(0.2) ? layout.base + 2 ** 21 : layout.base;
    this.set(root, 5, target, this.someBits(stage));
  }

  private root32(stage: 'first' | 'guest'): number {
    const { random, base } = this;
    const root = this.page(stage === 'guest' ? 4 : 1);
    for (const alias of stage === 'first' ? [0, layout.alias] : [0]) {
      const address = base + alias;
      const bottom = this.page();
      this.set(root, Math.floor(address / 2 ** 22), bottom, random.chance(0.02) ? 17 : pte.V);
      this.leaves(bottom, Math.floor(address / 4096) & 1023, stage, alias !== 0);
    }
    const target = Math.floor(base / 2 ** 22) * 2 ** 22 + (random.chance(0.2) ? 4096 : 0);
    this.set(root, 900, target, this.someBits(stage));
    return root;
  }

  /** Entries for the program's pages from an index on. */
  private leaves(table: number, index: number, stage: 'first' | 'guest', user: boolean): void {
    const { random, base } = this;
    const pages = part.end / 4096;
    for (let page = 0; page < pages; page++) {
      const offset = page * 4096;
      const u = stage === 'guest' || user ? pte.U : 0;
      const isData = offset >= part.data && offset < part.dataEnd;
      const isCode = offset >= part.lowerCode && offset < part.lowerCodeEnd;
      const good = all | u | this.global();
      const damaged = random.chance(isData ? 0.6 : isCode ? 0.03 : 0.05);
      this.set(table, index + page, base + offset, damaged ? this.damage(good, stage) : good);
      if (isData && random.chance(0.05)) this.setHigh(table, index + page);
      this.spread(table, index + page);
    }
  }

  /** Memory types, and pages that are sixteen at once, mostly as they should be. */
  private spread(table: number, index: number): void {
    const { random, extensions } = this;
    if (extensions.has('svpbmt') && random.chance(0.2)) {
      this.change(table, index, (entry) => entry | (BigInt(random.between(1, 2)) << 61n));
    }
    if (!extensions.has('svnapot') || !random.chance(0.2)) return;
    // QEMU sets A and D before it sees that such a page is none.
    const final = (entry: bigint): boolean => (entry & (A | D)) === (A | D);
    const low = random.chance(0.9) ? 8n : BigInt(random.below(16));
    this.change(table, index, (entry) =>
      low === 8n || final(entry) ? (entry & ~(15n << 10n)) | (low << 10n) | N : entry,
    );
  }

  private damage(good: number, stage: 'first' | 'guest'): number {
    const { random } = this;
    if (random.chance(0.5)) return this.someBits(stage);
    return good ^ (1 << random.below(8)) ^ (random.chance(0.3) ? 1 << random.below(8) : 0);
  }

  private global(): number {
    return this.random.chance(0.1) ? pte.G : 0;
  }

  private someBits(stage: 'first' | 'guest'): number {
    const { random } = this;
    const bit = (mask: number, chance: number): number => (random.chance(chance) ? mask : 0);
    return (
      bit(pte.V, 0.95) |
      bit(pte.R, 0.8) |
      bit(pte.W, 0.6) |
      bit(pte.X, 0.5) |
      bit(pte.U, stage === 'guest' ? 0.9 : 0.5) |
      bit(pte.G, 0.2) |
      bit(pte.A, 0.7) |
      bit(pte.D, 0.6)
    );
  }

  private page(count = 1): number {
    const size = count * 4096;
    const at = Math.ceil(this.next / size) * size;
    this.next = at + size;
    if (this.next > this.base + part.end) throw new Error('no room for page tables');
    return at;
  }

  private set(table: number, index: number, address: number, bits: number): void {
    const ppn = Math.floor(address / 4096);
    const at = table - this.base;
    if (this.xlen === 32) this.view.setUint32(at + index * 4, ((ppn << 10) | bits) >>> 0, true);
    else this.view.setBigUint64(at + index * 8, (BigInt(ppn) << 10n) | BigInt(bits), true);
  }

  /** A reserved bit, or one of Svpbmt or Svnapot. */
  private setHigh(table: number, index: number): void {
    if (this.xlen === 32) return;
    const bits = [54, 58, 60, 61, 62];
    if (!this.extensions.has('svnapot')) bits.push(63);
    const bit = 1n << BigInt(this.random.pick(bits));
    this.change(table, index, (entry) => entry | bit);
  }

  private change(table: number, index: number, how: (entry: bigint) => bigint): void {
    const at = table - this.base + index * 8;
    this.view.setBigUint64(at, how(this.view.getBigUint64(at, true)), true);
  }
}
