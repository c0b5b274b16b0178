/**
 * A loop over pages that lead to RAM in one piece, in S-mode or in a guest's, with fences beside and
 * a handler in M-mode; for tests of what translated code makes of such pages.
 */
import assert from 'node:assert/strict';
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { deviceBase, eagerTranslation, ramBase, rig, romBase, type Rig } from '../isa/riscv/rig.ts';
import { PageTables } from './pageTables.ts';

export const ramBytes = 8 << 20;
/** So many pages from here on lead to the upper half of RAM, page by page. */
export const window = 0x5000_0000;
export const pages = 1024;
export const behind = ramBase + ramBytes / 2;
const codePages = 8;
/** The code once more, for U-mode, and the window where addresses are negative. */
export const userCode = ramBase + 0x10_0000;
export const high = 0xffff_ffc0_0000_0000n + BigInt(window);
const isa = 'rv64imafdch_svade_sscofpmf_zihpm_sdtrig';

export const at = {
  fenceAll: 0x400,
  fencePage: 0x420,
  fenceSpace: 0x440,
  fenceBoth: 0x460,
} as const;
const guestFence = { hfenceVvma: 0x480, hfenceGvma: 0x4a0, hfencePage: 0x4c0 } as const;
const handler = 0x800;
const afterFence = 0x4e0;

/** Eight pages from s0 on, s1 bytes from one to the next; s8 and s9 are what fences are about. */
const program = `
_start:
loop:
  mv a0, s0
  li a2, 8
1: ld a3, 0(a0)
  slli s2, s2, 1
  xor s2, s2, a3
  lw a4, 2044(a0)
  add s2, s2, a4
  ld a5, 8(a0)
  add s2, s2, a5
  add a0, a0, s1
  addi a2, a2, -1
  bnez a2, 1b
  addi s6, s6, 1
  j loop
  .org ${at.fenceAll}
  sfence.vma
  j loop
  .org ${at.fencePage}
  sfence.vma s8
  j loop
  .org ${at.fenceSpace}
  sfence.vma x0, s9
  j loop
  .org ${at.fenceBoth}
  sfence.vma s8, s9
  j loop
  .org ${guestFence.hfenceVvma}
  hfence.vvma
  j wait
  .org ${guestFence.hfenceGvma}
  hfence.gvma
  j wait
  .org ${guestFence.hfencePage}
  hfence.vvma s8
  j wait
  .org ${afterFence}
wait: j wait
  .org ${handler}
  csrr t3, mcause
  add s4, s4, t3
  csrr t3, mtval
  add s5, s5, t3
  csrr t3, mepc
  addi t3, t3, 4
  csrw mepc, t3
  mret`;

/** Bits of page table entries, and of mstatus and vsstatus. */
export const [V, R, U, G, A] = [1n, 2n, 16n, 32n, 64n];
export const [SUM, MXR] = [1n << 18n, 1n << 19n];

/** A machine in S-mode, or in VS-mode under a second stage, with the window mapped. */
export class World {
  readonly r: Rig;
  readonly tables: PageTables;
  /** The same window, turned round. */
  readonly others: PageTables;
  readonly second: PageTables | undefined;
  readonly guest: boolean;

  constructor(guest: boolean, translated: boolean, flags = 0n) {
    this.guest = guest;
    const r = rig(program.replaceAll('.org', '.option norvc\n  .org'), {
      ...{ isa, ramBytes, translate: translated ? eagerTranslation : undefined },
    });
    this.r = r;
    this.tables = new PageTables(r, 0);
    this.others = new PageTables(r, 1);
    for (let i = 0; i < pages; i++) {
      this.setLeaf(i, this.tables.leaf(behind + i * 4096) | flags);
      this.others.map(window + i * 4096, behind + (pages - 1 - i) * 4096);
      for (const offset of [0, 8, 2040]) {
        const word = BigInt(i * 4096 + offset) * 0x9e37_79b9_7f4a_7c15n;
        r.memory.write64(behind + i * 4096 + offset, word);
      }
    }
    for (const tables of [this.tables, this.others]) {
      for (let i = 0; i < codePages; i++) tables.map(ramBase + i * 4096, ramBase + i * 4096);
    }
    for (let i = 0; i < codePages; i++) {
      this.tables.map(userCode + i * 4096, ramBase + i * 4096);
      r.memory.write64(
        this.tables.entryOf(userCode + i * 4096),
        this.tables.leaf(ramBase + i * 4096) | U,
      );
    }
    // Entries 256 and up of the root are for addresses from -2^38 on.
    r.memory.write64(this.tables.root + 257 * 8, r.memory.read64(this.tables.root + 8));
    for (const address of [romBase, deviceBase]) this.tables.map(address, address);
    r.setCsr('pmpaddr0', (1n << 54n) - 1n);
    r.setCsr('pmpcfg0', 0x1fn);
    r.setCsr('mtvec', BigInt(ramBase + handler));
    if (guest) {
      this.second = new PageTables(r, 2, 'guestPhysical');
      for (const gigabyte of [0, 2]) this.second.identity(gigabyte);
      r.setCsr('hgatp', this.second.register(5));
    }
    this.useRoot(this.tables, 1);
    this.enter();
    this.point(window, 4096);
  }

