/** The quick walk never says anything but what the full walk says, and says it where it matters. */
import assert from 'node:assert/strict';
import { CSR } from '../../../../src/core/isa/riscv/csr/numbers.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { Mmu, type AccessMode } from '../../../../src/core/isa/riscv/mmu.ts';
import { Pmp } from '../../../../src/core/isa/riscv/pmp.ts';
import { QuickWalk } from '../../../../src/core/isa/riscv/quickWalk.ts';
import { Random } from '../../../differential/random.ts';
import { ramBase, rig, type Rig } from './rig.ts';

const ramPages = 192;
const firstPage = ramBase / 4096;
const extensions = parseIsaString('rv64gch_svnapot_svpbmt_svadu').extensions;
const modes = { 0: 0, 8: 3, 9: 4, 10: 5 } as const;
type Mode = 0 | 8 | 9 | 10;
const everything = 0xdfn; // V R W X U A D

describe('quick walk', () => {
  it('agrees with the full walk wherever it answers', function () {
    this.timeout(60_000);
    const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1_000_000);
    const random = new Random(seed);
    let answers = 0;
    const count = 4000;
    for (let i = 0; i < count; i++)
      answers += trial(new Tables(random), random, `seed ${seed}, trial ${i}`);
    assert.ok(answers > count / 4, `only ${answers} answers of ${count}`);
  });

  it('answers for every scheme at both stages', () => {
    const random = new Random(1);
    for (const virtual of [0, 8, 9, 10] as const) {
      for (const guest of [0, 8, 9, 10] as const) {
        const tables = new Tables(random, { virtual, guest, faults: false });
        assert.equal(trial(tables, random, `${virtual} ${guest}`), 1, `${virtual} over ${guest}`);
      }
    }
  });
});

/** 1 when the quick walk answered. */
function trial(tables: Tables, random: Random, name: string): number {
  const { quick, mmu, memory, address, mode, access } = tables.ready(random);
  const low = Number(address & 0xffff_ffffn);
  const high = Number((address >> 32n) & 0xffff_ffffn);
  const page = quick.page(low, high, access, mode);
  if (page < 0) return 0;
  const before = Buffer.from(memory.view8(ramBase, ramPages * 4096)!);
  assert.equal(page * 4096 + (low & 4095), mmu.translate(low, high, access, mode), name);
  assert.deepEqual(quick.leaf, mmu.leaf, name);
  assert.ok(before.equals(memory.view8(ramBase, ramPages * 4096)!), `${name}: tables changed`);
  return 1;
}

interface Choice {
  readonly virtual: Mode;
  readonly guest: Mode;
  readonly faults: boolean;
}

/** Tables that map one address, most entries good and some not. */
class Tables {
  private readonly rig: Rig;
  private readonly random: Random;
  private readonly choice: Choice;
  private readonly privilege: 0 | 1;
  private readonly virtualized: boolean;
  private nextPage = firstPage;
  private readonly guestTables = new Map<string, number>();
  readonly address: bigint;

  constructor(random: Random, choice?: Choice) {
    const pick = (): Mode => ([0, 8, 9, 10] as const)[random.below(4)]!;
    this.random = random;
    this.choice = choice ?? { virtual: pick(), guest: pick(), faults: true };
    this.virtualized = choice !== undefined || random.below(3) > 0;
    this.privilege = random.below(2) as 0 | 1;
    this.rig = shared();
    this.address = this.build();
  }

  ready(random: Random) {
    const { hart, memory } = this.rig;
    const pmp = new Pmp(hart.state);
    pmp.update();
    const kinds = ['load', 'store', 'fetch'] as const;
    const mode: AccessMode = { privilege: this.privilege, virtualized: this.virtualized };
    return {
      quick: new QuickWalk(hart.state, memory, pmp),
      mmu: new Mmu(hart.state, memory, pmp, extensions),
      memory,
      address: this.address,
      mode,
      access: kinds[this.choice.faults ? random.below(3) : 0]!,
    };
  }

