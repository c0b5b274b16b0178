/**
 * Page tables of both stages in a little RAM, the entries that lead to one page, and what to put
 * into them. All tables are where they are in guest physical memory too; data are not.
 */
import type { PhysicalMemory } from '../../../../../src/core/memory/physicalMemory.ts';

export interface Shape {
  readonly name: string;
  readonly levels: number;
  readonly indexBits: number;
  readonly entryBytes: 4 | 8;
  /** MODE of satp, vsatp and hgatp. */
  readonly mode: number;
}

export const shapes = {
  Sv32: { name: 'Sv32', levels: 2, indexBits: 10, entryBytes: 4, mode: 1 },
  Sv39: { name: 'Sv39', levels: 3, indexBits: 9, entryBytes: 8, mode: 8 },
  Sv48: { name: 'Sv48', levels: 4, indexBits: 9, entryBytes: 8, mode: 9 },
  Sv57: { name: 'Sv57', levels: 5, indexBits: 9, entryBytes: 8, mode: 10 },
} as const satisfies Record<string, Shape>;

export const ram = 0x8000_0000;
export const ramBytes = 8 << 20;
const dataAt = ram;
const dataBytes = 0x20_0000;
const firstStageAt = ram + 0x20_0000;
/** What M-mode executes, and modes below without translation. */
export const plainCode = ram + 0x60_0000;
const translatedCode = ram + 0x40_0000;
const guestStageAt = ram + 0x61_0000;

/** An entry on the way: what it may hold to lead on. */
export interface Slot {
  readonly stage: 'first' | 'guest';
  readonly what: string;
  readonly level: number;
  readonly address: number;
  readonly bytes: 4 | 8;
  /** Page number of the next table, of a level above 0. */
  readonly pointer: number | undefined;
  /** Page number of a leaf. */
  readonly leaf: number;
  readonly value: bigint;
}

/** Pages of data: that of the identity, what the first stage makes of it, what the second makes of that. */
const pages = { identity: 0x45, first: 0x52, second: 0x5b } as const;

export class World {
  readonly first: Shape;
  readonly guest: Shape;
  readonly slots: Slot[] = [];
  readonly firstRoot: number;
  readonly guestRoot: number;
  /** Virtual pages that lead to the data, and to code for S- and U-mode. */
  readonly dataPages: readonly bigint[];
  readonly codePages: Readonly<Record<'S' | 'U', bigint>>;
  /** Guest physical addresses with this bit, the highest that the scheme has, lead to the same. */
  readonly alias: bigint;
  private readonly memory: PhysicalMemory;
  private readonly tables: readonly { readonly now: Uint8Array; readonly built: Uint8Array }[];
  private readonly next = { first: firstStageAt, guest: guestStageAt };

  constructor(memory: PhysicalMemory, first: Shape, guest: Shape) {
    this.memory = memory;
    this.first = first;
    this.guest = guest;
    memory.load(ram, new Uint8Array(ramBytes));
    this.fillData();
    this.firstRoot = this.allocate('first', 1);
    this.guestRoot = this.allocate('guest', 4);
    this.alias = 1n << BigInt(12 + guest.levels * guest.indexBits + 1);

    const low = BigInt(dataAt + pages.identity * 4096);
    const high = this.inUpperHalf(low);
    this.dataPages = [low, high];
    for (const page of this.dataPages) {
      this.map('first', page, dataAt + pages.identity * 4096, dataAt + pages.first * 4096, 0xdf);
    }
    const codeRoots = [5n, 6n].map((index) => this.atRoot(index));
    this.codePages = { S: codeRoots[0]!, U: codeRoots[1]! };
    this.map('first', this.codePages.S, translatedCode, translatedCode, 0xcf);
    this.map('first', this.codePages.U, translatedCode, translatedCode, 0xdf);

    const identical = [dataAt + pages.identity * 4096, translatedCode];
    for (let at = firstStageAt; at < this.next.first; at += 4096) identical.push(at);
    for (const alias of [0n, this.alias]) {
      for (const page of identical) this.map('guest', BigInt(page) + alias, page, page, 0xdf);
      const moved = dataAt + pages.first * 4096;
      this.map('guest', BigInt(moved) + alias, moved, dataAt + pages.second * 4096, 0xdf);
    }
    this.tables = [
      [firstStageAt, this.next.first] as const,
      [guestStageAt, this.next.guest] as const,
    ].map(([start, end]) => {
      const now = memory.view8(start, end - start)!;
      return { now, built: now.slice() };
    });
  }

