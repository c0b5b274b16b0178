import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import { access, reg, sstatus } from './oneRegRig.ts';
import { assemble, ram } from './realGuest.ts';
import { FakeHart } from './fakeHart.ts';
import { hostBase, hostMemory, tableSize } from './rig.ts';
import { vmsOf, type OneVm } from './twoVms.ts';

const hvip = 0x645;
const counterAt = ram + 0x10_0000;

/** Counts at `counterAt`, with the count also in a register, in sscratch, and in fs0 if it has any. */
const counting = (step: number, float: boolean) =>
  assemble(`
    .option arch, +f, +d
    li s0, ${counterAt}
    li s2, ${step}
    csrwi satp, 0
    ${float ? 'li t0, 0x2000\n csrs sstatus, t0\n fcvt.d.l fs1, s2\n fmv.d.x fs0, zero' : ''}
  1:
    add s1, s1, s2
    csrw sscratch, s1
    ${float ? 'fadd.d fs0, fs0, fs1\n fcvt.l.d t2, fs0\n bne t2, s1, 2f' : ''}
    csrr t1, sscratch
    bne t1, s1, 2f
    sd s1, 0(s0)
    j 1b
  2:
    li t0, -1
    sd t0, 8(s0)
    j 2b
  `);

function turns(vms: readonly OneVm[], rounds: number, budget = 977): void {
  for (let i = 0; i < rounds; i++) {
    for (const { vcpu } of vms) assert.equal(vcpu.run(budget).exit.kind, 'intr');
  }
}

