/**
 * Fences under all their operands: no access finds a translation that a fence has covered, and
 * what no fence is about stays. The model is `spaces.ts`; accesses are made in M-mode by MPRV.
 */
import assert from 'node:assert/strict';
import { encode } from '../../../../differential/encode.ts';
import { Random } from '../../../../differential/random.ts';
import { rig, type Rig } from '../rig.ts';
import {
  codePage,
  covers,
  markOffset,
  ram,
  ramBytes,
  Spaces,
  type Leaf,
  type Space,
} from './spaces.ts';

const MPRV = 1n << 17n;
const MPP_S = 1n << 11n;
const MPV = 1n << 39n;
const PMM = 3n << 32n;
const isa = 'rv64imach_svinval_svnapot_ssnpm_smnpm';

const fences = {
  host: ['sfence.vma', 'sinval.vma'],
  guest: ['hfence.vvma', 'hinval.vvma'],
  'guest physical': ['hfence.gvma', 'hinval.gvma'],
} as const;

interface Operands {
  readonly address?: number;
  /** ASID or VMID. */
  readonly space?: number;
}

class Machine {
  readonly r: Rig;
  readonly spaces: Spaces;
  /** Accesses that found something older than the present mapping. */
  stale = 0;

  constructor() {
    this.r = rig('', { isa, ramBytes });
    this.spaces = new Spaces(this.r.memory);
    this.r.setCsr('pmpaddr0', (1n << 54n) - 1n);
    this.r.setCsr('pmpcfg0', 0x1fn);
  }

  /** Goes to an address space, with no fence. */
  enter(space: Space): void {
    const { r, spaces } = this;
    const root = (at: number): bigint => (8n << 60n) | BigInt(at / 4096);
    const guest = spaces.guestOf(space);
    const value = root(space.root) | (BigInt(space.asid) << 44n);
    r.setCsr(guest ? 'vsatp' : 'satp', value);
    if (guest) r.setCsr('hgatp', root(guest.root) | (BigInt(guest.vmid) << 44n));
    r.setCsr('mstatus', MPRV | MPP_S | (guest ? MPV : 0n));
  }

  /** What an access of S- or VS-mode finds there. */
  access(space: Space, address: number, tag = 0n): number {
    const { r } = this;
    const { hart } = r;
    this.enter(space);
    hart.privilege = 3;
    hart.virtualized = false;
    hart.setX(10, BigInt(address + markOffset) | (tag << 48n));
    this.execute('ld', { rd: 5, rs1: 10 });
    const found = Number(hart.getX(5));
    if (found !== this.spaces.present(space, address)) this.stale++;
    return found;
  }

  check(space: Space, address: number, tag = 0n): void {
    const found = this.access(space, address, tag);
    const allowed = this.spaces.allowed(space, address);
    const wanted = [...allowed].map((page) => page.toString(16)).join(' or ');
    const what = `${space.name}: 0x${address.toString(16)} led to ${found.toString(16)}, not ${wanted}`;
    assert.ok(allowed.has(found), what);
  }

  /** Executes a fence in M-mode, or in S- or VS-mode of a space, and tells the model. */
  fence(
    mnemonic: string,
    kind: keyof typeof fences,
    { address, space }: Operands,
    within?: Space,
  ): void {
    const { r, spaces } = this;
    const { hart } = r;
    if (within) this.enter(within);
    hart.privilege = within ? 1 : 3;
    hart.virtualized = within?.vmid !== undefined;
    r.setCsr('mstatus', 0n);
    const shifted = kind === 'guest physical' ? 4 : 1;
    hart.setX(10, BigInt((address ?? 0) / shifted));
    // Bits above the identifier are to be ignored.
    hart.setX(11, BigInt(space ?? 0) | (1n << 20n) | (1n << 40n));
    const operands = { rs1: address === undefined ? 0 : 10, rs2: space === undefined ? 0 : 11 };
    this.execute(mnemonic, operands, within ? codePage : ram);
    const vmid = Number((r.csr('hgatp') >> 44n) & 0x3fffn);
    const forget = (leaves: readonly Leaf[], keepGlobal: boolean): void => {
      for (const leaf of leaves) {
        if (address !== undefined && !covers(leaf, address)) continue;
        if (!(keepGlobal && leaf.global)) leaf.history = leaf.history.slice(-1);
      }
    };
    if (kind === 'guest physical') {
      for (const guest of spaces.guests) {
        if (space === undefined || guest.vmid === space) forget(guest.leaves, false);
      }
      return;
    }
    for (const each of spaces.spaces) {
      if (each.vmid !== (kind === 'host' ? undefined : vmid)) continue;
      if (space === undefined || each.asid === space) forget(each.leaves, space !== undefined);
    }
  }

  private execute(mnemonic: string, operands: Readonly<Record<string, number>>, at = ram): void {
    const { r } = this;
    r.memory.write32(ram, encode(mnemonic, operands));
    r.hart.pc = BigInt(at);
    r.step(1);
  }
}

const somewhere = (random: Random, { input, size }: Leaf): number =>
  input + random.below(size / 4096) * 4096;

