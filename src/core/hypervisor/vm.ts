/**
 * One virtual machine: memory slots, vCPUs and the policy for calls. The order of checks and the
 * errors are KVM's (Linux Documentation/virt/kvm/api.rst). It knows no instruction set.
 */
import { defined } from '../base/assert.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import type { HypervisorArch, VmArch } from './arch.ts';
import { CallPolicy, type CallRule } from './callPolicy.ts';
import { failure, success, type Result } from './errno.ts';
import type { ObservedExit } from './exits.ts';
import { MemorySlots, pageSize, type MemoryRegion } from './memorySlots.ts';
import type { Vcpu } from './vcpu.ts';

export interface VmOptions {
  /** KVM_CAP_VM_GPA_BITS. */
  readonly gpaBits?: number;
  /** The user's rules for calls. */
  readonly calls?: readonly CallRule[];
  /** Whether the VMM has an answer to calls of this extension, so that probes tell the truth. */
  readonly answers?: (extension: number) => boolean;
  readonly observe?: (exit: ObservedExit) => void;
  readonly log?: (line: string) => void;
}

export class Vm {
  readonly memory: PhysicalMemory;
  readonly slots: MemorySlots;
  readonly policy: CallPolicy;
  readonly gpaBits: number;
  readonly answers: (extension: number) => boolean;
  readonly observe: (exit: ObservedExit) => void;
  readonly log: (line: string) => void;
  private readonly limit: number;
  private arch: VmArch | undefined;
  private readonly list: Vcpu[] = [];

  private constructor(memory: PhysicalMemory, arch: HypervisorArch, options: VmOptions) {
    this.memory = memory;
    this.gpaBits = options.gpaBits ?? arch.gpaBits.default;
    this.slots = new MemorySlots(this.gpaBits);
    this.policy = new CallPolicy(arch.defaultCalls, options.calls ?? []);
    this.answers = options.answers ?? (() => false);
    this.observe = options.observe ?? (() => {});
    this.log = options.log ?? (() => {});
    this.limit = arch.maxVcpus;
  }

  /** For `HypervisorSystem`, which checks the options. */
  static create(memory: PhysicalMemory, arch: HypervisorArch, options: VmOptions): Result<Vm> {
    const vm = new Vm(memory, arch, options);
    const made = arch.createVm(vm);
    if (!made.ok) return made;
    vm.arch = made.value;
    return success(vm);
  }

  get vcpus(): readonly Vcpu[] {
    return this.list;
  }

  createVcpu(id: number): Result<Vcpu> {
    if (!Number.isInteger(id) || id < 0 || id >= this.limit) return failure('EINVAL');
    if (this.list.some((v) => v.id === id)) return failure('EEXIST');
    const made = this.archVm.createVcpu(id);
    if (!made.ok) return made;
    // As on KVM the first vCPU runs and the others wait until the guest starts them.
    made.value.mpState = this.list.length === 0 ? 'runnable' : 'stopped';
    this.list.push(made.value);
    return made;
  }

  setUserMemoryRegion(region: MemoryRegion): Result<void> {
    // Host memory has to be there before a guest may be given it.
    if (region.memorySize > 0 && !this.backed(region)) return failure('EFAULT');
    const change = this.slots.set(region);
    if (!change.ok) return change;
    if (change.value.removed) this.archVm.flushRegion(change.value.removed);
    return success(undefined);
  }

  /** KVM_PRE_FAULT_MEMORY. ENOENT where no slot is. */
  preFaultMemory(address: number, size: number): Result<void> {
    const first = address - (address % pageSize);
    for (let at = first; at < address + size; at += pageSize) {
      const made = this.archVm.preFault(at);
      if (!made.ok) return made;
    }
    return success(undefined);
  }

  /** A copy of guest-physical memory, undefined when not all of it is backed. */
  readMemory(address: number, size: number): Uint8Array | undefined {
    const pieces = this.slots.pieces(address, size, 'read');
    if (!pieces) return undefined;
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      const view = this.memory.view8(piece.address, piece.size);
      if (!view) return undefined;
      bytes.set(view, at);
      at += piece.size;
    }
    return bytes;
  }

  /** Writes guest-physical memory as the guest could; false, and nothing written, when it could not. */
  writeMemory(address: number, bytes: Uint8Array): boolean {
    const pieces = this.slots.pieces(address, bytes.length, 'write');
    if (!pieces) return false;
    let at = 0;
    for (const piece of pieces) {
      this.memory.load(piece.address, bytes.subarray(at, at + piece.size));
      at += piece.size;
    }
    return true;
  }

  private backed(region: MemoryRegion): boolean {
    return this.memory.regionAt(region.userspaceAddr, region.memorySize) !== undefined;
  }

  private get archVm(): VmArch {
    return defined(this.arch, "the VM's architecture part");
  }
}
