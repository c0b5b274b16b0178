/** Page tables of Sv39 (or Sv39x4) in a rig's RAM, made by the test a page at a time. */
import { ramBase, type Rig } from '../isa/riscv/rig.ts';

/** V R W X, and A D so that nothing has to be set; U only where a guest's physical addresses are. */
const leafBits = { host: 0xcfn, guestPhysical: 0xdfn } as const;
const tablesBase = ramBase + 0x20_0000;

export class PageTables {
  readonly root: number;
  private readonly r: Pick<Rig, 'memory'>;
  private readonly kind: keyof typeof leafBits;
  private next: number;

  /** `place` keeps tables of one rig apart: each may take 64 KiB. */
  constructor(r: Pick<Rig, 'memory'>, place: number, kind: keyof typeof leafBits = 'host') {
    this.r = r;
    this.kind = kind;
    this.root = tablesBase + place * 0x1_0000;
    // A root of Sv39x4 is four pages.
    this.next = this.root + 0x4000;
  }

  /** What `satp`, `vsatp` or `hgatp` are to hold. */
  register(space = 0): bigint {
    return (8n << 60n) | (BigInt(space) << 44n) | BigInt(this.root / 4096);
  }

  /** A gigapage that leads to where it is. */
  identity(gigabyte: number): void {
    const entry = (BigInt(gigabyte << 18) << 10n) | leafBits[this.kind];
    this.r.memory.write64(this.root + gigabyte * 8, entry);
  }

  map(virtual: number, physical: number): void {
    this.r.memory.write64(this.entryOf(virtual), this.leaf(physical));
  }

  leaf(physical: number): bigint {
    return (BigInt(physical / 4096) << 10n) | leafBits[this.kind];
  }

  /** Address of the page table entry of a virtual page, with the tables on the way to it. */
  entryOf(virtual: number): number {
    const page = Math.floor(virtual / 4096);
    let table = this.root;
    for (const shift of [18, 9]) {
      const at = table + ((page >>> shift) % 512) * 8;
      let entry = this.r.memory.read64(at);
      if ((entry & 1n) === 0n) {
        entry = (BigInt(this.next / 4096) << 10n) | 1n;
        this.r.memory.write64(at, entry);
        this.next += 4096;
      }
      table = Number(entry >> 10n) * 4096;
    }
    return table + (page % 512) * 8;
  }
}

/** Opens all memory to S-mode and goes there, paging by these tables. */
export function enterSupervisor(r: Rig, tables: PageTables): void {
  r.setCsr('pmpaddr0', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', 0x1fn);
  r.setCsr('satp', tables.register());
  r.hart.privilege = 1;
}
