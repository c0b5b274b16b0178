/** A VM on fake harts, with 64 MiB of host memory: tables first, then what backs the guest. */
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { CallRule } from '../../../../src/core/hypervisor/callPolicy.ts';
import type { ObservedExit } from '../../../../src/core/hypervisor/exits.ts';
import { HypervisorSystem } from '../../../../src/core/hypervisor/system.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import type { RiscvVcpu } from '../../../../src/core/hypervisor/riscv/vcpu.ts';
import type { Vm } from '../../../../src/core/hypervisor/vm.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import { PhysicalMemory } from '../../../../src/core/memory/physicalMemory.ts';
import { FakeHart, type FakeHartOptions } from './fakeHart.ts';

export const hostBase = 0x8000_0000;
export const tableSize = 0x20_0000;
export const backing = hostBase + tableSize;
export const ramBase = 0x8000_0000;
export const ramSize = 0x0200_0000;

export interface Rig {
  readonly clock: VirtualClock;
  readonly harts: readonly FakeHart[];
  readonly hart: FakeHart;
  readonly memory: PhysicalMemory;
  readonly vm: Vm;
  readonly vcpus: readonly RiscvVcpu[];
  readonly vcpu: RiscvVcpu;
  readonly exits: ObservedExit[];
}

export interface RigOptions extends FakeHartOptions {
  readonly harts?: number;
  readonly calls?: readonly CallRule[];
  readonly answers?: (extension: number) => boolean;
  readonly gpaBits?: number;
  readonly kvmQuirks?: boolean;
}

export function hostMemory(size = 0x0400_0000): PhysicalMemory {
  const memory = new PhysicalMemory(new ArrayBuffer(size), new MmioMap());
  memory.addRam({ name: 'host', base: hostBase, size, offset: 0, writable: true });
  return memory;
}

export function rig(options: RigOptions = {}): Rig {
  const clock = new VirtualClock();
  const harts = Array.from(
    { length: options.harts ?? 1 },
    (_, id) => new FakeHart(id, clock, options),
  );
  const memory = hostMemory();
  const arch = new RiscvHypervisor({
    harts,
    memory,
    clock,
    tables: { base: hostBase, size: tableSize },
  });
  const exits: ObservedExit[] = [];
  const made = new HypervisorSystem(memory, arch).createVm({
    ...(options.gpaBits === undefined ? {} : { gpaBits: options.gpaBits }),
    calls: options.calls ?? [],
    answers: options.answers ?? (() => false),
    kvmQuirks: options.kvmQuirks ?? false,
    observe: (exit) => exits.push(exit),
  });
  assert(made.ok);
  const vm = made.value;
  const vcpus = harts.map((h) => {
    const vcpu = vm.createVcpu(h.id);
    assert(vcpu.ok);
    return vcpu.value as RiscvVcpu;
  });
  const ram = vm.setUserMemoryRegion({
    slot: 0,
    flags: 0,
    guestPhysAddr: ramBase,
    memorySize: ramSize,
    userspaceAddr: backing,
    name: 'ram',
  });
  assert(ram.ok);
  const [vcpu] = vcpus;
  const [hart] = harts;
  assert(vcpu && hart);
  vcpu.setBoot(BigInt(ramBase), 0x1234n);
  return { clock, harts, hart, memory, vm, vcpus, vcpu, exits };
}
