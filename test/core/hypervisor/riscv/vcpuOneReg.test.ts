import assert from 'node:assert/strict';
import {
  u32,
  ones,
  reg,
  pc,
  a0,
  mode,
  sstatus,
  sip,
  siselect,
  sstateen0,
  isa,
  frequency,
  time,
  f0OfF,
  f0OfD,
  fcsrOfD,
  extA,
  dbcn,
  vlenb,
  v0,
  shmemLo,
  misaligned,
  isaExt,
  sbiExt,
  make,
  range,
} from './oneRegRig.ts';
import { ramBase } from './rig.ts';

describe('ONE_REG', () => {
  it('has the worked ids', () => {
    const all = make({ letters: 'imafdch', sstc: true });
    all.hart.setX(10, 0x55n);
    all.hart.setCsr(0x200, 0x100n);
    assert.deepEqual([pc, a0, sstatus, isa, frequency].map(all.get), [
      BigInt(ramBase),
      0x55n,
      0x100n,
      0x112dn,
      10_000_000n,
    ]);
    assert.deepEqual([f0OfF, f0OfD, fcsrOfD, extA, dbcn].map(all.get), [0n, 0n, 0n, 1n, 1n]);
    assert.deepEqual([shmemLo, misaligned].map(all.get), [ones, 1n]);
    const absent = [siselect, sstateen0, vlenb, v0];
    for (const id of absent) {
      assert.deepEqual([all.get(id), all.set(id, 0n)], ['ENOENT', 'ENOENT'], id.toString(16));
    }
  });

  /** The base list of the kernel's get-reg-list selftest, and its sublists for extensions. */
  it('lists what there is, in the kernel’s order, and all of it can be read', () => {
    const base = [
      ...[0, 2, 3, 4, 6].map((i) => reg(1, i)),
      ...range(2, 0, 32),
      ...range(3, 0, 10),
      ...range(4, 0, 3),
    ];
    // A C H I M, Sstc, Zicntr, Zicsr, Zifencei, Zihpm, Zca, Zaamo, Zalrsc.
    const isaIds = [0, 1, 4, 5, 6, 8, 19, 20, 21, 22, 56, 69, 70];
    const { vcpu, get } = make({ sstc: true });
    const list = vcpu.getRegList();
    const upTo = base.length + isaIds.length;
    assert.deepEqual(list.slice(0, upTo), [...base, ...isaIds.map(isaExt)]);
    // Steal time's address, and misaligned delegation: enable, flags, value.
    const states = [reg(10, 0), reg(10, 1), ...[0, 1, 2].map((i) => reg(10, i, 1))];
    assert.deepEqual(list.slice(upTo), [...range(8, 0, 12), ...states]);
    for (const id of list) assert.equal(typeof get(id), 'bigint', id.toString(16));
  });

  it('lists what the harts have beyond that', () => {
    const plain = new Set(make().vcpu.getRegList());
    const names = ['zicbom', 'zicboz', 'zicbop', 'zba', 'ssaia', 'smstateen'];
    const more = make({ letters: 'imafdch', extensions: names });
    const added = more.vcpu.getRegList().filter((id) => !plain.has(id));
    assert.deepEqual(added, [
      ...[reg(1, 1), reg(1, 5), reg(1, 7)],
      ...[0, 1, 2, 3, 4, 5, 6].map((i) => reg(3, i, 1)),
      reg(3, 0, 2),
      ...range(5, 0, 32, u32),
      ...range(6, 0, 31),
      fcsrOfD,
      ...[2, 3, 11, 12, 14, 17, 23, 71].map(isaExt),
    ]);
  });

  it('sizes: ulong, u64 for the timer, u32 for F and for fcsr', () => {
    const { get, set } = make({ letters: 'imafdch' });
    const narrow = (id: bigint) => (id & ~(0xfn << 52n)) | (2n << 52n);
    for (const id of [pc, isa, sstatus, frequency, f0OfD, extA, dbcn]) {
      assert.deepEqual([get(narrow(id)), set(narrow(id), 0n)], ['EINVAL', 'EINVAL']);
    }
    assert.equal(get(f0OfF | (1n << 52n)), 'EINVAL');
    assert.equal(get(fcsrOfD | (1n << 52n)), 'EINVAL');
  });

  it('what is in no group or behind its end: ENOENT', () => {
    const { get, set } = make();
    const ids = [reg(0, 0), reg(9, 0), reg(11, 0), reg(1, 8), reg(2, 33), reg(3, 11), reg(4, 4)];
    ids.push(reg(3, 0, 3), reg(10, 2), reg(10, 6, 1), reg(10, 3, 1));
    ids.push(isaExt(78), sbiExt(14), reg(7, 2, 1), reg(8, 1, 2), reg(7, 0, 3), reg(2, 0, 1));
    // Upper bits of the number, which no register has.
    ids.push(pc | (1n << 32n));
    for (const id of [...ids, f0OfF, f0OfD, fcsrOfD, reg(1, 1)]) {
      assert.deepEqual([get(id), set(id, 0n)], ['ENOENT', 'ENOENT'], id.toString(16));
    }
  });

  it('core registers: pc first, then x1 to x31, then the mode', () => {
    const { hart, get, set } = make();
    for (let i = 1; i < 32; i++) {
      assert.equal(set(reg(2, i), BigInt(i) << 40n), 'ok');
      assert.equal(hart.getX(i), BigInt(i) << 40n);
    }
    set(pc, 0x8000_1234n);
    assert.equal(hart.pc, 0x8000_1234n);
    assert.equal(get(mode), 1n);
    set(mode, 0n);
    assert.deepEqual([get(mode), hart.privilege, hart.virtualized], [0n, 0, true]);
  });

  it('CSRs are the guest’s, and sip is hvip in S-level positions', () => {
    const { hart, get, set } = make();
    const numbers = [0x200, 0x204, 0x205, 0x240, 0x241, 0x242, 0x243, 0, 0x280, 0x106, 0x10a];
    numbers.forEach((number, index) => {
      if (number === 0) return;
      assert.equal(set(reg(3, index), 0x222n), 'ok');
      assert.equal(hart.getCsr(number), 0x222n);
      assert.equal(get(reg(3, index)), 0x222n);
    });
    hart.setCsr(0x645, 0x404n);
    assert.equal(get(sip), 0x202n);
    set(sip, ones);
    assert.equal(hart.getCsr(0x645), 0x444n);
  });

  it('AIA’s CSRs are there with Ssaia, which Smstateen can keep from the guest', () => {
    const { hart, get, set } = make({ extensions: ['ssaia', 'smstateen'] });
    const numbers = [0x250, 0x646, 0x647];
    numbers.forEach((number, i) => {
      assert.equal(set(reg(3, i, 1), 0x35n), 'ok');
      assert.deepEqual([hart.getCsr(number), get(reg(3, i, 1))], [0x35n, 0x35n]);
    });
    // The upper halves of RV32's registers.
    for (const i of [3, 4, 5, 6]) {
      assert.deepEqual([set(reg(3, i, 1), ones), get(reg(3, i, 1))], ['ok', 0n]);
    }
    assert.equal(set(sstateen0, 0x7n), 'ok');
    assert.deepEqual([hart.getCsr(0x10c), get(sstateen0)], [0x7n, 0x7n]);
    assert.deepEqual([get(reg(3, 7, 1)), get(reg(3, 1, 2))], ['ENOENT', 'ENOENT']);
    assert.equal(set(isaExt(14), 0n), 'ok');
    assert.deepEqual([get(siselect), set(siselect, 0n)], ['ENOENT', 'ENOENT']);
    assert.equal(set(isaExt(23), 0n), 'ok');
    assert.deepEqual([get(sstateen0), set(sstateen0, 0n)], ['ENOENT', 'ENOENT']);
  });

  it('floating point: F is the low half of D, boxed when it is written', () => {
    const { hart, get, set } = make({ letters: 'imafdch' });
    set(reg(6, 10), 0x1122_3344_5566_7788n);
    assert.equal(get(reg(5, 10, 0, u32)), 0x5566_7788n);
    assert.equal(hart.readRegister('fa0'), 0x1122_3344_5566_7788n);
    set(reg(5, 31, 0, u32), 0x3f80_0000n);
    assert.equal(hart.readRegister('ft11'), 0xffff_ffff_3f80_0000n);
    set(reg(5, 32, 0, u32), 0x1fn);
    assert.equal(get(fcsrOfD), 0x1fn);
    // Switched off, they are no longer there, and the guest's FP traps.
    assert.equal(set(isaExt(2), 0n), 'ok');
    assert.deepEqual([get(f0OfD), get(f0OfF)], ['ENOENT', 0n]);
    assert.equal(set(isaExt(3), 0n), 'ok');
    assert.deepEqual([get(f0OfF), hart.getCsr(0x100) & 0x6000n], ['ENOENT', 0n]);
    assert.equal(set(isaExt(3), 1n), 'ok');
    assert.equal(hart.getCsr(0x100) & 0x6000n, 0x2000n);
  });

  it('extensions: on, off, and what no control bit can keep from a guest', () => {
    const { hart, get, set } = make({ extensions: ['zicboz', 'zba'] });
    assert.deepEqual([get(isaExt(12)), get(isaExt(17)), get(isaExt(4))], [1n, 1n, 0n]);
    assert.equal(hart.getCsr(0x60a) & 0x80n, 0x80n);
    assert.equal(set(isaExt(12), 0n), 'ok');
    assert.deepEqual([get(isaExt(12)), hart.getCsr(0x60a) & 0x80n], [0n, 0n]);
    assert.equal(set(isaExt(12), 2n), 'EINVAL');
    assert.equal(set(isaExt(17), 0n), 'EINVAL', 'Zba');
    assert.equal(set(isaExt(4), 1n), 'EINVAL', 'H');
    assert.equal(set(isaExt(13), 0n), 'ENOENT', 'Zbb');
    assert.equal(get(reg(7, 0, 1)), 0x7a_0063n | (1n << 56n));
  });

  it('extensions by words: what cannot be done is left undone', () => {
    const { get, set } = make({ extensions: ['zicboz', 'zicbom', 'svade'] });
    const before = get(reg(7, 0, 1));
    assert(typeof before === 'bigint');
    assert.equal(get(reg(7, 0, 2)), ones - before);
    assert.equal(set(reg(7, 0, 2), ones), 'ok');
    assert.equal(get(reg(7, 0, 1)), before & ~((1n << 11n) | (1n << 12n)));
    assert.equal(set(reg(7, 0, 1), 1n << 12n), 'ok');
    assert.equal(get(reg(7, 0, 1)), before & ~(1n << 11n));
    const word1 = get(reg(7, 1, 1));
    assert.equal(word1, (1n << 0n) | (1n << 5n) | (1n << 6n), 'Svade, Zaamo, Zalrsc');
  });

  it('CONFIG isa: letters only, silently what is possible', () => {
    const { get, set } = make({ letters: 'imafdch' });
    assert.equal(set(isa, 1n << 26n), 'EINVAL');
    assert.equal(set(isa, 0n), 'ok');
    assert.equal(get(isa), 0x1105n, 'A, C, I, M stay');
    assert.equal(set(isa, 0x3ff_ffffn), 'ok');
    assert.equal(get(isa), 0x112dn);
  });

  it('what is the host’s can only be confirmed', () => {
    const { get, set } = make({ extensions: ['zicbom'] });
    for (const id of [reg(1, 1), reg(1, 6), frequency]) {
      const now = get(id);
      assert(typeof now === 'bigint');
      assert.deepEqual([set(id, now), set(id, now + 1n)], ['ok', 'EINVAL']);
    }
    assert.equal(get(reg(1, 1)), 64n);
  });

  it('after the first run what was settled stays: EBUSY', () => {
    const { vcpu, get, set } = make({ extensions: ['zicboz'] });
    assert.equal(set(reg(1, 2), 77n), 'ok');
    vcpu.run(1);
    assert.deepEqual([set(reg(1, 2), 77n), set(reg(1, 2), 78n)], ['ok', 'EBUSY']);
    const now = get(isa);
    assert(typeof now === 'bigint');
    assert.deepEqual([set(isa, now), set(isa, 0n)], ['ok', 'EBUSY']);
    assert.deepEqual([set(isaExt(12), 1n), set(isaExt(12), 0n)], ['ok', 'EBUSY']);
    assert.deepEqual([set(sbiExt(1), 1n), set(sbiExt(1), 0n)], ['EBUSY', 'EBUSY']);
    assert.equal(set(reg(8, 0, 2), 1n), 'EBUSY');
    assert.deepEqual([set(pc, 4n), set(sstatus, 0n), set(time, 5n)], ['ok', 'ok', 'ok']);
  });
});
