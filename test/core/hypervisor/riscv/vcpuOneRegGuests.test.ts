import assert from 'node:assert/strict';
import type { CallRule } from '../../../../src/core/hypervisor/callPolicy.ts';
import {
  u32,
  u64,
  ones,
  reg,
  sstatus,
  isa,
  time,
  compare,
  state,
  f0OfF,
  f0OfD,
  fcsrOfD,
  dbcn,
  shmemLo,
  sbiExt,
  make,
  access,
} from './oneRegRig.ts';
import { backing, ramBase } from './rig.ts';
import type { RiscvVcpu } from '../../../../src/core/hypervisor/riscv/vcpu.ts';
import { assemble, ram, realGuest, runToEnd } from './realGuest.ts';

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

describe('SBI state by ONE_REG', () => {
  const [shmemHi, enable, flags, delegation] = [
    reg(10, 1),
    ...[0, 1, 2].map((i) => reg(10, i, 1)),
  ] as [bigint, bigint, bigint, bigint];
  const pointerMasking = [3, 4, 5].map((i) => reg(10, i, 1));

  it('STA: where the guest is told, all ones for nowhere', () => {
    const { hart, vcpu, get, set } = make();
    assert.deepEqual([get(shmemLo), get(shmemHi)], [ones, 0n]);
    assert.equal(set(shmemLo, 0x8000_1000n), 'ok');
    assert.deepEqual(
      [get(shmemLo), set(shmemHi, 0n), set(shmemHi, 1n)],
      [...[0x8000_1000n, 'ok', 'EINVAL']],
    );
    // What the guest asks for shows here; this one has no memory.
    hart.ecall(0x535441, 0, ones, ones, 0n);
    vcpu.run(1);
    assert.equal(get(shmemLo), ones);
  });

  it('FWFT: enable, flags and value of each feature that there is', () => {
    const { hart, vcpu, get, set } = make();
    const feature = [enable, flags, delegation];
    assert.deepEqual(feature.map(get), [1n, 0n, 0n]);
    assert.equal(set(delegation, 1n), 'ok');
    assert.equal(hart.getCsr(0x602) & 0x50n, 0x50n, 'hedeleg');
    assert.deepEqual(
      [set(delegation, 2n), set(enable, 2n), set(flags, 3n)],
      [...['EINVAL', 'EINVAL', 'ok']],
    );
    assert.deepEqual(feature.map(get), [1n, 1n, 1n]);
    hart.ecall(0x46574654, 0, 0n, 0n, 0n);
    vcpu.run(1);
    assert.equal(BigInt.asIntN(64, hart.getX(10)), -14n, 'DENIED_LOCKED');
    assert.equal(set(enable, 0n), 'ok');
    hart.ecall(0x46574654, 1, 0n);
    vcpu.run(1);
    assert.equal(BigInt.asIntN(64, hart.getX(10)), -2n, 'NOT_SUPPORTED');
  });

  it('FWFT: pointer masking, where the processor has it', () => {
    const g = realGuest(assemble('shutdown 0'), { isa: 'rv64gc_ssnpm_smnpm' });
    const [vcpu] = g.machine.vm.vcpus;
    assert(vcpu);
    const { get, set } = access(vcpu);
    assert.deepEqual(pointerMasking.map(get), [1n, 0n, 0n]);
    const [, , length] = pointerMasking as [bigint, bigint, bigint];
    assert.deepEqual([set(length, 7n), get(length)], ['ok', 7n]);
    assert.equal((vcpu.getRegList().at(-1) ?? 0n) - length, 0n);
    assert.equal(set(length, 8n), 'EINVAL');
    const plain = access(realGuest(assemble('shutdown 0')).machine.vm.vcpus[0]!);
    assert.deepEqual(pointerMasking.map(plain.get), ['ENOENT', 'ENOENT', 'ENOENT']);
  });

  it('an extension that is switched off, or has no state, is EINVAL, as a wrong size is', () => {
    const { vcpu, get, set } = make();
    const before = vcpu.getRegList().length;
    assert.deepEqual([get(reg(10, 0, 2)), set(reg(10, 0, 2), 0n)], ['EINVAL', 'EINVAL']);
    assert.equal(get(reg(10, 0, 0, u32)), 'EINVAL');
    assert.deepEqual([set(sbiExt(10), 0n), set(sbiExt(12), 0n)], ['ok', 'ok']);
    for (const id of [shmemLo, shmemHi, enable, flags, delegation]) {
      assert.deepEqual([get(id), set(id, 0n)], ['EINVAL', 'EINVAL']);
    }
    assert.equal(vcpu.getRegList().length, before - 5);
  });

  it('a guest that moves is told of steal time where it asked, and goes on counting', () => {
    const { clock, vcpu, set } = make();
    const at = ramBase + 0x40;
    const page = new Uint8Array(64);
    const view = new DataView(page.buffer);
    view.setUint32(0, 6, true);
    view.setBigUint64(8, 5000n, true);
    const { vm } = vcpu as RiscvVcpu;
    assert(
      vm.setUserMemoryRegion({
        ...{ slot: 0, flags: 0, guestPhysAddr: ramBase, memorySize: 4096 },
        ...{ userspaceAddr: backing, name: 'ram' },
      }).ok,
    );
    assert(vm.writeMemory(at, page));
    assert.equal(set(shmemLo, BigInt(at)), 'ok');
    vcpu.run(1);
    clock.skipTo(clock.ticks() + 30n);
    vcpu.run(1);
    const told = new DataView(vm.readMemory(at, 64)!.buffer);
    assert.deepEqual([told.getUint32(0, true), told.getBigUint64(8, true)], [8, 8000n]);
  });
});