  private build(): bigint {
    const { random, virtualized, rig } = this;
    const { state } = rig.hart;
    const { virtual, guest, faults } = this.choice;
    rig.memory.load(ramBase, new Uint8Array(ramPages * 4096));
    const alterPmp = faults && random.below(4) === 0;
    state.setCsr(
      CSR.pmpaddr0,
      alterPmp ? BigInt(ramBase + random.below(ramPages) * 4096) >> 2n : ~0n,
    );
    state.setCsr(CSR.pmpcfg0, alterPmp ? BigInt(0x0f00 | random.below(32)) : 0x1fn);
    state.setCsr(CSR.pmpaddr0 + 1, ~0n);
    if (alterPmp) state.setCsr(CSR.pmpcfg0, BigInt(0x1f00 | random.below(32)));
    const bit = (number: number): bigint => (random.below(4) === 0 ? 1n << BigInt(number) : 0n);
    state.setCsr(CSR.mstatus, faults ? bit(18) | bit(19) : 0n);
    state.setCsr(CSR.vsstatus, faults ? bit(18) | bit(19) : 0n);
    state.setCsr(CSR.menvcfg, faults ? bit(61) | bit(62) : 0n);
    state.setCsr(CSR.henvcfg, faults ? bit(61) | bit(62) : 0n);
    // The roots of the G-stage are aligned to 16 KiB.
    const guestRoot = this.pages(4);
    state.setCsr(CSR.hgatp, (BigInt(guest) << 60n) | BigInt(guestRoot));
    const levels = modes[virtual];
    const root = this.pages(1);
    const register = virtualized ? CSR.vsatp : CSR.satp;
    state.setCsr(register, (BigInt(virtual) << 60n) | BigInt(root));
    const target = firstPage + 150 + random.below(40);
    this.mapGuest(target, guestRoot);
    const offset = BigInt(random.below(4096));
    if (levels === 0) return (BigInt(target) << 12n) | offset;
    const bits = 12 + levels * 9;
    const raw = (BigInt(random.below(1 << 30)) << 30n) | BigInt(random.below(1 << 30));
    const address = BigInt.asUintN(64, BigInt.asIntN(bits, (raw << 12n) | offset));
    let table = root;
    const last = random.below(8) === 0 ? 1 : 0;
    for (let level = levels - 1; level >= last; level--) {
      this.mapGuest(table, guestRoot);
      const index = Number((address >> BigInt(12 + level * 9)) & 511n);
      const next = level === last ? (last === 0 ? target : target & ~511) : this.pages(1);
      const user = this.privilege === 0 ? 0x10n : 0n;
      const flags = level === last ? (everything & ~0x10n) | user : 1n;
      this.enter(table, index, next, flags);
      table = next;
    }
    if (last === 1) {
      const within = Number((address >> 12n) & 511n);
      this.mapGuest((target & ~511) + within, guestRoot);
    }
    return faults && random.below(20) === 0
      ? address ^ (1n << BigInt(38 + random.below(26)))
      : address;
  }

  /** Maps a guest physical page to itself. */
  private mapGuest(page: number, root: number): void {
    const levels = modes[this.choice.guest];
    let table = root;
    for (let level = levels - 1; level >= 0; level--) {
      const index = Math.floor(page / 2 ** (level * 9)) % (level === levels - 1 ? 2048 : 512);
      const key = `${level} ${Math.floor(page / 2 ** (level * 9))}`;
      const known = this.guestTables.get(key);
      const next = level === 0 ? page : (known ?? this.pages(1));
      this.guestTables.set(key, next);
      if (known === undefined) this.enter(table, index, next, level === 0 ? everything : 1n);
      table = next;
    }
  }

  private enter(table: number, index: number, target: number, flags: bigint): void {
    let entry = (BigInt(target) << 10n) | flags;
    if (this.random.below(8) === 0) entry |= 0x20n;
    if (this.choice.faults && this.random.below(25) === 0) {
      entry ^= 1n << BigInt(this.random.below(2) ? this.random.below(10) : this.random.below(64));
    }
    this.rig.memory.write64(table * 4096 + index * 8, entry);
  }

  private pages(count: number): number {
    this.nextPage = Math.ceil(this.nextPage / count) * count;
    const page = this.nextPage;
    this.nextPage += count;
    return page;
  }
}

let made: Rig | undefined;
const shared = (): Rig =>
  (made ??= rig('', { isa: 'rv64gch_svnapot_svpbmt_svadu', ramBytes: ramPages * 4096 }));
