/**
 * What an architecture gives to the hypervisor (Linux's kvm_arch_* functions): the second
 * translation stage, vCPUs, and which calls it answers by itself.
 */
import type { Persist } from '../base/persist.ts';
import type { CallRule } from './callPolicy.ts';
import type { KvmDevice } from './device.ts';
import type { Result } from './errno.ts';
import type { IrqChip } from './irqchip.ts';
import type { MemoryRegion } from './memorySlots.ts';
import type { Vcpu } from './vcpu.ts';
import type { Vm } from './vm.ts';

/** How an architecture's calls are called. */
export interface CallNames {
  /** `DBCN`; empty for an id that nobody has named. */
  extension(id: number): string;
  /** The id of a function by its name in the extension: `console_write`. */
  functionNamed(extension: number, name: string): number | undefined;
  /** What a call may return as its error, by name. */
  readonly errors: Readonly<Record<string, bigint>>;
}

/** Its state is what all VMs share. */
export interface HypervisorArch extends Persist<unknown> {
  /** Width of guest-physical addresses when nothing else is asked for, and the widest possible. */
  readonly gpaBits: { readonly default: number; readonly max: number };
  readonly maxVcpus: number;
  /** Whether VMs can have an interrupt controller inside the hypervisor. */
  readonly hasIrqchip: boolean;
  /** What the architecture's own code answers when the user has no rule. */
  readonly defaultCalls: readonly CallRule[];
  readonly callNames: CallNames;
  /** Called once from the constructor of `Vm`; the VM's own parts are complete by then. */
  createVm(vm: Vm): Result<VmArch>;
}

/** What happened in the second translation stage since the VM was made. */
export interface MmuCounters {
  /** Translations made or changed by a fault of the guest. */
  readonly faults: number;
  /** Large leaves that became tables, and tables that became leaves again. */
  readonly splits: number;
  readonly merges: number;
  /** Leaves that lost their permission to be written. */
  readonly writeProtections: number;
}

export interface VmArch extends Persist<unknown> {
  createVcpu(id: number): Result<Vcpu>;
  /** KVM_CREATE_DEVICE. ENODEV for a type that there is not. */
  createDevice(type: number): Result<KvmDevice>;
  /** The interrupt controller inside the hypervisor, once it was created. */
  readonly irqchip: IrqChip | undefined;
  /** The VM is gone: what it has of the host is free again. */
  destroy(): void;
  /** Another width of guest-physical addresses, for a VM that has neither vCPUs nor memory yet. */
  setGpaBits(bits: number): Result<void>;
  /** The slot's translations must go. */
  flushRegion(region: MemoryRegion): void;
  /** KVM_PRE_FAULT_MEMORY: makes the translation of one address, as a fault on it would. */
  preFault(address: number): Result<void>;
  /** The next store to any of these pages, by their guest-physical addresses, must be noticed. */
  writeProtect(pages: Iterable<number>): void;
  /** The same for all that is mapped of a slot. */
  writeProtectRegion(region: MemoryRegion): void;
  /** Nothing is logged any more, so that pages which were split may be large again. */
  recoverHugePages(region: MemoryRegion): void;
  /** The MMU notifier's unmap, age and test-age; ageing says whether the page had been used. */
  unmapRange(address: number, size: number): void;
  age(address: number): boolean;
  testAge(address: number): boolean;
  readonly counters: MmuCounters;
}
