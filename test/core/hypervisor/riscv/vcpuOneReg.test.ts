import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { CallRule } from '../../../../src/core/hypervisor/callPolicy.ts';
import type { Result } from '../../../../src/core/hypervisor/errno.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import type { Vcpu } from '../../../../src/core/hypervisor/vcpu.ts';
import { FakeHart, type FakeHartOptions } from './fakeHart.ts';
import { assemble, ram, realGuest, runToEnd } from './realGuest.ts';
import { hostBase, hostMemory, ramBase, tableSize } from './rig.ts';

const u32 = 0x8020_0000_0000_0000n;
const u64 = 0x8030_0000_0000_0000n;
const ones = 2n ** 64n - 1n;
const reg = (type: number, index: number, subtype = 0, size = u64) =>
  size | BigInt(type * 2 ** 24 + subtype * 2 ** 16 + index);

/** By number, from the uapi headers; each is what strace of a VMM would show. */
const pc = 0x8030000002000000n;
const a0 = 0x803000000200000an;
const mode = reg(2, 32);
const sstatus = 0x8030000003000000n;
const sip = reg(3, 7);
const siselect = 0x8030000003010000n;
const sstateen0 = 0x8030000003020000n;
const isa = 0x8030000001000000n;
const frequency = 0x8030000004000000n;
const time = frequency + 1n;
const compare = frequency + 2n;
const state = frequency + 3n;
const f0OfF = 0x8020000005000000n;
const f0OfD = 0x8030000006000000n;
const fcsrOfD = 0x8020000006000020n;
const extA = 0x8030000007000000n;
const dbcn = 0x8030000008000009n;
const vlenb = 0x8030000009000004n;
const v0 = 0x8040000009000006n;
const shmemLo = 0x803000000a000000n;
const misaligned = 0x803000000a010000n;
const isaExt = (id: number) => reg(7, id);
const sbiExt = (id: number) => reg(8, id);

/** A hart with the floating-point registers that the other fake one lacks. */
class FloatHart extends FakeHart {
  private readonly floats = new Map<string, bigint>();
  override readRegister(name: string): bigint | undefined {
    return isFloat(name) ? (this.floats.get(name) ?? 0n) : super.readRegister(name);
  }
  override writeRegister(name = '', value = 0n): bigint | undefined {
    if (!isFloat(name)) return super.writeRegister();
    this.floats.set(name, value);
    return value;
  }
}

function isFloat(name: string): boolean {
  return /^f([ts]?\d+|a[0-7]|csr|[ts]1?\d)$/.test(name);
}

interface Options extends FakeHartOptions {
  readonly letters?: string;
  readonly extensions?: readonly string[];
  readonly calls?: readonly CallRule[];
  readonly harts?: number;
}

function make(options: Options = {}) {
  const clock = new VirtualClock();
  const misa = [...(options.letters ?? 'imach')].reduce(
    (bits, l) => bits | (1n << BigInt(l.charCodeAt(0) - 97)),
    2n << 62n,
  );
  const harts = Array.from(
    { length: options.harts ?? 1 },
    (_, id) => new FloatHart(id, clock, options),
  );
  for (const hart of harts) {
    const reset = hart.reset.bind(hart);
    hart.reset = () => {
      reset();
      hart.setCsr(0x301, misa);
    };
  }
  const memory = hostMemory();
  const arch = new RiscvHypervisor({
    harts,
    memory,
    clock,
    tables: { base: hostBase, size: tableSize },
    extensions: new Set(options.extensions),
  });
  const vm = new HypervisorSystem(memory, arch).createVm({
    calls: options.calls ?? [],
    answers: () => true,
  });
  assert(vm.ok);
  const vcpus = harts.map((h) => {
    const vcpu = vm.value.createVcpu(h.id);
    assert(vcpu.ok);
    return vcpu.value;
  });
  const [vcpu] = vcpus;
  const [hart] = harts;
  assert(vcpu && hart);
  vcpu.setBoot(BigInt(ramBase), 0n);
  return { clock, hart, harts, vcpu, vcpus, ...access(vcpu) };
}

