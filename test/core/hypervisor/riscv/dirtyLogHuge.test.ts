/** Dirty logs over pages of 1 GiB, and clearing by hand, with a guest that stores where it is told. */
import assert from 'node:assert/strict';
import { dirtyPages } from '../../../../src/core/hypervisor/dirtyLog.ts';
import { assemble, ram } from './realGuest.ts';
import { vmsOf, type OneVm } from './twoVms.ts';
import { walk } from './walk.ts';

const page = 4096;
const MiB2 = 1 << 21;
const GiB = 1 << 30;
const list = ram + 0x10_0000;
/** The page of the list has the counter of rounds too. */
const program = assemble(`
  li s0, ${list}
round:
  ld t0, 0(s0)             # how many
  beqz t0, round
  addi t1, s0, 16
1:
  ld t2, 0(t1)             # where; an odd address is only read
  addi t1, t1, 8
  andi t3, t2, 1
  bnez t3, 2f
  sw t0, 0(t2)
  j 3f
2:
  lbu t4, 0(t2)
3:
  addi t0, t0, -1
  bnez t0, 1b
  sd zero, 0(s0)
  ld t5, 8(s0)
  addi t5, t5, 1
  sd t5, 8(s0)
  j round
`);

class Guest {
  readonly one: OneVm;
  private rounds = 0n;

  constructor(ramSize: number) {
    const [one] = vmsOf([program], { ramSize });
    assert(one);
    this.one = one;
    this.store([], []);
  }

  get vm() {
    return this.one.vm;
  }

  setLogging(on: boolean): void {
    const region = this.vm.slots.get(0);
    assert(region);
    assert(this.vm.setUserMemoryRegion({ ...region, flags: on ? 1 : 0 }).ok);
  }

  /** Has the guest store to some places and read others; the pages that it has then stored to. */
  store(stores: readonly number[], loads: readonly number[]): number[] {
    const { memory, vcpu } = this.one;
    const host = (address: number) => 0x1_0000_0000 + (address - ram);
    const all = [...stores, ...loads.map((address) => address + 1), list + 1];
    all.forEach((a, i) => memory.write64(host(list + 16 + i * 8), BigInt(a)));
    memory.write64(host(list), BigInt(all.length));
    this.rounds++;
    for (let i = 0; this.one.word(list + 8) !== this.rounds; i++) {
      assert(i < 1000, 'the guest does not answer');
      assert.equal(vcpu.run(10_000).exit.kind, 'intr');
    }
    return pagesOf([list, ...stores]);
  }

  dirty(): number[] {
    const log = this.vm.getDirtyLog(0);
    assert(log.ok);
    return dirtyPages(log.value);
  }

  leaf(address: number) {
    const found = walk(this.one.memory, this.one.vcpu.hart.getCsr(0x680), BigInt(address));
    return found && { size: found.size, writable: (found.flags & 4n) !== 0n };
  }
}

function pagesOf(addresses: readonly number[]): number[] {
  const pages = addresses.map((a) => Math.floor((a - ram) / page));
  return [...new Set(pages)].sort((a, b) => a - b);
}

/** Words anywhere in the memory, the same in each run. */
function places(count: number, size: number, seed: number): number[] {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
  return Array.from({ length: count }, () => ram + Math.floor((next() / 2 ** 32) * (size / 8)) * 8);
}

