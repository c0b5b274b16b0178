/**
 * Several address spaces of a host and of two virtual machines, whose mappings change while a model
 * keeps what an access may find: "any translation for an address that was valid at any time since
 * the most recent SFENCE.VMA that subsumes that address" (privileged manual, SFENCE.VMA).
 */
import type { PhysicalMemory } from '../../../../../src/core/memory/physicalMemory.ts';

export const ram = 0x8000_0000;
export const ramBytes = 16 << 20;
const pageBytes = 4096;
const megapage = 2 << 20;
/** Where in every page of RAM stands the number of the page. */
export const markOffset = 0xff8;
const pte = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128, N: 1n << 63n } as const;
const open = pte.V | pte.R | pte.W | pte.X | pte.A | pte.D;

/** A leaf that changes: its entries, the input addresses that it maps, and where it may lead. */
export interface Leaf {
  readonly name: string;
  readonly entries: readonly number[];
  readonly input: number;
  readonly size: number;
  readonly flags: bigint;
  readonly global: boolean;
  readonly choices: readonly number[];
  /** What it led to since the last fence that covers it, the present one last. */
  history: number[];
}

export interface Space {
  readonly name: string;
  /** Undefined for the host. */
  readonly vmid: number | undefined;
  readonly asid: number;
  readonly root: number;
  readonly leaves: readonly Leaf[];
}

export interface Guest {
  readonly vmid: number;
  readonly root: number;
  readonly leaves: readonly Leaf[];
}

/** Guest physical addresses: pages that are mapped one by one, and two megapages. */
const guestPages = Array.from({ length: 6 }, (_, i) => 0x4000_0000 + i * pageBytes);
const guestMegapages = [0x4020_0000, 0x4040_0000];
/** Physical ones, and where tables lie. */
const pages = Array.from({ length: 8 }, (_, i) => ram + 0x40_0000 + i * 17 * pageBytes);
const napotRanges = [0, 1, 2].map((i) => ram + 0x50_0000 + i * 0x1_0000);
const megapages = [1, 2, 3, 4].map((i) => ram + i * megapage);
/** The first page of RAM, in every space. */
export const codePage = 0x2000_0000;
const tablesAt = ram + 0xc0_0000;

export class Spaces {
  readonly spaces: readonly Space[];
  readonly guests: readonly Guest[];
  private readonly memory: PhysicalMemory;
  private next = tablesAt;

  constructor(memory: PhysicalMemory) {
    this.memory = memory;
    memory.load(ram, new Uint8Array(ramBytes));
    for (let at = ram; at < ram + ramBytes; at += pageBytes) {
      memory.write64(at + markOffset, BigInt(at / pageBytes));
    }
    this.guests = [1, 2].map((vmid) => this.guest(vmid));
    this.spaces = [
      ...[1, 2, 3].map((asid) => this.space(undefined, asid)),
      ...[1, 2].flatMap((vmid) => [1, 2].map((asid) => this.space(vmid, asid))),
    ];
  }

  guestOf(space: Space): Guest | undefined {
    return this.guests.find(({ vmid }) => vmid === space.vmid);
  }

  change(leaf: Leaf, target: number): void {
    this.put(leaf, target);
    leaf.history.push(target);
  }

  /** Physical pages that an access of an address may reach. */
  allowed(space: Space, address: number): ReadonlySet<number> {
    const first = through(space.leaves, address);
    const guest = this.guestOf(space);
    return new Set(first.flatMap((at) => (guest ? through(guest.leaves, at) : [at])).map(pageOf));
  }

  /** The one that a walk would reach now. */
  present(space: Space, address: number): number {
    const last = (leaves: readonly Leaf[], at: number): number => through(leaves, at).at(-1)!;
    const first = last(space.leaves, address);
    const guest = this.guestOf(space);
    return pageOf(guest ? last(guest.leaves, first) : first);
  }

