import assert from 'node:assert/strict';
import {
  interruptSet,
  interruptUnset,
  mpStateNumber,
} from '../../../../src/core/hypervisor/vcpu.ts';
import { access, pc, reg, value } from './oneRegRig.ts';
import { assemble, ram } from './realGuest.ts';
import { rig } from './rig.ts';
import { vmsOf } from './twoVms.ts';

const at = ram + 0x10_0000;

describe('KVM_RUN with immediate_exit', () => {
  it('completes what was answered, runs nothing, and says so', () => {
    const { hart, vcpu } = rig();
    const { get } = access(vcpu);
    // lw a0, 0(a0), transformed.
    hart.script.push((h) => h.trap(21, { gpa: 0x1000_0000n, tinst: 0x0000_2503 }));
    const { exit } = vcpu.run(10);
    assert(exit.kind === 'mmio');
    exit.data = 0x1234n;
    const before = get(pc);
    assert(typeof before === 'bigint');
    vcpu.immediateExit = true;
    hart.script.push(() => assert.fail('entered'));
    assert.equal(vcpu.run(10).exit.kind, 'intr');
    assert.deepEqual([get(pc), get(reg(2, 10))], [before + 4n, 0x1234n]);
    assert.equal(vcpu.run(10).exit.kind, 'intr', 'and once more there is nothing to complete');
    assert.equal(get(pc), before + 4n);
    vcpu.immediateExit = false;
    hart.script.length = 0;
    assert.equal(vcpu.run(10).consumed, 10);
  });

  it('counts as a run: registers that are frozen by it are', () => {
    const { vcpu } = rig();
    vcpu.immediateExit = true;
    assert.equal(vcpu.run(1).exit.kind, 'intr');
    assert.equal(value(vcpu.setOneReg(reg(8, 1), 0n)), 'EBUSY');
  });

  it('a stopped vCPU comes back too', () => {
    const { vcpus } = rig({ harts: 2 });
    const [, second] = vcpus;
    assert(second);
    assert.equal(second.run(1).exit.kind, 'halted');
    second.immediateExit = true;
    assert.equal(second.run(1).exit.kind, 'intr');
  });
});

describe('MP_STATE', () => {
  it('RUNNABLE 0 and STOPPED 5, for the first vCPU and the others', () => {
    const { vcpus } = rig({ harts: 2 });
    assert.deepEqual(
      vcpus.map((v) => mpStateNumber[v.mpState]),
      [0, 5],
    );
    const [first, second] = vcpus;
    assert(first && second);
    assert(second.setMpState(0).ok && first.setMpState(5).ok);
    assert.deepEqual([first.run(1).exit.kind, second.run(1).exit.kind], ['halted', 'intr']);
    for (const state of [1, 3, 4, 6, -1]) assert.equal(value(first.setMpState(state)), 'EINVAL');
  });

  it('a system event stops all vCPUs until the VMM says otherwise', () => {
    const { hart, vcpu, vcpus } = rig({ harts: 2 });
    assert(vcpus[1]?.setMpState(0).ok);
    hart.ecall(0x53525354, 0, 1n, 0n);
    const { exit } = vcpu.run(10);
    assert(exit.kind === 'systemEvent');
    assert.deepEqual([exit.type, exit.reason], ['reset', 0]);
    assert.deepEqual(
      vcpus.map((v) => mpStateNumber[v.mpState]),
      [5, 5],
    );
    assert.equal(vcpu.run(10).exit.kind, 'halted');
  });

  it('INIT_RECEIVED resets registers once the capability is on, and leaves the state', () => {
    const { vm, vcpu, hart } = rig();
    const { get, set } = access(vcpu);
    set(reg(2, 18), 99n);
    hart.setCsr(0x240, 7n);
    assert.equal(value(vcpu.setMpState(2)), 'EINVAL');
    assert(vm.enableCap('RISCV_MP_STATE_RESET').ok);
    vcpu.setMpState(5);
    assert(vcpu.setMpState(2).ok);
    assert.deepEqual([get(reg(2, 18)), hart.getCsr(0x240), get(pc)], [0n, 0n, 0n]);
    assert.equal(vcpu.mpState, 'stopped');
  });
});

describe('KVM_INTERRUPT', () => {
  it('SET and UNSET drive VSEIP and nothing else', () => {
    const { vcpu, hart } = rig();
    hart.setCsr(0x645, 0x40n);
    vcpu.interrupt(interruptSet);
    assert.equal(hart.getCsr(0x645), 0x440n);
    vcpu.interrupt(interruptUnset);
    assert.equal(hart.getCsr(0x645), 0x40n);
    vcpu.interrupt(-1);
    assert.equal(hart.getCsr(0x645), 0x440n, '-1U');
    // Like the kernel: what is not SET is UNSET.
    vcpu.interrupt(5);
    assert.equal(hart.getCsr(0x645), 0x40n);
  });
});

describe('guest debug', () => {
  const source = assemble(`
    la t0, 2f
    csrw stvec, t0
    li s0, ${at}
    li s1, 1
    ebreak
    sd s1, 8(s0)
  1:
    j 1b
  .align 2
  2:
    csrr t0, scause
    sd t0, 0(s0)
  3:
    j 3b
  `);

  it('EBREAK is the guest’s own unless KVM_GUESTDBG_ENABLE is set', () => {
    const [one] = vmsOf([source]);
    assert(one);
    assert.equal(one.vcpu.run(100).exit.kind, 'intr');
    assert.deepEqual([one.word(at), one.word(at + 8)], [3n, 0n]);
  });

  it('with it EBREAK is KVM_EXIT_DEBUG with pc at the instruction, until it is taken back', () => {
    const [one] = vmsOf([source]);
    assert(one);
    const { vcpu } = one;
    const { get, set } = access(vcpu);
    assert(vcpu.setGuestDebug(1).ok);
    assert.equal(vcpu.run(100).exit.kind, 'debug');
    const stopped = get(pc);
    assert(typeof stopped === 'bigint');
    const word = one.memory.read32(0x1_0000_0000 + Number(stopped) - ram);
    assert.equal(word & 0xffff, 0x9002, 'c.ebreak');
    assert.equal(vcpu.run(100).exit.kind, 'debug', 'again, as long as pc stays');
    assert.equal(set(pc, stopped + 2n), 'ok');
    assert.equal(vcpu.run(100).exit.kind, 'intr');
    assert.deepEqual([one.word(at), one.word(at + 8)], [0n, 1n]);
    set(pc, stopped);
    assert(vcpu.setGuestDebug(0).ok);
    vcpu.run(100);
    assert.equal(one.word(at), 3n);
  });
});