  /** To the loop's world; the handler is in M-mode. */
  enter(): void {
    this.r.hart.privilege = 1;
    this.r.hart.virtualized = this.guest;
  }

  useRoot(tables: PageTables, space: number): void {
    this.r.setCsr(this.guest ? 'vsatp' : 'satp', tables.register(space));
  }

  setLeaf(page: number, entry: bigint): void {
    this.r.memory.write64(this.tables.entryOf(window + page * 4096), entry);
  }

  changeLeaf(page: number, change: (entry: bigint) => bigint): void {
    this.setLeaf(page, change(this.r.memory.read64(this.tables.entryOf(window + page * 4096))));
  }

  point(address: number, stride: number): void {
    this.r.hart.writeRegister('s0', BigInt(address));
    this.r.hart.writeRegister('s1', BigInt(stride));
  }

  /** Executes a fence where the loop is. */
  fence(kind: keyof typeof at, page = 0, space = 1): void {
    this.r.hart.writeRegister('s8', BigInt(window + page * 4096));
    this.r.hart.writeRegister('s9', BigInt(space));
    this.r.hart.pc = BigInt(ramBase + at[kind]);
    this.r.hart.run(1);
  }

  /** Executes a fence in M-mode, as a hypervisor would in its own. */
  fenceOutside(kind: keyof typeof guestFence, page = 0): void {
    const { hart } = this.r;
    hart.writeRegister('s8', BigInt(window + page * 4096));
    hart.privilege = 3;
    hart.virtualized = false;
    hart.pc = BigInt(ramBase + guestFence[kind]);
    hart.run(2);
    hart.pc = BigInt(ramBase);
    this.enter();
  }

  get direct(): boolean {
    return this.r.hart.regimes.set.direct !== undefined;
  }

  get state(): unknown {
    const { hart } = this.r;
    return {
      registers: integerNames.map((name) => hart.readRegister(name)),
      ...{ pc: hart.pc, privilege: hart.privilege, instructions: hart.instructions },
    };
  }
}

/** Both engines do the same; both are at the end in the same state. */
export class Pair {
  readonly worlds: readonly [interpreted: World, translated: World];

  constructor(guest: boolean, flags = 0n) {
    this.worlds = [new World(guest, false, flags), new World(guest, true, flags)];
  }

  each(act: (world: World) => void): void {
    this.worlds.forEach(act);
  }

  run(instructions: number): void {
    const [model, other] = this.worlds;
    const [expected, found] = this.worlds.map(({ r }) => r.hart.run(instructions));
    assert.deepEqual(found, expected);
    assert.deepEqual(other.state, model.state);
  }

  /** Until the loop has been through all pages, and is translated. */
  warmUp(): void {
    for (const page of [0, 500, pages - 8]) {
      this.each((world) => world.point(window + page * 4096, 4096));
      this.run(3000);
    }
    assert.ok(this.worlds[1].direct, 'loads that need no TLB');
    this.each((world) => world.point(window + 96 * 4096, 4096));
    this.run(1000);
  }

  /** What the loop's loads come to, and the causes of its traps. */
  get result(): readonly (bigint | undefined)[] {
    return ['s2', 's4'].map((name) => this.worlds[1].r.hart.readRegister(name));
  }
}