function access(vcpu: Vcpu) {
  return {
    get: (id: bigint) => value(vcpu.getOneReg(id)),
    set: (id: bigint, v: bigint) => value(vcpu.setOneReg(id, v)) ?? 'ok',
  };
}

function value<T>(result: Result<T>) {
  return result.ok ? result.value : result.errno;
}

function range(type: number, from: number, to: number, size = u64): bigint[] {
  return Array.from({ length: to - from + 1 }, (_, i) => reg(type, from + i, 0, size));
}

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
    const absent = [siselect, sstateen0, vlenb, v0, shmemLo, misaligned];
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
    // A C H I M, Sstc, Zicntr, Zicsr, Zifencei, Zihpm, Zca, Svade, Zaamo, Zalrsc.
    const isaIds = [0, 1, 4, 5, 6, 8, 19, 20, 21, 22, 56, 64, 69, 70];
    const { vcpu, get } = make({ sstc: true });
    const list = vcpu.getRegList();
    const upTo = base.length + isaIds.length;
    assert.deepEqual(list.slice(0, upTo), [...base, ...isaIds.map(isaExt)]);
    const sbi = list.slice(upTo);
    assert(sbi.every((id) => id >> 24n === u64 >> 24n || (id >> 24n) % 256n === 8n));
    for (const id of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      assert(sbi.includes(sbiExt(id)), `SBI ${id}`);
    for (const id of list) assert.equal(typeof get(id), 'bigint', id.toString(16));
  });

  it('lists what the harts have beyond that', () => {
    const plain = new Set(make().vcpu.getRegList());
    const more = make({ letters: 'imafdch', extensions: ['zicbom', 'zicboz', 'zicbop', 'zba'] });
    const added = more.vcpu.getRegList().filter((id) => !plain.has(id));
    assert.deepEqual(added, [
      ...[reg(1, 1), reg(1, 5), reg(1, 7)],
      ...range(5, 0, 32, u32),
      ...range(6, 0, 31),
      fcsrOfD,
      ...[2, 3, 11, 12, 17, 71].map(isaExt),
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
    const ids = [reg(0, 0), reg(11, 0), reg(1, 8), reg(2, 33), reg(3, 11), reg(4, 4)];
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
    const { get, set } = make({ extensions: ['zicboz', 'zicbom'] });
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

describe('ONE_REG timer', () => {
  it('time is the VM’s: one write shifts all vCPUs', () => {
    const { clock, vcpus, get, set } = make({ harts: 2, sstc: true });
    clock.skipTo(1000n);
    assert.equal(get(time), 1000n);
    set(time, 50n);
    const [, second] = vcpus;
    assert(second);
    assert.deepEqual(second.getOneReg(time), { ok: true, value: 50n });
    clock.skipTo(1010n);
    assert.equal(get(time), 60n);
  });

  it('without Sstc: compare is stored, state 1 fires at once, state 0 needs a timer', () => {
    const { clock, hart, get, set } = make();
    clock.skipTo(100n);
    assert.deepEqual([get(compare), get(state)], [ones, 0n]);
    assert.equal(set(compare, 5000n), 'ok');
    assert.deepEqual([get(compare), get(state), hart.getCsr(0x645)], [5000n, 0n, 0n]);
    assert.equal(set(state, 0n), 'EINVAL');
    assert.equal(set(state, 1n), 'ok');
    assert.deepEqual([get(compare), hart.getCsr(0x645)], [1n, 0x40n], 'the state became the time');
  });

  it('without Sstc: a timer that runs looks at compare when it would have fired', () => {
    const { clock, hart, vcpu, get, set } = make();
    hart.ecall(0x54494d45, 0, 500n);
    vcpu.run(1);
    assert.equal(get(state), 1n);
    set(compare, 800n);
    clock.skipTo(500n);
    vcpu.advanceTimer();
    assert.equal(hart.getCsr(0x645), 0n);
    assert.equal(vcpu.nextDeadline(), 800n);
    set(time, 790n);
    assert.equal(vcpu.nextDeadline(), 510n);
    clock.skipTo(510n);
    vcpu.advanceTimer();
    assert.deepEqual([hart.getCsr(0x645), get(state)], [0x40n, 0n]);
    hart.ecall(0x54494d45, 0, 90_000n);
    vcpu.run(1);
    assert.deepEqual([set(state, 0n), get(state), vcpu.nextDeadline()], ['ok', 0n, undefined]);
  });

  it('with Sstc: compare is the guest’s vstimecmp, state does nothing', () => {
    const { hart, get, set } = make({ sstc: true });
    assert.equal(set(compare, 700n), 'ok');
    assert.equal(hart.getCsr(0x24d), 700n);
    assert.deepEqual([set(state, 1n), get(compare), get(state)], ['ok', 700n, 0n]);
    assert.equal(set(state, 0n), 'EINVAL');
  });
});

describe('SBI extensions by ONE_REG', () => {
  it('are there as far as the table of calls has them', () => {
    const deny: CallRule = { extension: [0x4442434e, 0x4442434e], action: 'deny' };
    const { get, set } = make({ calls: [deny] });
    assert.deepEqual([get(dbcn), set(dbcn, 1n), get(sbiExt(1))], ['ENOENT', 'ENOENT', 1n]);
    assert.deepEqual([set(sbiExt(1), 2n), set(dbcn, 2n)], ['EINVAL', 'EINVAL']);
  });

  it('words of them', () => {
    const { get, set } = make();
    const all = get(reg(8, 0, 1));
    assert(typeof all === 'bigint');
    assert.equal(set(reg(8, 0, 2), 0x202n), 'ok');
    assert.deepEqual([get(reg(8, 0, 1)), get(dbcn), get(sbiExt(1))], [all & ~0x202n, 0n, 0n]);
    assert.equal(get(reg(8, 0, 2)), ones - (all & ~0x202n));
    assert.equal(set(reg(8, 0, 1), 0x200n), 'ok');
    assert.deepEqual([get(dbcn), get(sbiExt(1))], [1n, 0n]);
  });

  it('one vCPU without DBCN falls back to putchar, another keeps it', () => {
    const image = assemble(`
      la t0, second
      beqz a0, first
      j second
    first:
      li a0, 0x4442434e
      call 0x10, 3
      li s0, ${ram + 0x10_0000}
      sd a1, 0(s0)
      li a0, 'x'
      call 0x4442434e, 2
      sd a0, 8(s0)
      li a0, 'y'
      call 1, 0
      li a0, 1
      la a1, second
      li a2, 0
      call 0x48534d, 0
    1:
      ld t0, 24(s0)
      beqz t0, 1b
      shutdown 0
    second:
      li s0, ${ram + 0x10_0000}
      li a0, 'z'
      call 0x4442434e, 2
      addi a0, a0, 1
      sd a0, 24(s0)
    1:
      j 1b
    `);
    const g = realGuest(image, { harts: 2 });
    const [first] = g.machine.vm.vcpus;
    assert(first?.setOneReg(dbcn, 0n).ok);
    runToEnd(g);
    assert.equal(g.output(), 'yz');
    const word = (i: number) => BigInt.asIntN(64, g.word(ram + 0x10_0000 + i * 8));
    assert.deepEqual([word(0), word(1), word(3)], [0n, -2n, 1n]);
  });
});

describe('ONE_REG on the real hart', () => {
  it('everything that is listed can be written back, but for the state of a timer that is off', () => {
    const g = realGuest(assemble('shutdown 0'));
    const [vcpu] = g.machine.vm.vcpus;
    assert(vcpu);
    const { get, set } = access(vcpu);
    for (const id of vcpu.getRegList()) {
      const old = get(id);
      assert(typeof old === 'bigint');
      assert.equal(set(id, old), id === state ? 'EINVAL' : 'ok', id.toString(16));
      assert.equal(get(id), old, id.toString(16));
    }
    runToEnd(g);
  });

  it('moves a guest: its registers in another VM go on where they were', () => {
    const image = assemble(`
      li s0, 0
      li s1, 1000
      li s2, ${ram + 0x10_0000}
      li t0, 0x1234
      csrw sscratch, t0
    1:
      addi s0, s0, 3
      addi s1, s1, -1
      bnez s1, 1b
      csrr t0, sscratch
      sd s0, 0(s2)
      sd t0, 8(s2)
      shutdown 0
    `);
    const [from, to] = [realGuest(image), realGuest(image)];
    from.machine.run(1500);
    const [source] = from.machine.vm.vcpus;
    const [target] = to.machine.vm.vcpus;
    assert(source && target);
    assert.notEqual(source.cpu.pc, target.cpu.pc);
    for (const id of source.getRegList()) {
      const now = source.getOneReg(id);
      assert(now.ok);
      if (id !== state) assert(target.setOneReg(id, now.value).ok, id.toString(16));
    }
    runToEnd(from);
    runToEnd(to);
    for (const g of [from, to]) {
      assert.deepEqual([g.word(ram + 0x10_0000), g.word(ram + 0x10_0008)], [3000n, 0x1234n]);
    }
    assert(to.machine.instructions < from.machine.instructions);
  });

  const floatGuest = `
    .option arch, +f, +d
    la t0, trapped
    csrw stvec, t0
    li t0, 0x2000
    csrs sstatus, t0
    li s2, ${ram + 0x10_0000}
    fld fa0, 64(s2)
    fadd.d fa1, fa0, fa0
    fsrmi 2
    fsd fa1, 0(s2)
    li t0, 1
    sd t0, 16(s2)
  1:
    j 1b
  .align 2
  trapped:
    csrr t0, scause
    sd t0, 8(s2)
  1:
    j 1b
  `;

  it('shows and sets the floating-point registers of a guest', () => {
    const g = realGuest(assemble(floatGuest), { isa: 'rv64imafdc' });
    const [vcpu] = g.machine.vm.vcpus;
    assert(vcpu);
    const { get, set } = access(vcpu);
    g.machine.memory.write64(0x1_0000_0000 + 0x10_0040, 0x3ff8_0000_0000_0000n); // 1.5
    g.machine.run(100);
    assert.deepEqual([g.word(ram + 0x10_0010), g.word(ram + 0x10_0008)], [1n, 0n]);
    assert.equal(get(reg(6, 11)), 0x4008_0000_0000_0000n, '3.0');
    assert.equal(get(reg(5, 11, 0, u32)), 0n);
    assert.equal(get(fcsrOfD), 0x40n, 'the rounding mode');
    for (let i = 0; i < 32; i++) {
      assert.equal(set(reg(6, i), BigInt(i) << 56n), 'ok');
      assert.equal(get(reg(6, i)), BigInt(i) << 56n);
    }
    const status = get(sstatus);
    assert(typeof status === 'bigint');
    const initial = (status & ~0x8000_0000_0000_6000n) | 0x2000n;
    assert.equal(set(sstatus, initial), 'ok');
    assert.deepEqual([set(f0OfD, 5n), set(fcsrOfD, 1n), get(sstatus)], ['ok', 'ok', initial]);
  });

  it('a guest whose F and D are switched off finds none', () => {
    const g = realGuest(assemble(floatGuest), { isa: 'rv64imafdc' });
    const [vcpu] = g.machine.vm.vcpus;
    assert(vcpu);
    const { get, set } = access(vcpu);
    assert.equal(set(isa, 0x1105n), 'ok');
    g.machine.run(100);
    assert.deepEqual([g.word(ram + 0x10_0010), g.word(ram + 0x10_0008)], [0n, 2n]);
    assert.deepEqual([get(f0OfD), get(f0OfF), get(isa)], ['ENOENT', 'ENOENT', 0x1105n]);
  });
});
