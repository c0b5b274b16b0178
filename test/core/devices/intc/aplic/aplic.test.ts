import assert from 'node:assert/strict';
import * as r from '../../../../../src/core/devices/intc/aplic/registers.ts';
import { generator } from '../../qtest.ts';
import { byMessages, direct, registersOf, SOURCES, toHart } from './rig.ts';

const { Inactive, Detached, Edge1, Edge0, Level1, Level0 } = r.sourceMode;
const IE = r.domaincfgBits.IE;

describe('aplic, direct delivery', () => {
  it('keeps the pending bit of a level source equal to its rectified input', () => {
    for (const [mode, asserted] of [
      [Level1, true],
      [Level0, false],
    ] as const) {
      const { aplic, configure, pending, rectified, read, idc, write, target } = direct();
      aplic.source(5).set(!asserted);
      configure(5, mode);
      target(5, 1);
      write(r.setienum, 5);
      assert.deepEqual([pending(5), rectified(5)], [0, 0]);
      write(r.setipnum, 5);
      assert.equal(pending(5), 0, 'cannot be set by a write');
      aplic.source(5).set(asserted);
      assert.deepEqual([pending(5), rectified(5)], [1, 1]);
      write(r.clripnum, 5);
      write(r.in_clrip, 1 << 5);
      assert.equal(read(idc(0, r.idc.claimi)), (5 << 16) | 1);
      assert.equal(pending(5), 1, 'neither a write nor a claim clears it');
      aplic.source(5).set(!asserted);
      assert.equal(pending(5), 0);
    }
  });

  it('pends an edge source by its edge until it is claimed', () => {
    for (const [mode, first] of [
      [Edge1, true],
      [Edge0, false],
    ] as const) {
      const { aplic, configure, pending, read, idc, write, target } = direct();
      aplic.source(40).set(!first);
      configure(40, mode);
      target(40, 2);
      write(r.setienum, 40);
      aplic.source(40).set(first);
      aplic.source(40).set(!first);
      assert.equal(pending(40), 1);
      assert.equal(read(idc(0, r.idc.claimi)), (40 << 16) | 2);
      assert.equal(pending(40), 0);
      write(r.setipnum, 40);
      assert.equal(pending(40), 1);
      write(r.in_clrip + 4, 1 << 8);
      assert.equal(pending(40), 0);
    }
  });

  it('does not look at the wire of a detached source', () => {
    const { aplic, configure, pending, rectified, write } = direct();
    configure(3, Detached);
    aplic.source(3).set(true);
    assert.deepEqual([pending(3), rectified(3)], [0, 0]);
    write(r.setip, 1 << 3);
    assert.equal(pending(3), 1);
    aplic.source(3).set(false);
    assert.equal(pending(3), 1);
  });

  it('has nothing but zeros of an inactive source', () => {
    const { configure, target, write, read, pending, enabled } = direct();
    target(7, 0xffffffff);
    write(r.setipnum, 7);
    write(r.setienum, 7);
    assert.deepEqual([read(r.target + 28), pending(7), enabled(7)], [0, 0, 0]);
    configure(7, Detached);
    target(7, toHart(1, 2));
    write(r.setipnum, 7);
    write(r.setienum, 7);
    assert.deepEqual([read(r.target + 28), pending(7), enabled(7)], [toHart(1, 2), 1, 1]);
    for (const inactive of [Inactive, r.D, 2, 3]) {
      configure(7, Detached);
      write(r.setipnum, 7);
      configure(7, inactive);
      assert.deepEqual([read(r.target + 28), pending(7), enabled(7)], [0, 0, 0]);
    }
    assert.equal(read(r.sourcecfg + 28), 0, 'a reserved mode is not kept');
  });

  it('offers the smallest priority number and of equal ones the lowest source', () => {
    const { configure, target, write, read, idc } = direct();
    for (const [i, priority] of [
      [90, 2],
      [40, 3],
      [41, 2],
      [1, 7],
    ] as const) {
      configure(i, Detached);
      target(i, priority);
      write(r.setipnum, i);
      write(r.setienum, i);
    }
    const claims = [1, 2, 3, 4, 5].map(() => read(idc(0, r.idc.claimi)) >>> 16);
    assert.deepEqual(claims, [41, 90, 40, 1, 0]);
  });

  it('drives a hart when the domain, the hart and the threshold allow it', () => {
    const { configure, target, write, idc, lines } = direct();
    configure(9, Detached);
    target(9, toHart(1, 4));
    write(r.setipnum, 9);
    write(r.setienum, 9);
    const { machine, supervisor } = lines;
    const level = () => machine.map((line) => line.level);
    assert.deepEqual(level(), [false, false]);
    write(r.domaincfg, IE);
    assert.deepEqual(level(), [false, false]);
    write(idc(1, r.idc.idelivery), 1);
    assert.deepEqual(level(), [false, true]);
    write(idc(1, r.idc.ithreshold), 4);
    assert.deepEqual(level(), [false, false]);
    write(idc(1, r.idc.ithreshold), 5);
    assert.deepEqual(level(), [false, true]);
    write(r.clrienum, 9);
    assert.deepEqual(level(), [false, false]);
    assert.ok(supervisor.every((line) => !line.level));
  });

  it('forces a spurious interrupt until a claim finds none', () => {
    const { write, read, idc, lines } = direct();
    write(r.domaincfg, IE);
    write(idc(0, r.idc.iforce), 1);
    assert.ok(!lines.machine[0]!.level, 'idelivery is 0');
    write(idc(0, r.idc.idelivery), 1);
    assert.ok(lines.machine[0]!.level);
    assert.equal(read(idc(0, r.idc.claimi)), 0);
    assert.equal(read(idc(0, r.idc.iforce)), 0);
    assert.ok(!lines.machine[0]!.level);
  });

  it('gives a source to the domain that it is delegated to, and takes it back', () => {
    const { aplic, configure, lines } = direct();
    const s = registersOf(aplic.supervisor);
    s.configure(10, Level1);
    assert.equal(s.read(r.sourcecfg + 40), 0, 'not implemented there before');
    configure(10, r.D);
    s.configure(10, Level1);
    s.target(10, 1);
    s.write(r.setienum, 10);
    s.write(r.domaincfg, IE);
    s.write(s.idc(0, r.idc.idelivery), 1);
    aplic.source(10).set(true);
    assert.ok(lines.supervisor[0]!.level);
    assert.ok(!lines.machine[0]!.level);
    s.configure(11, r.D);
    assert.equal(s.read(r.sourcecfg + 44), 0, 'a leaf cannot delegate');
    configure(10, Level1);
    assert.ok(!lines.supervisor[0]!.level);
    assert.equal(s.read(r.sourcecfg + 40), 0);
    configure(10, r.D);
    assert.equal(s.read(r.sourcecfg + 40), 0, 'zero until it is written again');
  });

  it('has no registers for messages', () => {
    const { write, read } = direct();
    for (const offset of [r.mmsiaddrcfg, r.mmsiaddrcfgh, r.smsiaddrcfg, r.smsiaddrcfgh, r.genmsi]) {
      write(offset, 0xffffffff);
      assert.equal(read(offset), 0);
    }
    assert.equal(read(r.domaincfg), 0x80000000);
  });
});

