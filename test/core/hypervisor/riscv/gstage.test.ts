import assert from 'node:assert/strict';
import { PageAllocator } from '../../../../src/core/hypervisor/pageAllocator.ts';
import {
  Gstage,
  gstageModeFor,
  leafSizeFor,
  sv32x4,
  sv39x4,
  sv48x4,
  sv57x4,
  type GstageMode,
} from '../../../../src/core/hypervisor/riscv/gstage.ts';
import { backing, hostBase, hostMemory, ramBase, rig, tableSize } from './rig.ts';
import { walk } from './walk.ts';

const KiB4 = 4096;
const MiB2 = 1 << 21;
const GiB1 = 1 << 30;

function make(mode: GstageMode, size = tableSize) {
  const memory = hostMemory();
  const pages = new PageAllocator(memory, { base: hostBase, size });
  const gstage = Gstage.create(memory, pages, mode);
  assert(gstage);
  return { memory, gstage, hgatp: gstage.hgatp(5) };
}

describe('G-stage tables', () => {
  for (const mode of [sv39x4, sv48x4, sv57x4]) {
    it(`${mode.name}: pages of each size, read back by a walk from hgatp`, () => {
      const { memory, gstage, hgatp } = make(mode);
      assert.equal((hgatp >> 44n) & 0x3fffn, 5n);
      // Addresses beyond 2^53 are no whole numbers any more.
      const top = 2 ** Math.min(mode.gpaBits, 53);
      const cases = [
        [0, 0x8020_0000, KiB4],
        [0x8000_0000, 0x8040_0000, MiB2],
        [0x8020_1000, 0x8033_3000, KiB4],
        [0x1_4000_0000, 0x4000_0000, GiB1],
        [top - KiB4, 0x8010_0000, KiB4],
        [top - 2 * GiB1, 0xc000_0000, GiB1],
      ] as const;
      for (const [gpa, hpa, size] of cases) assert(gstage.map(gpa, hpa, size, true));
      for (const [gpa, hpa, size] of cases) {
        for (const offset of [0, 8, size - 1]) {
          assert.deepEqual(walk(memory, hgatp, BigInt(gpa + offset)), {
            address: hpa + offset,
            size,
            // V R W X U A D: KVM presets A and D.
            flags: 0xdfn,
          });
          assert.equal(gstage.lookup(gpa + offset)?.hostAddress, hpa + offset);
        }
      }
      assert.equal(walk(memory, hgatp, 0x1000n), undefined);
      assert.equal(walk(memory, hgatp, 0x8020_0000n), undefined);
    });
  }

  it('Sv32x4: pages of 4 KiB and 4 MiB up to 16 GiB, split and merged', () => {
    const { memory, gstage, hgatp } = make(sv32x4);
    const at = (gpa: number) => walk(memory, hgatp, BigInt(gpa), 32);
    const MiB4 = 2 * MiB2;
    // "MODE VMID[6:0] 0 PPN" at bits 31, 28:22 and 21:0.
    assert.equal(hgatp >> 22n, (1n << 9n) | 5n);
    const cases = [
      [0x8000_0000, 0x1_8000_0000, MiB4],
      [0, 0x8020_0000, KiB4],
      [0x8040_1000, 0x3_0033_3000, KiB4],
      [2 ** 34 - KiB4, 0x8010_0000, KiB4],
      [2 ** 34 - 2 * MiB4, 0x3_c000_0000, MiB4],
    ] as const;
    for (const [gpa, hpa, size] of cases) assert(gstage.map(gpa, hpa, size, true));
    for (const [gpa, hpa, size] of cases) {
      for (const offset of [0, 8, size - 1]) {
        assert.deepEqual(at(gpa + offset), { address: hpa + offset, size, flags: 0xdfn });
        assert.equal(gstage.lookup(gpa + offset)?.hostAddress, hpa + offset);
      }
    }
    assert.equal(at(0x8040_0000), undefined);
    assert(gstage.map(0x8000_5000, 0x8030_0000, KiB4, false));
    assert.deepEqual(at(0x8000_5000), { address: 0x8030_0000, size: KiB4, flags: 0xdbn });
    assert.deepEqual(at(0x803f_f123), { address: 0x1_803f_f123, size: KiB4, flags: 0xdfn });
    assert.equal(gstage.isSplit(0x8000_0000, MiB4), true);
    assert(gstage.map(0x8000_0000, 0x1_8000_0000, MiB4, true));
    assert.deepEqual([gstage.splits, gstage.merges, at(0x8000_5000)?.size], [1, 1, MiB4]);
    assert.equal(gstage.unmap(0x8000_0000, 2 * MiB4), true);
    assert.deepEqual([at(0x8000_0000), at(0x8040_1000)], [undefined, undefined]);
  });

  it('read-only pages have no W', () => {
    const { memory, gstage, hgatp } = make(sv39x4);
    gstage.map(0x2000, 0x8020_0000, KiB4, false);
    assert.equal(walk(memory, hgatp, 0x2000n)?.flags, 0xdbn);
    assert.equal(gstage.lookup(0x2000)?.writable, false);
  });

  it('unmaps every leaf of a range and nothing beside it', () => {
    const { memory, gstage, hgatp } = make(sv39x4);
    gstage.map(0x1000, 0x8020_0000, KiB4, true);
    gstage.map(0x2000, 0x8020_1000, KiB4, true);
    gstage.map(MiB2, 0x8040_0000, MiB2, true);
    gstage.map(GiB1, 0x8000_0000, GiB1, true);
    gstage.map(2 * GiB1, 0x8000_0000, GiB1, true);
    assert.equal(gstage.unmap(0x2000, 2 * GiB1 - 0x2000), true);
    assert(walk(memory, hgatp, 0x1000n));
    assert.equal(walk(memory, hgatp, 0x2000n), undefined);
    assert.equal(walk(memory, hgatp, BigInt(MiB2)), undefined);
    assert.equal(walk(memory, hgatp, BigInt(GiB1)), undefined);
    assert(walk(memory, hgatp, BigInt(2 * GiB1)));
    assert.equal(gstage.unmap(0x2000, GiB1), false);
  });

  it('a larger page replaces the tables below it and gives their pages back', () => {
    // Root, two tables below it, and not one page more.
    const { memory, gstage, hgatp } = make(sv39x4, 16384 + 2 * KiB4);
    assert(gstage.map(0x1000, 0x8020_0000, KiB4, true));
    assert.equal(gstage.map(GiB1, 0x8020_0000, KiB4, true), false, 'no page for another table');
    assert(gstage.map(0, 0x8040_0000, MiB2, true));
    assert.equal(walk(memory, hgatp, 0x1000n)?.size, MiB2);
    assert(gstage.map(MiB2, 0x8060_0000, KiB4, true), 'the freed page serves again');
  });

  it('a smaller page splits a larger one, which goes on mapping the rest', () => {
    for (const mode of [sv39x4, sv48x4]) {
      const { memory, gstage, hgatp } = make(mode);
      assert(gstage.map(GiB1, 5 * GiB1, GiB1, false));
      const odd = GiB1 + 7 * MiB2 + 13 * KiB4;
      assert(gstage.map(odd, 0x8030_0000, KiB4, true));
      assert.equal(gstage.splits, 2);
      assert.deepEqual(walk(memory, hgatp, BigInt(odd)), {
        address: 0x8030_0000,
        size: KiB4,
        flags: 0xdfn,
      });
      const rest = [
        [GiB1, MiB2],
        [odd - KiB4, KiB4],
        [odd + KiB4, KiB4],
        [GiB1 + 8 * MiB2 - 1, KiB4],
        [GiB1 + 8 * MiB2, MiB2],
        [2 * GiB1 - 1, MiB2],
      ] as const;
      for (const [gpa, size] of rest) {
        const found = walk(memory, hgatp, BigInt(gpa));
        assert.deepEqual(found, { address: gpa + 4 * GiB1, size, flags: 0xdbn });
      }
      // And back: the tables are given up.
      assert.equal(gstage.isSplit(GiB1, GiB1), true);
      assert(gstage.map(GiB1, 5 * GiB1, GiB1, true));
      assert.equal(gstage.isSplit(GiB1, GiB1), false);
      assert.deepEqual([gstage.merges, walk(memory, hgatp, BigInt(odd))?.size], [1, GiB1]);
    }
  });

  it('a leaf that cannot be split for want of a page stays as it is', () => {
    const { memory, gstage, hgatp } = make(sv39x4, 16384 + KiB4);
    assert(gstage.map(0, 0x8040_0000, MiB2, true));
    assert.equal(gstage.map(0x1000, 0x8020_0000, KiB4, true), false);
    assert.equal(walk(memory, hgatp, 0x1000n)?.size, MiB2);
  });

  it('write protection takes W and nothing else, from every leaf that maps some of the range', () => {
    const { memory, gstage, hgatp } = make(sv39x4);
    gstage.map(MiB2, 0x8040_0000, MiB2, true);
    gstage.map(2 * MiB2, 0x8060_0000, KiB4, true);
    gstage.map(2 * MiB2 + KiB4, 0x8060_1000, KiB4, true);
    assert.equal(gstage.writeProtect(2 * MiB2 - KiB4, 2 * KiB4), 2);
    const flags = (gpa: number) => walk(memory, hgatp, BigInt(gpa))?.flags;
    assert.deepEqual([MiB2, 2 * MiB2, 2 * MiB2 + KiB4].map(flags), [0xdbn, 0xdbn, 0xdfn]);
    assert.equal(gstage.writeProtect(2 * MiB2 - KiB4, 2 * KiB4), 0);
  });

  it('has no root when there is no memory for one', () => {
    const memory = hostMemory();
    const pages = new PageAllocator(memory, { base: hostBase, size: 8192 });
    assert.equal(Gstage.create(memory, pages, sv39x4), undefined);
  });

  it('chooses the narrowest mode that holds the addresses', () => {
    assert.equal(gstageModeFor(32, 64), sv39x4);
    assert.equal(gstageModeFor(41, 64), sv39x4);
    assert.equal(gstageModeFor(42, 64), sv48x4);
    assert.equal(gstageModeFor(50, 64), sv48x4);
    assert.equal(gstageModeFor(51, 64), sv57x4);
    assert.equal(gstageModeFor(59, 64), sv57x4);
    assert.equal(gstageModeFor(60, 64), undefined);
    assert.equal(gstageModeFor(34, 32), sv32x4);
    assert.equal(gstageModeFor(35, 32), undefined);
  });

  function leaf(
    name: string,
    slot: [number, number, number],
    gpa: number,
    expected: number,
    xlen: 32 | 64 = 64,
  ) {
    const [guestPhysAddr, memorySize, userspaceAddr] = slot;
    it(`leaf size: ${name}`, () => {
      assert.equal(leafSizeFor({ guestPhysAddr, memorySize, userspaceAddr }, gpa, xlen), expected);
    });
  }
  leaf('1 GiB', [GiB1, 2 * GiB1, 5 * GiB1], GiB1 + 5, GiB1);
  leaf('2 MiB at the end of a slot', [GiB1, GiB1 + MiB2, 5 * GiB1], 2 * GiB1, MiB2);
  leaf('2 MiB where alignment differs by one', [GiB1, GiB1, GiB1 + MiB2], GiB1, MiB2);
  leaf('4 KiB where it differs by a page', [GiB1, GiB1, GiB1 + KiB4], GiB1, KiB4);
  leaf('4 MiB on RV32', [GiB1, 2 * GiB1, 5 * GiB1], GiB1 + 5, 2 * MiB2, 32);
  leaf('4 KiB before the first whole 2 MiB', [MiB2 + KiB4, MiB2, GiB1 + KiB4], MiB2 + KiB4, KiB4);
});

