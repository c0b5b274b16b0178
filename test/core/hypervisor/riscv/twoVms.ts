/** Several VMs of one hypervisor on the real harts, each with RAM of its own and no devices. */
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import type { RiscvVcpu } from '../../../../src/core/hypervisor/riscv/vcpu.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import type { Vm } from '../../../../src/core/hypervisor/vm.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { createRiscvParts } from '../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import type { PhysicalMemory } from '../../../../src/core/memory/physicalMemory.ts';
import { testTranslation } from '../../../engine.ts';
import { ram } from './realGuest.ts';

export const vmRam = 2 << 20;
const tables = { base: 0x4000_0000, size: 0x10_0000 };
const backing = 0x1_0000_0000;

export interface OneVm {
  readonly vm: Vm;
  readonly vcpu: RiscvVcpu;
  readonly memory: PhysicalMemory;
  word(address: number): bigint;
}

export interface VmsOptions {
  readonly isa?: string;
  readonly xlen?: 32 | 64;
}

/** A VM with one vCPU for each image, all on the same hart. */
export function vmsOf(images: readonly Uint8Array[], options: VmsOptions = {}): OneVm[] {
  const { xlen, withHypervisor } = parseIsaString(options.isa ?? '');
  const clock = new VirtualClock();
  const { harts, memory } = createRiscvParts({
    harts: 1,
    ram: [
      { name: 'tables', ...tables, writable: true },
      { name: 'backing', base: backing, size: vmRam * images.length, writable: true },
    ],
    mmio: new MmioMap(),
    clock,
    xlen,
    extensions: withHypervisor,
    translate: testTranslation,
  });
  const arch = new RiscvHypervisor({ harts, memory, tables, clock, extensions: withHypervisor });
  const system = new HypervisorSystem(memory, arch);
  return images.map((image, i) => {
    const vm = system.createVm();
    assert(vm.ok);
    const vcpu = vm.value.createVcpu(0);
    assert(vcpu.ok);
    const base = backing + i * vmRam;
    const slot = vm.value.setUserMemoryRegion({
      ...{ slot: 0, flags: 0, guestPhysAddr: ram, memorySize: vmRam },
      ...{ userspaceAddr: base, name: 'ram' },
    });
    assert(slot.ok);
    memory.load(base, image);
    vcpu.value.setBoot(BigInt(ram), 0n);
    return {
      vm: vm.value,
      vcpu: vcpu.value as RiscvVcpu,
      memory,
      word: (address) => memory.read64(base + (address - ram)),
    };
  });
}