describe('aplic, delivery by messages', () => {
  it('sends where machine-level and supervisor-level files are', () => {
    const { aplic, sent, configure, target, write } = byMessages();
    const s = registersOf(aplic.supervisor);
    configure(1, Detached);
    target(1, 0xffffffff); // hart index 0x3fff: LHXW says that one bit counts
    target(1, toHart(1, 0x3f000 | 77));
    configure(2, r.D);
    s.configure(2, Detached);
    s.target(2, toHart(1, (1 << r.GUEST_INDEX_SHIFT) | 5));
    for (const { write: to } of [{ write }, s]) {
      to(r.domaincfg, IE);
      to(r.setie, 0x6);
      to(r.setip, 0x6);
    }
    assert.deepEqual(sent, [
      [0x24001000, 77],
      [0x28003000, 5],
    ]);
  });

  it('uses groups of harts by HHXS and HHXW', () => {
    const { sent, write } = byMessages();
    // j = 2 bits of group at 2^24, k = 1 bit of hart: g = index >> 1.
    write(r.mmsiaddrcfgh, ((2 << 16) | (1 << 12) | 1) >>> 0);
    write(r.genmsi, toHart(0b101, 9));
    assert.deepEqual(sent, [[2 ** 44 + 0x24001000 + 2 * 2 ** 24, 9]]);
  });

  it('keeps an interrupt pending until it may be sent, and sends it once', () => {
    const { aplic, sent, configure, target, write, pending } = byMessages();
    configure(10, Level1);
    target(10, 33);
    aplic.source(10).set(true);
    write(r.setienum, 10);
    assert.deepEqual([sent.length, pending(10)], [0, 1]);
    write(r.domaincfg, IE);
    assert.deepEqual(sent, [[0x24000000, 33]]);
    assert.equal(pending(10), 0);
    write(r.clripnum, 10);
    write(r.setienum, 10);
    assert.equal(sent.length, 1);
    // Section 4.9.2: writing setipnum sends again while the wire is high, and not when it is low.
    write(r.setipnum, 10);
    assert.equal(sent.length, 2);
    aplic.source(10).set(false);
    write(r.setipnum, 10);
    assert.equal(sent.length, 2);
    aplic.source(10).set(true);
    assert.equal(sent.length, 3);
  });

  it('forgets a level that falls before it is sent', () => {
    const { aplic, configure, write, pending } = byMessages();
    configure(10, Level1);
    aplic.source(10).set(true);
    assert.equal(pending(10), 1);
    aplic.source(10).set(false);
    assert.equal(pending(10), 0);
    aplic.source(10).set(true);
    write(r.in_clrip, 1 << 10);
    assert.equal(pending(10), 0, 'by messages a write clears it');
  });

  it('sends an extempore message although the domain is off', () => {
    const { aplic, sent, read, write } = byMessages();
    write(r.genmsi, toHart(1, 0x3f800 | 200));
    assert.deepEqual(sent, [[0x24001000, 200]]);
    assert.equal(read(r.genmsi), toHart(1, 200), 'not busy');
    registersOf(aplic.supervisor).write(r.genmsi, toHart(1, 12));
    assert.deepEqual(sent[1], [0x28002000, 12]);
  });

  it('locks the addresses, and shows them in the root domain only', () => {
    const { aplic, read, write } = byMessages();
    const s = registersOf(aplic.supervisor);
    write(r.mmsiaddrcfgh, 0xffffffff);
    assert.equal(read(r.mmsiaddrcfgh), 0x9f77ffff);
    for (const offset of [r.mmsiaddrcfg, r.mmsiaddrcfgh, r.smsiaddrcfg, r.smsiaddrcfgh]) {
      const before = read(offset);
      write(offset, 0);
      assert.equal(read(offset), before);
      s.write(offset, 0x1234);
      assert.equal(s.read(offset), 0);
    }
    assert.equal(read(r.smsiaddrcfg), 0x28000);
    assert.equal(read(r.smsiaddrcfgh), 1 << 20);
  });

  it('has no guest index in the machine-level domain', () => {
    const { aplic, configure, target, read } = byMessages();
    configure(1, Detached);
    target(1, 0xffffffff);
    assert.equal(read(r.target + 4), 0xfffc07ff);
    configure(2, r.D);
    const s = registersOf(aplic.supervisor);
    s.configure(2, Detached);
    s.target(2, 0xffffffff);
    assert.equal(s.read(r.target + 8), 0xfffff7ff);
  });
});