describe('guest memory through faults', () => {
  it('maps what the guest touches and runs on', () => {
    const { vcpu, hart, memory, exits } = rig();
    const hgatp = hart.getCsr(0x680);
    hart.script.push((h) => h.trap(21, { tval: 0xffff_0123n, gpa: 0x8040_0123n }));
    hart.script.push((h) => h.trap(20, { tval: 0x8000_0000n, gpa: 0x8000_0000n }));
    const { exit, consumed } = vcpu.run(10);
    assert.deepEqual([exit.kind, consumed], ['intr', 10]);
    const found = walk(memory, hgatp, 0x8040_0123n);
    assert.equal(found?.address, backing + 0x40_0123);
    assert.equal(found?.size, MiB2);
    assert.equal(walk(memory, hgatp, 0x8060_0000n), undefined);
    assert.deepEqual(
      exits.map((e) => e.kind),
      ['guest-page-fault', 'guest-page-fault'],
    );
    assert.match(
      exits[0]?.text() ?? '',
      /^load at 0x80400123: 2 MiB page 0x80400000 → 0x80600000$/,
    );
    assert.equal(hart.skipped, 1, 'the load begins again, the fetch had not begun');
  });

  it('fences when a slot goes, and not when a page comes', () => {
    const { vcpu, hart, vm, memory } = rig();
    hart.script.push((h) => h.trap(21, { gpa: BigInt(ramBase) }));
    const before = hart.fences.gvma;
    vcpu.run(1);
    assert.equal(hart.fences.gvma, before);
    const gone = vm.setUserMemoryRegion({
      slot: 0,
      flags: 0,
      guestPhysAddr: 0,
      memorySize: 0,
      userspaceAddr: 0,
      name: '',
    });
    assert(gone.ok);
    assert.equal(hart.fences.gvma, before + 1);
    assert.equal(walk(memory, hart.getCsr(0x680), BigInt(ramBase)), undefined);
  });

  /** Maps a page at `address`, which the next narrower mode does not hold; `mode` is hgatp's. */
  function mapsWide(gpaBits: number, address: number, mode: bigint): void {
    const { hart, memory, vm, vcpu } = rig({ gpaBits });
    const high = vm.setUserMemoryRegion({
      slot: 1,
      flags: 0,
      guestPhysAddr: address,
      memorySize: MiB2,
      userspaceAddr: backing,
      name: 'high',
    });
    assert(high.ok);
    hart.script.push((h) => h.trap(23, { gpa: BigInt(address + 4096) }));
    vcpu.run(1);
    assert.equal(hart.getCsr(0x680) >> 60n, mode);
    assert.equal(walk(memory, hart.getCsr(0x680), BigInt(address))?.address, backing);
    assert.throws(() => rig({ gpaBits, widestMode: mode - 1n }));
  }

  it('uses Sv48x4 for addresses that Sv39x4 does not hold, where the hart has it', () => {
    mapsWide(50, 2 ** 45, 9n);
  });

  it('uses Sv57x4 for what Sv48x4 does not hold', () => {
    mapsWide(59, 2 ** 52, 10n);
  });
});