describe('dirty log over 1 GiB pages', () => {
  const stores = places(60, GiB, 1);
  const loads = places(60, GiB, 2);
  const blocks = (addresses: readonly number[]) =>
    new Set(addresses.map((a) => Math.floor((a - ram) / MiB2))).size;

  it('yields exactly what was stored to, before and after it is read', () => {
    const g = new Guest(GiB);
    assert.deepEqual(g.leaf(list), { size: GiB, writable: true });
    g.setLogging(true);
    assert.deepEqual(g.leaf(list), { size: GiB, writable: false }, 'protected as a whole');
    const before = g.vm.mmuCounters;

    const written = g.store(stores, loads);
    assert.equal(written.length, new Set(pagesOf(stores)).size + 1);
    assert.deepEqual(g.dirty(), written);
    // 1 GiB once, and each block of 2 MiB that was stored to.
    assert.equal(g.vm.mmuCounters.splits - before.splits, 1 + blocks([list, ...stores]));
    assert.deepEqual(g.dirty(), []);

    const [a, b] = stores as [number, number];
    assert.deepEqual(g.leaf(a), { size: page, writable: false }, 'protected again');
    assert.deepEqual(g.dirty(), []);
    const again = g.store([a, b], stores.slice(2));
    assert.deepEqual(again, pagesOf([list, a, b]));
    assert.deepEqual(g.leaf(a), { size: page, writable: true });
    const other = stores.find((s) => !again.includes(Math.floor((s - ram) / page)));
    assert(other !== undefined);
    assert.deepEqual(g.leaf(other), { size: page, writable: false }, 'only read');
    assert.deepEqual(g.dirty(), again);
  });

  it('a block of 2 MiB that nobody stores to stays one read-only leaf', () => {
    const g = new Guest(GiB);
    g.setLogging(true);
    g.store([ram + 0x3000_0008], [ram + 0x1000_0000]);
    assert.deepEqual(g.leaf(ram + 0x3000_0000), { size: page, writable: true });
    assert.deepEqual(g.leaf(ram + 0x3000_1000), { size: page, writable: false });
    assert.deepEqual(g.leaf(ram + 0x3020_0000), { size: MiB2, writable: false });
    assert.deepEqual(g.leaf(ram + 0x1000_0000), { size: MiB2, writable: false });
  });

  it('once nothing is logged any more, it is one page of 1 GiB again', () => {
    const g = new Guest(GiB);
    g.setLogging(true);
    g.store(stores, []);
    g.setLogging(false);
    assert.deepEqual(g.leaf(stores[0]!), { size: GiB, writable: true });
    g.store(stores.slice(0, 3), []);
    assert.deepEqual(g.leaf(stores[0]!), { size: GiB, writable: true });
  });
});

for (const [name, size] of [
  ['2 MiB', 8 << 20],
  ['1 GiB', GiB],
] as const) {
  describe(`KVM_CLEAR_DIRTY_LOG over ${name} pages`, () => {
    const stores = places(30, size, 3).filter((address) => address > ram + 0x20_0000);
    const mask = (count: number, pages: readonly number[], first: number) => {
      const bytes = new Uint8Array(count / 8);
      for (const n of pages) bytes[(n - first) >> 3]! |= 1 << ((n - first) & 7);
      return bytes;
    };

    it('reading clears nothing; clearing by mask, and stores afterwards, are exact', () => {
      const g = new Guest(size);
      assert(g.vm.enableCap('MANUAL_DIRTY_LOG_PROTECT2', 1).ok);
      g.setLogging(true);
      const written = g.store(stores, []);
      assert.deepEqual([g.dirty(), g.dirty()], [written, written]);
      assert.deepEqual(g.leaf(stores[0]!), { size: page, writable: true });

      // Half of them, in ranges of 64 pages.
      const cleared = written.filter((_, i) => i % 2 === 0);
      for (const n of cleared) {
        const first = n - (n % 64);
        const here = cleared.filter((m) => m >= first && m < first + 64);
        assert(g.vm.clearDirtyLog(0, first, 64, mask(64, here, first)).ok);
      }
      const left = written.filter((_, i) => i % 2 === 1);
      assert.deepEqual(g.dirty(), left);
      const protectedNow = written.map((n) => !g.leaf(ram + n * page)!.writable);
      assert.deepEqual(
        protectedNow,
        written.map((_, i) => i % 2 === 0),
      );
      const again = g.store([ram + cleared.at(-1)! * page], []);
      assert.deepEqual(
        g.dirty(),
        [...new Set([...left, ...again])].sort((a, b) => a - b),
      );
    });

    it('initially set: everything at first, large and writable; after clearing, what is stored', () => {
      const g = new Guest(size);
      assert(g.vm.enableCap('MANUAL_DIRTY_LOG_PROTECT2', 3).ok);
      g.setLogging(true);
      assert.equal(g.dirty().length, size / page);
      assert.equal(g.leaf(list)?.writable, true);
      const all = new Uint8Array(size / page / 8).fill(255);
      assert(g.vm.clearDirtyLog(0, 0, size / page, all).ok);
      assert.deepEqual([g.dirty(), g.leaf(list)?.writable], [[], false]);
      const written = g.store(stores, []);
      assert.deepEqual(g.dirty(), written);
    });
  });
}
