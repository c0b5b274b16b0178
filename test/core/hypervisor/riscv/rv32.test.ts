/** A vCPU on a hart of RV32: what KVM's `unsigned long` and 64-bit values are there. */
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { createRiscvParts } from '../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import { reg, u32, u64 } from './oneRegRig.ts';

function make() {
  const clock = new VirtualClock();
  const tables = { base: 0x4000_0000, size: 1 << 20 };
  const { harts, memory } = createRiscvParts({
    harts: 1,
    ram: [{ name: 'tables', ...tables, writable: true }],
    mmio: new MmioMap(),
    clock,
    xlen: 32,
    extensions: parseIsaString('rv32imafdc_sstc').withHypervisor,
  });
  const arch = new RiscvHypervisor({ harts, memory, tables, clock });
  const vm = new HypervisorSystem(memory, arch).createVm({ calls: [], answers: () => true });
  assert(vm.ok);
  const vcpu = vm.value.createVcpu(0);
  assert(vcpu.ok);
  return { clock, arch, hart: harts[0]!, vcpu: vcpu.value };
}

describe('a vCPU of RV32', () => {
  it('has registers of 32 bits in ONE_REG, but for the timer and doubles', () => {
    const { vcpu } = make();
    const sizes = new Map<bigint, bigint>();
    for (const id of vcpu.getRegList()) {
      const type = (id >> 24n) & 0xffn;
      const size = id & u64;
      if ((id & 0xffn) === 32n && type >= 5n) continue;
      assert.equal(sizes.get(type) ?? size, size, `type ${type}`);
      sizes.set(type, size);
      assert.ok(vcpu.getOneReg(id).ok, id.toString(16));
    }
    const types = { config: 1n, core: 2n, csr: 3n, f: 5n, isaExt: 7n, sbiExt: 8n };
    for (const [name, type] of Object.entries(types)) assert.equal(sizes.get(type), u32, name);
    for (const type of [4n, 6n]) assert.equal(sizes.get(type), u64, `type ${type}`);
    assert.deepEqual(vcpu.getOneReg(reg(2, 10)), { ok: false, errno: 'EINVAL' });
  });

  it('takes and gives values of 32 bits', () => {
    const { vcpu, hart } = make();
    const a1 = reg(2, 11, 0, u32);
    assert.ok(vcpu.setOneReg(a1, 0xffff_fff0n).ok);
    assert.deepEqual(vcpu.getOneReg(a1), { ok: true, value: 0xffff_fff0n });
    assert.equal(hart.readRegister('a1'), 0xffff_fff0n);
    const satp = reg(3, 8, 0, u32);
    assert.ok(vcpu.setOneReg(satp, 0x8040_1234n).ok);
    assert.deepEqual(vcpu.getOneReg(satp), { ok: true, value: 0x8040_1234n });
    assert.deepEqual(vcpu.getOneReg(reg(1, 6, 0, u32)), { ok: true, value: 1n }, 'satp mode Sv32');
  });

  it('has time and its timer in 64 bits', () => {
    const { vcpu, hart, clock } = make();
    clock.skipTo(100n);
    assert.ok(vcpu.setOneReg(reg(4, 1), 0x1_0000_0010n).ok);
    assert.deepEqual(vcpu.getOneReg(reg(4, 1)), { ok: true, value: 0x1_0000_0010n });
    assert.equal(hart.readRegister('htimedelta'), 0xffff_ffacn);
    assert.equal(hart.readRegister('htimedeltah'), 0n);
    assert.ok(vcpu.setOneReg(reg(4, 2), 0x2_0000_0003n).ok);
    assert.equal(hart.readRegister('vstimecmph'), 2n);
  });

  it('has Sv32x4 and guest-physical addresses of 34 bits', () => {
    const { arch, hart } = make();
    assert.deepEqual(arch.gpaBits, { default: 34, max: 34 });
    // MODE, and the first VMID behind the host's.
    assert.equal(hart.readRegister('hgatp')! >> 22n, (1n << 9n) | 1n);
  });
});