describe('world switch', () => {
  it('moves nothing while one VM has the hart', () => {
    const vms = vmsOf([counting(1, true)]);
    turns(vms, 20);
    assert.deepEqual(vms[0]?.vcpu.switches, { loads: 0, fpRestores: 0, puts: 0, fpSaves: 0 });
  });

  it('two VMs by turns on one hart: each goes on where it was, with all of its registers', () => {
    const vms = vmsOf([counting(3, true), counting(5, true)]);
    turns(vms, 30);
    vms.forEach((one, i) => {
      const count = one.word(counterAt);
      assert.equal(one.word(counterAt + 8), 0n, 'no register was another one’s');
      assert(count > 1000n && count % [3n, 5n][i]! === 0n, `${count}`);
    });
    const [first, second] = vms;
    assert(first && second);
    // The first one has also left for the second one to be made.
    assert.deepEqual([first.vcpu.switches.loads, second.vcpu.switches.loads], [30, 30]);
    assert.deepEqual([first.vcpu.switches.puts, second.vcpu.switches.puts], [31, 30]);
  });

  it('each VM’s time begins at 0 when it is made', () => {
    const [first] = vmsOf([counting(1, false)]);
    assert(first);
    const time = 0x8030000004000001n;
    first.vcpu.run(5000);
    const before = access(first.vcpu).get(time);
    assert(typeof before === 'bigint' && before > 0n);
    const late = first.another(counting(1, false));
    assert.equal(access(late.vcpu).get(time), 0n);
    late.vcpu.run(1000);
    assert.equal(access(first.vcpu).get(time), (access(late.vcpu).get(time) as bigint) + before);
  });

  it('saves floating-point registers of those who wrote some, and of nobody else', () => {
    const vms = vmsOf([counting(3, true), counting(5, false)]);
    turns(vms, 10);
    const [float, integer] = vms.map(({ vcpu }) => vcpu.switches);
    assert(float && integer);
    assert.equal(float.fpSaves, 10, 'dirty whenever it leaves');
    assert.equal(float.fpRestores, float.loads);
    assert(integer.puts >= 9);
    assert.equal(integer.fpSaves, 0);
  });

  it('a guest that has only read since they were loaded is not saved again', () => {
    const reader = assemble(`
      .option arch, +f, +d
      li s0, ${counterAt}
      li t0, 0x2000
      csrs sstatus, t0
      li t1, 77
      fmv.d.x fs0, t1
    1:
      fsd fs0, 0(s0)
      j 1b
    `);
    const vms = vmsOf([reader, counting(1, true)]);
    turns(vms, 10);
    const [first] = vms;
    assert.equal(first?.vcpu.switches.fpSaves, 1);
    assert.equal(first?.word(counterAt), 77n);
  });

  it('a vCPU that is asked for a register comes onto the hart, as by vcpu_load', () => {
    const vms = vmsOf([counting(3, false), counting(5, false)]);
    turns(vms, 2);
    const [first, second] = vms.map(({ vcpu }) => access(vcpu));
    assert(first && second);
    assert.equal(first.set(reg(2, 18), 6n), 'ok', 's2 of one');
    assert.deepEqual([first.get(reg(2, 18)), second.get(reg(2, 18))], [6n, 5n]);
    assert.notEqual(first.get(sstatus), undefined);
    turns(vms, 2);
    assert.equal(vms[0]?.word(counterAt + 8), 0n);
  });

  it('an interrupt for a vCPU that is away waits for it', () => {
    const waiting = assemble(`
      la t0, 2f
      csrw stvec, t0
      li t0, 0x200
      csrw sie, t0
      csrsi sstatus, 2
    1:
      wfi
      j 1b
    .align 2
    2:
      li s0, ${counterAt}
      csrr t0, scause
      sd t0, 0(s0)
      j 2b
    `);
    const vms = vmsOf([waiting, counting(1, false)]);
    const [first, second] = vms;
    assert(first && second);
    assert.equal(first.vcpu.run(1000).exit.kind, 'halted');
    second.vcpu.run(1000);
    first.vcpu.setInterrupt(true);
    second.vcpu.run(1000);
    assert.equal(second.word(counterAt + 8), 0n);
    assert.equal(first.vcpu.runnable, true);
    first.vcpu.run(100);
    assert.equal(first.word(counterAt), (1n << 63n) | 9n);
  });

  it('with AIA on RV32, hviph stays with its vCPU as hvip does (AIA 6.3.2)', () => {
    const loop = assemble('1: j 1b');
    const vms = vmsOf([loop, loop], { isa: 'rv32gc_ssaia' });
    const [first, second] = vms;
    assert(first && second);
    first.vcpu.hart.setWideCsr(hvip, -1n & 0xffff_ffff_ffff_ffffn);
    const raised = first.vcpu.hart.getWideCsr(hvip);
    assert(raised >> 32n !== 0n, 'local interrupts above 31 can be raised');
    assert.equal(second.vcpu.hart.getWideCsr(hvip) >> 32n, 0n, 'and are nobody else’s');
    assert.equal(first.vcpu.hart.getWideCsr(hvip), raised);
  });

  it('VMs that run out of VMIDs take new ones, and never share their translations', () => {
    const vms = vmsOf(Array.from({ length: 4 }, (_, i) => counting(i + 2, false)));
    turns(vms, 3);
    const numbers = vms.map(({ vcpu }) => (vcpu.hart.getCsr(0x680) >> 44n) & 0x3fffn);
    assert.deepEqual(numbers, [1n, 2n, 3n, 4n]);
    vms.forEach((one, i) => assert.equal(one.word(counterAt) % BigInt(i + 2), 0n));
  });

  it('with one VMID bit, a turn of the other VM ends the version: all translations go', () => {
    const clock = new VirtualClock();
    const hart = new FakeHart(0, clock, { vmidBits: 1 });
    const memory = hostMemory();
    const tables = { base: hostBase, size: tableSize };
    const arch = new RiscvHypervisor({ harts: [hart], memory, clock, tables });
    const system = new HypervisorSystem(memory, arch);
    const vcpus = [0, 1].map(() => {
      const vm = system.createVm();
      assert(vm.ok);
      const vcpu = vm.value.createVcpu(0);
      assert(vcpu.ok);
      return vcpu.value;
    });
    const roots = new Set<bigint>();
    for (let turn = 0; turn < 6; turn++) {
      const before = hart.fences.gvma;
      vcpus[turn % 2]?.run(1);
      const hgatp = hart.getCsr(0x680);
      roots.add(hgatp & ((1n << 44n) - 1n));
      assert.equal((hgatp >> 44n) & 0x3fffn, 1n);
      assert.equal(hart.fences.gvma > before, true, `turn ${turn}`);
    }
    assert.equal(roots.size, 2);
  });
});
