/** Several VMs of one hypervisor on the real harts, each with RAM of its own and no devices. */
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import type { RiscvVcpu } from '../../../../src/core/hypervisor/riscv/vcpu.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import type { Vm } from '../../../../src/core/hypervisor/vm.ts';
import type { Hart } from '../../../../src/core/isa/riscv/hart.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { createRiscvParts } from '../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { interruptFiles } from '../../../../src/core/machine/boards/virtIntc.ts';
import * as map from '../../../../src/core/machine/boards/virtMap.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import type { PhysicalMemory } from '../../../../src/core/memory/physicalMemory.ts';
import { testTranslation } from '../../../engine.ts';
import { ram } from './realGuest.ts';

const defaultRam = 2 << 20;
const tables = { base: 0x4000_0000, size: 0x10_0000 };
const backing = 0x1_0000_0000;

export interface OneVm {
  readonly vm: Vm;
  readonly vcpu: RiscvVcpu;
  readonly memory: PhysicalMemory;
  word(address: number): bigint;
  /** One more VM of the same hypervisor; room for it is kept. */
  another(image: Uint8Array): OneVm;
}

export interface VmsOptions {
  readonly isa?: string;
  /** Bytes of each VM; its backing is aligned to its size. */
  readonly ramSize?: number;
  /** Guest interrupt files of the hart. */
  readonly guestFiles?: number;
}

/** A VM with one vCPU for each image, all on the same hart. */
export function vmsOf(images: readonly Uint8Array[], options: VmsOptions = {}): OneVm[] {
  const { xlen, withHypervisor } = parseIsaString(options.isa ?? '');
  const clock = new VirtualClock();
  const { guestFiles = 0, ramSize: vmRam = defaultRam } = options;
  const mmio = new MmioMap();
  let hart: Hart | undefined;
  const unused = { set: () => {} };
  const guestExternal = (file: number) => ({
    set: (level: boolean) => hart?.setGuestExternal(file, level),
  });
  const files = interruptFiles([{ meip: unused, seip: unused, guestExternal }], guestFiles);
  for (const { base, size, device } of files.regions) mmio.add(base, size, device);
  const { harts, memory } = createRiscvParts({
    harts: 1,
    ram: [
      { name: 'tables', ...tables, writable: true },
      { name: 'backing', base: backing, size: vmRam * (images.length + 1), writable: true },
    ],
    mmio,
    external: guestFiles > 0 ? files.external : [],
    clock,
    xlen,
    extensions: withHypervisor,
    translate: testTranslation,
  });
  [hart] = harts;
  const guestFilePage = (id: number, file: number) => map.guestFilePage(guestFiles, id, file);
  const arch = new RiscvHypervisor({
    ...{ harts, memory, tables, clock, extensions: withHypervisor },
    ...(guestFiles > 0 ? { imsic: { identities: map.IMSIC_IDENTITIES, guestFilePage } } : {}),
  });
  const system = new HypervisorSystem(memory, arch);
  const make = (image: Uint8Array, i: number): OneVm => {
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
      another: (image) => make(image, images.length),
    };
  };
  return images.map(make);
}