describe('core/isa/riscv/translation/fences', () => {
  for (const seed of [1, 2, 3]) {
    it(`nothing that a fence has covered is found again, seed ${seed}`, () => {
      const m = new Machine();
      const random = new Random(seed);
      m.r.setCsr('menvcfg', PMM);
      m.r.setCsr('henvcfg', PMM);
      const { spaces, guests } = m.spaces;
      for (let i = 0; i < 6000; i++) {
        const space = random.pick(spaces);
        const leaf = random.pick(space.leaves);
        const what = random.below(10);
        if (what < 7) {
          m.check(space, somewhere(random, leaf), random.chance(0.3) ? 0x5a01n : 0n);
        } else if (what < 9) {
          const changed = random.chance(0.3) ? random.pick(random.pick(guests).leaves) : leaf;
          m.spaces.change(changed, random.pick(changed.choices));
        } else {
          const kind = random.pick(['host', 'guest', 'guest physical'] as const);
          const guest = random.pick(guests);
          const covered = kind === 'guest physical' ? random.pick(guest.leaves) : leaf;
          const identifier = kind === 'guest physical' ? guest.vmid : space.asid;
          const operands = {
            ...(random.chance(0.7) ? { address: somewhere(random, covered) } : {}),
            ...(random.chance(0.7) ? { space: identifier } : {}),
          };
          if (kind !== 'guest physical' && random.chance(0.4)) {
            const own = space.vmid === undefined ? 'host' : 'guest';
            m.fence(random.pick(fences.host), own, operands, space);
          } else {
            m.fence(random.pick(fences[kind]), kind, operands);
          }
        }
      }
      assert.ok(m.stale > 40, `only ${m.stale} accesses were served without a walk`);
    });
  }

  it('a fence of one address leaves the others, but for those of its leaf', () => {
    const m = new Machine();
    const [space] = m.spaces.spaces;
    const [first, second] = space!.leaves;
    const large = space!.leaves.find(({ size }) => size > 0x1_0000)!;
    const addresses = [first!.input, second!.input, large.input, large.input + 0x5000];
    for (const address of addresses) m.access(space!, address);
    for (const leaf of [first!, second!, large]) m.spaces.change(leaf, leaf.choices[1]!);
    const isStale = (address: number): boolean =>
      m.access(space!, address) !== m.spaces.present(space!, address);
    m.fence('sfence.vma', 'host', { address: first!.input });
    assert.deepEqual(addresses.map(isStale), [false, true, true, true]);
    m.fence('sfence.vma', 'host', { address: large.input + 0x9000 });
    assert.deepEqual(addresses.map(isStale), [false, true, false, false]);
  });

  it('a fence of one address is also about accesses whose upper bits were masked', () => {
    const m = new Machine();
    m.r.setCsr('menvcfg', PMM);
    const [space] = m.spaces.spaces;
    const [leaf] = space!.leaves;
    const tag = 0x5a01n;
    m.access(space!, leaf!.input, tag);
    m.spaces.change(leaf!, leaf!.choices[1]!);
    assert.notEqual(m.access(space!, leaf!.input, tag), m.spaces.present(space!, leaf!.input));
    m.fence('sfence.vma', 'host', { address: leaf!.input });
    assert.equal(m.access(space!, leaf!.input, tag), m.spaces.present(space!, leaf!.input));
  });

  it('a fence of one address space or virtual machine leaves the others, and global mappings', () => {
    const m = new Machine();
    const { spaces } = m.spaces;
    const leafOf = (space: Space): Leaf => space.leaves[0]!;
    const globalOf = (space: Space): Leaf => space.leaves.find(({ global }) => global)!;
    for (const space of spaces) {
      for (const leaf of [leafOf(space), globalOf(space)]) m.access(space, leaf.input);
    }
    for (const space of spaces) {
      for (const leaf of [leafOf(space), globalOf(space)]) {
        m.spaces.change(
          leaf,
          leaf.choices.find((choice) => choice !== leaf.history.at(-1))!,
        );
      }
    }
    const stale = (leaf: (space: Space) => Leaf): string[] =>
      spaces
        .filter((s) => m.access(s, leaf(s).input) !== m.spaces.present(s, leaf(s).input))
        .map(({ name }) => name);
    const all = spaces.map(({ name }) => name);
    assert.deepEqual(stale(leafOf), all);
    assert.deepEqual(stale(globalOf), all);
    m.fence('sfence.vma', 'host', { space: 2 });
    const withoutHost2 = all.filter((name) => name !== 'host, ASID 2');
    assert.deepEqual(stale(leafOf), withoutHost2);
    assert.deepEqual(stale(globalOf), all);
    m.enter(spaces.find(({ name }) => name === 'VM 1, ASID 1')!);
    m.fence('hfence.vvma', 'guest', { space: 2 });
    const left = withoutHost2.filter((name) => name !== 'VM 1, ASID 2');
    assert.deepEqual(stale(leafOf), left);
    m.fence('hfence.gvma', 'guest physical', { space: 2 });
    assert.deepEqual(
      stale(leafOf),
      left.filter((name) => !name.startsWith('VM 2')),
    );
    m.fence('sfence.vma', 'host', {});
    assert.deepEqual(stale(globalOf), ['VM 1, ASID 1', 'VM 1, ASID 2']);
  });
});
