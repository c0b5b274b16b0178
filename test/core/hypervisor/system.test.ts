import assert from 'node:assert/strict';
import { VirtualClock } from '../../../src/core/base/virtualClock.ts';
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
    assert.equal(s.checkExtension('VM_GPA_BITS'), 50);
    assert.equal(system(0x10000, { widestMode: 8n }).checkExtension('VM_GPA_BITS'), 41);
  });

  it('creates VMs as long as there are pages for their roots', () => {
    const s = system(0x8000);
    assert.equal(errno(s.createVm()), 'ok');
    assert.equal(errno(s.createVm()), 'ok');
    assert.equal(errno(s.createVm()), 'ENOMEM');
  });

  it('refuses widths of addresses that there are not', () => {
    for (const gpaBits of [0, 51, 41.5]) {
      assert.equal(errno(system(0x10000).createVm({ gpaBits })), 'EINVAL');
    }
    assert.equal(errno(system(0x10000, { widestMode: 8n }).createVm({ gpaBits: 42 })), 'EINVAL');
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