  /** Physical addresses of pages of data and of tables. */
  get interesting(): readonly number[] {
    return [
      ...new Set([
        ...Object.values(pages).map((page) => dataAt + page * 4096),
        ...this.slots.map((slot) => slot.address - (slot.address % 4096)),
      ]),
    ];
  }

  /** Code at an offset of the page that `codePages` lead to. */
  putCode(offset: number, word: number): void {
    this.memory.write32(translatedCode + offset, word);
  }

  read(address: number, bytes: number): bigint {
    return bytes === 8 ? this.memory.read64(address) : BigInt(this.memory.read32(address));
  }
  write(address: number, bytes: number, value: bigint): void {
    if (bytes === 8) this.memory.write64(address, value);
    else this.memory.write32(address, Number(value));
  }

  /** Puts all tables back. */
  rebuild(): void {
    for (const { now, built } of this.tables) now.set(built);
  }

  /** Whether all tables are as they were built. */
  get intact(): boolean {
    return this.tables.every(({ now, built }) => Buffer.compare(now, built) === 0);
  }

  /** Every unit of eight bytes is `addi x5, x0, page` and a number that no other has. */
  private fillData(): void {
    for (let page = 0; page < dataBytes / 4096; page++) {
      for (let offset = 0; offset < 4096; offset += 8) {
        const at = dataAt + page * 4096 + offset;
        this.memory.write32(at, ((page << 20) | 0x293) >>> 0);
        this.memory.write32(at + 4, 0x4321_0000 + page * 4096 + offset);
      }
    }
  }

  private map(
    stage: 'first' | 'guest',
    input: bigint,
    identity: number,
    target: number,
    flags: number,
  ): void {
    const { levels, indexBits, entryBytes } = this[stage];
    let table = stage === 'first' ? this.firstRoot : this.guestRoot;
    for (let level = levels - 1; level >= 0; level--) {
      const bits = level === levels - 1 && stage === 'guest' ? indexBits + 2 : indexBits;
      const index = Number((input >> BigInt(12 + level * indexBits)) & ((1n << BigInt(bits)) - 1n));
      const address = table + index * entryBytes;
      const present = this.read(address, entryBytes);
      const span = 2 ** (level * indexBits);
      const leaf = level === 0 ? target / 4096 : identity / 4096 - ((identity / 4096) % span);
      const pointer =
        level === 0
          ? undefined
          : present !== 0n
            ? Number(present >> 10n)
            : this.allocate(stage, 1) / 4096;
      const value =
        pointer === undefined
          ? (BigInt(leaf) << 10n) | BigInt(flags)
          : (BigInt(pointer) << 10n) | 1n;
      if (present === 0n) {
        this.write(address, entryBytes, value);
        const what = `0x${input.toString(16)}`;
        this.slots.push({ stage, what, level, address, bytes: entryBytes, pointer, leaf, value });
      }
      if (pointer !== undefined) table = pointer * 4096;
    }
  }

  private allocate(stage: 'first' | 'guest', count: number): number {
    const at = Math.ceil(this.next[stage] / (count * 4096)) * count * 4096;
    this.next[stage] = at + count * 4096;
    return at;
  }

  /** The same indices but for the root's, which is the last. */
  private inUpperHalf(address: bigint): bigint {
    const { levels, indexBits, entryBytes } = this.first;
    const width = 12 + levels * indexBits;
    const index = ((1n << BigInt(indexBits)) - 1n) << BigInt(width - indexBits);
    const extended = BigInt.asIntN(width, address | index);
    return BigInt.asUintN(entryBytes * 8, extended);
  }

  private atRoot(index: bigint): bigint {
    const { levels, indexBits } = this.first;
    const shift = BigInt(12 + (levels - 1) * indexBits);
    return (index << shift) | (BigInt(translatedCode) & ((1n << shift) - 1n));
  }
}