describe('ONE_REG on the real hart', () => {
  const everything =
    'rv64gc_zicbom_zicbop_zicboz_zba_zbb_zbs_zbkb_zfh_zacas_zkr_ssaia_ssnpm_sstc_sscofpmf_svadu_svade_svinval_svnapot_svpbmt_smnpm_smstateen';
  /** Reference by group: what a processor has whose extensions have these KVM ids. */
  function expected(xlen: 32 | 64, isaIds: readonly number[]): bigint[] {
    const has = (id: number) => isaIds.includes(id);
    const ulong = xlen === 64 ? u64 : u32;
    const some = (type: number, indices: readonly number[], subtype = 0, size = ulong) =>
      indices.map((index) => reg(type, index, subtype, size));
    const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
    const absentConfig = [has(11) ? 0 : 1, has(12) ? 0 : 5, has(71) ? 0 : 7];
    return [
      ...some(
        1,
        upTo(8).filter((i) => i === 0 || !absentConfig.includes(i)),
      ),
      ...some(2, upTo(33)),
      ...some(3, upTo(11)),
      ...(has(14) ? some(3, upTo(7), 1) : []),
      ...(has(23) ? some(3, [0], 2) : []),
      ...some(4, upTo(4), 0, u64),
      ...(has(3) ? some(5, upTo(33), 0, u32) : []),
      ...(has(2) ? [...some(6, upTo(32), 0, u64), fcsrOfD] : []),
      ...some(7, isaIds),
      ...some(8, upTo(13)),
      ...some(10, [0, 1]),
      ...some(10, upTo(has(62) ? 6 : 3), 1),
    ];
  }

  const cases: readonly (readonly [isa: string, ids: readonly number[]])[] = [
    ['rv64imac', [0, 1, 4, 5, 6, 19, 20, 21, 22, 35, 56, 66, 68, 69, 70]],
    [
      everything,
      [
        ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 26, 32],
        ...[35, 46, 47, 53, 54, 56, 58, 62, 63, 64, 65, 66, 68, 69, 70, 71],
      ],
    ],
    [
      'rv32gc_ssaia_smstateen_sstc',
      [0, 1, 2, 3, 4, 5, 6, 8, 14, 19, 20, 21, 22, 23, 35, 56, 58, 59, 66, 68, 69, 70],
    ],
  ];
  for (const [isa, ids] of cases) {
    it(`lists what there is, and all of it but a timer’s state can be written back (${isa})`, () => {
      const xlen = isa.startsWith('rv32') ? 32 : 64;
      const g = realGuest(xlen === 32 ? new Uint8Array(4) : assemble('shutdown 0'), { isa });
      const [vcpu] = g.machine.vm.vcpus;
      assert(vcpu);
      const { get, set } = access(vcpu);
      const list = vcpu.getRegList();
      const names = (all: readonly bigint[]) => all.map((id) => id.toString(16));
      assert.deepEqual(names(list), names(expected(xlen, ids)));
      for (const id of list) {
        const old = get(id);
        assert(typeof old === 'bigint');
        assert.equal(set(id, old), id === state ? 'EINVAL' : 'ok', id.toString(16));
        assert.equal(get(id), old, id.toString(16));
      }
      if (xlen === 64) runToEnd(g);
    });
  }

  it('a guest whose Ssaia is switched off finds no AIA', () => {
    const image = assemble(`
      la t0, 1f
      csrw stvec, t0
      li s0, ${ram + 0x10_0000}
      csrr t1, 0x150 # siselect
      li t1, 1
      sd t1, 0(s0)
      shutdown 0
    .align 2
    1:
      csrr t1, scause
      sd t1, 0(s0)
      shutdown 0
    `);
    for (const [value, seen] of [
      [1n, 1n],
      [0n, 2n],
    ] as const) {
      const g = realGuest(image, { isa: 'rv64gc_ssaia_smstateen' });
      const [vcpu] = g.machine.vm.vcpus;
      assert(vcpu);
      assert.equal(access(vcpu).set(reg(7, 14), value), 'ok');
      runToEnd(g);
      assert.equal(g.word(ram + 0x10_0000), seen);
    }
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

  it('the guest is told the ids that the VMM has set', () => {
    const g = realGuest(
      assemble(`
        li s0, ${ram + 0x10_0000}
        call 0x10, 4
        sd a1, 0(s0)
        call 0x10, 5
        sd a1, 8(s0)
        call 0x10, 6
        sd a1, 16(s0)
        shutdown 0
      `),
    );
    const [vcpu] = g.machine.vm.vcpus;
    assert(vcpu);
    const { set } = access(vcpu);
    assert.deepEqual(
      [set(reg(1, 2), 0x489n), set(reg(1, 3), 7n), set(reg(1, 4), 9n)],
      ['ok', 'ok', 'ok'],
    );
    runToEnd(g);
    const told = [0, 8, 16].map((offset) => g.word(ram + 0x10_0000 + offset));
    assert.deepEqual(told, [0x489n, 7n, 9n]);
  });
});
