import assert from 'node:assert/strict';
import { VirtualClock } from '../../../src/core/base/virtualClock.ts';
import { exitNumber, systemEventNumber } from '../../../src/core/hypervisor/exits.ts';
import { RiscvHypervisor } from '../../../src/core/hypervisor/riscv/main.ts';
import { HypervisorSystem } from '../../../src/core/hypervisor/system.ts';
import type { FakeHartOptions } from './riscv/fakeHart.ts';
import { FakeHart } from './riscv/fakeHart.ts';
import { backing, hostBase, hostMemory, rig } from './riscv/rig.ts';

function system(size: number, options: FakeHartOptions = {}, harts = 1): HypervisorSystem {
  const clock = new VirtualClock();
  const memory = hostMemory();
  const arch = new RiscvHypervisor({
    harts: Array.from({ length: harts }, (_, id) => new FakeHart(id, clock, options)),
    memory,
    clock,
    tables: { base: hostBase, size },
  });
  return new HypervisorSystem(memory, arch);
}

const errno = (result: { ok: boolean; errno?: string }) => (result.ok ? 'ok' : result.errno);

describe('hypervisor system', () => {
  it('says what it can', () => {
    const s = system(0x10000, {}, 3);
    assert.equal(s.checkExtension('USER_MEMORY'), 1);
    assert.equal(s.checkExtension('MAX_VCPUS'), 3);
    assert.equal(s.checkExtension('NR_MEMSLOTS'), 32764);
    assert.equal(s.checkExtension('VM_GPA_BITS'), 59);
    assert.equal(system(0x10000, { widestMode: 9n }).checkExtension('VM_GPA_BITS'), 50);
    assert.equal(system(0x10000, { widestMode: 8n }).checkExtension('VM_GPA_BITS'), 41);
  });

  it('answers KVM_CHECK_EXTENSION by Linux’s numbers', () => {
    const s = system(0x10000, {}, 2);
    const on = [3, 14, 16, 21, 23, 32, 36, 70, 77, 81, 89, 98, 105, 122, 136, 236, 242];
    for (const number of on) assert.equal(s.checkExtension(number), 1, `${number}`);
    const counts = [9, 10, 25, 66, 128, 168, 207].map((number) => s.checkExtension(number));
    assert.deepEqual(counts, [2, 32764, 4096, 2, 2, 3, 59]);
    // No AIA in these harts; coalesced MMIO and x86's TSC are never there.
    for (const number of [0, 15, 60, 999, -1]) assert.equal(s.checkExtension(number), 0);
    const vm = s.createVm();
    assert(vm.ok);
    assert.equal(vm.value.checkExtension('ONE_REG'), 1);
  });

  it('KVM_ENABLE_CAP takes what it knows, with the flags that it knows', () => {
    const { vm } = rig();
    assert.equal(errno(vm.enableCap('RISCV_MP_STATE_RESET')), 'ok');
    for (const [flags, expected] of [
      [1, 'ok'],
      [3, 'ok'],
      [0, 'ok'],
      [2, 'EINVAL'],
      [5, 'EINVAL'],
    ] as const) {
      assert.equal(errno(vm.enableCap('MANUAL_DIRTY_LOG_PROTECT2', flags)), expected, `${flags}`);
    }
    assert.equal(errno(vm.enableCap('ONE_REG')), 'EINVAL');
  });

  it('VM_GPA_BITS: the narrowest mode that holds them, before there are vCPUs or memory', () => {
    const s = system(0x10000);
    const vm = s.createVm();
    assert(vm.ok);
    for (const bits of [0, 60, 1.5]) {
      assert.equal(errno(vm.value.enableCap('VM_GPA_BITS', bits)), 'EINVAL');
    }
    const region = {
      ...{ slot: 0, flags: 0, guestPhysAddr: 2 ** 45, memorySize: 0x1000 },
      ...{ userspaceAddr: backing, name: 'high' },
    };
    assert.equal(errno(vm.value.setUserMemoryRegion(region)), 'EFAULT');
    assert.equal(errno(vm.value.enableCap('VM_GPA_BITS', 50)), 'ok');
    assert.equal(vm.value.gpaBits, 50);
    assert.equal(errno(vm.value.setUserMemoryRegion(region)), 'ok');
    assert.equal(errno(vm.value.enableCap('VM_GPA_BITS', 41)), 'EBUSY', 'memory');
    const other = s.createVm();
    assert(other.ok);
    const vcpu = other.value.createVcpu(0);
    assert(vcpu.ok);
    assert.equal(errno(other.value.enableCap('VM_GPA_BITS', 50)), 'EBUSY', 'a vCPU');
  });

  it('exits and system events have Linux’s numbers', () => {
    assert.deepEqual(exitNumber, {
      ...{ debug: 4, halted: 5, mmio: 6, failEntry: 9, intr: 10, internalError: 17 },
      ...{ systemEvent: 24, call: 35, csr: 36 },
    });
    assert.deepEqual(systemEventNumber, { shutdown: 1, reset: 2, crash: 3 });
  });

  it('creates VMs as long as there are pages for their roots', () => {
    const s = system(0x8000);
    assert.equal(errno(s.createVm()), 'ok');
    assert.equal(errno(s.createVm()), 'ok');
    assert.equal(errno(s.createVm()), 'ENOMEM');
  });

  it('a VM that is destroyed gives its tables back', () => {
    const s = system(0xa000);
    const region = {
      ...{ slot: 0, flags: 0, guestPhysAddr: 0x8000_0000, memorySize: 0x1000 },
      ...{ userspaceAddr: backing, name: 'x' },
    };
    for (let round = 0; round < 5; round++) {
      const vm = s.createVm();
      assert(vm.ok, `round ${round}`);
      assert(vm.value.createVcpu(0).ok);
      assert(vm.value.setUserMemoryRegion(region).ok);
      assert.equal(errno(vm.value.preFaultMemory(0x8000_0000, 1)), 'ok');
      vm.value.destroy();
      assert.equal(vm.value.vcpus.length, 0);
    }
  });

  it('refuses widths of addresses that there are not', () => {
    for (const gpaBits of [0, 60, 41.5]) {
      assert.equal(errno(system(0x10000).createVm({ gpaBits })), 'EINVAL');
    }
    assert.equal(errno(system(0x10000, { widestMode: 8n }).createVm({ gpaBits: 42 })), 'EINVAL');
    assert.equal(errno(system(0x10000, { widestMode: 9n }).createVm({ gpaBits: 51 })), 'EINVAL');
  });

  it('gives a guest only memory that the host has', () => {
    const { vm } = rig();
    const region = { slot: 1, flags: 0, guestPhysAddr: 0, memorySize: 4096, name: 'x' };
    assert.equal(errno(vm.setUserMemoryRegion({ ...region, userspaceAddr: 0x1000 })), 'EFAULT');
    assert.equal(errno(vm.setUserMemoryRegion({ ...region, userspaceAddr: backing })), 'ok');
  });

  it('makes translations before the guest asks for them', () => {
    const { vm, exits } = rig();
    assert.equal(errno(vm.preFaultMemory(0x8000_1234, 10)), 'ok');
    assert.equal(errno(vm.preFaultMemory(0x1000, 1)), 'ENOENT');
    assert.deepEqual(exits, []);
  });

  it('reads and writes guest memory as a whole or not at all', () => {
    const { vm } = rig();
    assert.equal(vm.writeMemory(0x8000_0ffe, Uint8Array.of(1, 2, 3, 4)), true);
    assert.deepEqual(vm.readMemory(0x8000_0fff, 2), Uint8Array.of(2, 3));
    const end = 0x8000_0000 + 0x0200_0000;
    assert.equal(vm.writeMemory(end - 2, Uint8Array.of(1, 2, 3)), false);
    assert.deepEqual(vm.readMemory(end - 2, 2), Uint8Array.of(0, 0));
    assert.equal(vm.readMemory(end - 2, 3), undefined);
  });
});