describe('aplic', () => {
  it('ignores accesses that are not of an aligned word', () => {
    const { domain, write, read } = direct();
    write(r.domaincfg, IE);
    domain.write(r.domaincfg, 1, 0);
    domain.write(r.domaincfg, 2, 0);
    domain.write(r.domaincfg + 2, 4, 0);
    assert.equal(read(r.domaincfg), 0x80000100);
    assert.equal(domain.read(r.domaincfg, 2), 0);
  });

  it('goes on from its saved state, and refuses one that is not its own', () => {
    for (const make of [direct, byMessages]) {
      const { aplic, domain } = make();
      const random = generator(3);
      for (let i = 0; i < 3000; i++) {
        const region = random(2) === 0 ? domain : aplic.supervisor;
        const offset = 4 * random(r.IDC / 4 + 32);
        const value = random(2) === 0 ? random(12) : random(2 ** 32);
        region.write(offset === r.mmsiaddrcfgh ? 0 : offset, 4, value);
        aplic.source(1 + random(SOURCES)).set(random(2) === 0);
      }
      const saved = aplic.save();
      const fresh = make();
      fresh.aplic.restore(structuredClone(saved));
      assert.deepEqual(fresh.aplic.save(), saved);
      for (let offset = 0; offset < r.IDC + 128; offset += 4) {
        if (offset % 32 === 28 && offset > r.IDC) continue;
        assert.equal(fresh.domain.read(offset, 4), domain.read(offset, 4), offset.toString(16));
      }
    }
    const other = byMessages().aplic.save();
    assert.throws(() => direct().aplic.restore(other), /aplic/);
  });
});