  private guest(vmid: number): Guest {
    const root = this.allocate(4);
    const leaf = (input: number, size: number, choices: readonly number[]): Leaf =>
      this.leaf(`VM ${vmid}`, root, input, size, choices, open | pte.U);
    const leaves = [
      // Each leads elsewhere, so that it shows which of them was passed.
      ...guestPages.map((page, i) => leaf(page, pageBytes, rotated(pages, i))),
      ...guestMegapages.map((page, i) => leaf(page, megapage, rotated(megapages, i))),
      leaf(0x4060_0000, 0x1_0000, napotRanges),
    ];
    // Tables of the first stage and the code are where they are, for good.
    leaf(tablesAt, megapage, [tablesAt]);
    leaf(tablesAt + megapage, megapage, [tablesAt + megapage]);
    leaf(ram, pageBytes, [ram]);
    return { vmid, root, leaves };
  }

  private space(vmid: number | undefined, asid: number): Space {
    const root = this.allocate(1);
    const name = `${vmid === undefined ? 'host' : `VM ${vmid}`}, ASID ${asid}`;
    const guest = vmid !== undefined;
    const small = guest ? [...guestPages, guestMegapages[0]! + 5 * pageBytes] : pages;
    const leaf = (
      input: number,
      size: number,
      choices: readonly number[],
      flags: number = open,
    ): Leaf => this.leaf(name, root, input, size, choices, flags);
    leaf(codePage, pageBytes, [ram]);
    const leaves = [
      // The second and the third are at the same place in a TLB of 16384 pages.
      ...[0x20_1000, 0x40_2000, 0x440_2000, 0x60_3000].map((at) => leaf(at, pageBytes, small)),
      leaf(0x80_0000, megapage, guest ? guestMegapages : megapages),
      leaf(0x100_0000, 0x1_0000, guest ? [0x4060_0000] : napotRanges),
      leaf(0x20_8000, pageBytes, small, open | pte.G),
      leaf(0x1c0_0000, megapage, guest ? guestMegapages : megapages, open | pte.G),
    ];
    return { name, vmid, asid, root, leaves };
  }

  private leaf(
    owner: string,
    root: number,
    input: number,
    size: number,
    choices: readonly number[],
    flags: number,
  ): Leaf {
    const level = size === megapage ? 1 : 0;
    const count = size === 0x1_0000 ? 16 : 1;
    const entries = Array.from({ length: count }, (_, i) =>
      this.entry(root, input + i * pageBytes, level),
    );
    const made: Leaf = {
      name: `${owner}: 0x${input.toString(16)}`,
      entries,
      input,
      size,
      flags: BigInt(flags) | (count === 1 ? 0n : pte.N | (8n << 10n)),
      global: (flags & pte.G) !== 0,
      choices,
      history: [choices[0]!],
    };
    this.put(made, choices[0]!);
    return made;
  }

  private put(leaf: Leaf, target: number): void {
    const value = (BigInt(target / pageBytes) << 10n) | leaf.flags;
    for (const entry of leaf.entries) this.memory.write64(entry, value);
  }

  private entry(root: number, input: number, leafLevel: number): number {
    let table = root;
    for (let level = 2; level > leafLevel; level--) {
      const at = table + (Math.floor(input / pageBytes / 512 ** level) % 512) * 8;
      if (this.memory.read64(at) === 0n) {
        this.memory.write64(at, (BigInt(this.allocate(1) / pageBytes) << 10n) | 1n);
      }
      table = Number(this.memory.read64(at) >> 10n) * pageBytes;
    }
    return table + (Math.floor(input / pageBytes / 512 ** leafLevel) % 512) * 8;
  }

  private allocate(count: number): number {
    const at = Math.ceil(this.next / (count * pageBytes)) * count * pageBytes;
    this.next = at + count * pageBytes;
    // Marks are for pages of data.
    for (let page = at; page < this.next; page += pageBytes) {
      this.memory.write64(page + markOffset, 0n);
    }
    return at;
  }
}

export const covers = ({ input, size }: Leaf, address: number): boolean =>
  address >= input && address < input + size;

function through(leaves: readonly Leaf[], address: number): number[] {
  const leaf = leaves.find((l) => covers(l, address));
  if (!leaf) throw new Error(`nothing maps 0x${address.toString(16)}`);
  return leaf.history.map((target) => target + (address - leaf.input));
}

const rotated = <T>(list: readonly T[], by: number): readonly T[] => [
  ...list.slice(by),
  ...list.slice(0, by),
];

const pageOf = (address: number): number => Math.floor(address / pageBytes);
