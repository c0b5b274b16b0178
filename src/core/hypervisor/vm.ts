/**
 * One virtual machine: memory slots, vCPUs and the policy for calls. The order of checks and the
 * errors are KVM's (Linux Documentation/virt/kvm/api.rst). It knows no instruction set.
 */
import { defined } from '../base/assert.ts';
import {
  fields,
  flag,
  list,
  mustFit,
  numbers,
  oneOf,
  whole,
  type Persist,
  type Shape,
} from '../base/persist.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import type { HypervisorArch, MmuCounters, VmArch } from './arch.ts';
import { CallPolicy, type CallRule } from './callPolicy.ts';
import {
  checkExtension,
  initiallySet,
  manualProtectEnable,
  type Capability,
} from './capabilities.ts';
import type { KvmDevice } from './device.ts';
import { bitmapBytes, dirtyPages, DirtyLog, type DirtyBitmap } from './dirtyLog.ts';
import { failure, success, type Result } from './errno.ts';
import type { ObservedExit } from './exits.ts';
import { IoBus } from './ioBus.ts';
import { IoEventFds } from './ioeventfd.ts';
import { Interrupts } from './irqchip.ts';
import {
  maxSlots,
  memLogDirtyPages,
  memReadonly,
  MemorySlots,
  regionShape,
  pageSize,
  type MemoryRegion,
  type SlotChange,
} from './memorySlots.ts';
import type { Vcpu } from './vcpu.ts';

export interface VmOptions {
  /** KVM_CAP_VM_GPA_BITS. */
  readonly gpaBits?: number;
  /** KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: reading a dirty log clears nothing. */
  readonly manualDirtyLogProtect?: 'enabled' | 'initiallySet';
  /** The user's rules for calls. */
  readonly calls?: readonly CallRule[];
  /** Whether the VMM has an answer to calls of this extension, so that probes tell the truth. */
  readonly answers?: (extension: number) => boolean;
  /** Calls are answered as KVM does also where it deviates from their specification. Default: no. */
  readonly kvmQuirks?: boolean;
  readonly observe?: (exit: ObservedExit) => void;
  readonly log?: (line: string) => void;
}

export interface VmState {
  readonly gpaBits: number;
  readonly slots: readonly MemoryRegion[];
  readonly dirtyLogs: readonly { readonly slot: number; readonly bits: DirtyBitmap }[];
  readonly manualProtect: VmOptions['manualDirtyLogProtect'];
  readonly mpStateReset: boolean;
  readonly arch: unknown;
}

const isBitmap: Shape = (value) => (value instanceof Uint8Array ? undefined : '');
const shape = fields({
  ...{ gpaBits: whole, slots: list(regionShape), mpStateReset: flag },
  dirtyLogs: list(fields({ slot: whole, bits: isBitmap })),
  manualProtect: oneOf(undefined, 'enabled', 'initiallySet'),
});

export class Vm implements Persist<VmState> {
  readonly memory: PhysicalMemory;
  readonly policy: CallPolicy;
  readonly ioEventFds = new IoEventFds();
  /** Devices inside the hypervisor. */
  readonly ioBus = new IoBus();
  readonly interrupts = new Interrupts(() => this.arch?.irqchip);
  readonly answers: (extension: number) => boolean;
  readonly kvmQuirks: boolean;
  readonly observe: (exit: ObservedExit) => void;
  readonly log: (line: string) => void;
  private memorySlots: MemorySlots;
  private addressBits: number;
  /** KVM_CAP_RISCV_MP_STATE_RESET. */
  mpStateReset = false;
  private readonly limit: number;
  private readonly hypervisor: HypervisorArch;
  private manualProtect: VmOptions['manualDirtyLogProtect'];
  /** By slot. */
  private readonly dirtyLogs = new Map<number, DirtyLog>();
  private arch: VmArch | undefined;
  private readonly list: Vcpu[] = [];

  private constructor(memory: PhysicalMemory, arch: HypervisorArch, options: VmOptions) {
    this.memory = memory;
    this.addressBits = options.gpaBits ?? arch.gpaBits.default;
    this.memorySlots = new MemorySlots(this.addressBits);
    this.policy = new CallPolicy(arch.defaultCalls, options.calls ?? []);
    this.answers = options.answers ?? (() => false);
    this.kvmQuirks = options.kvmQuirks ?? false;
    this.observe = options.observe ?? (() => {});
    this.log = options.log ?? (() => {});
    this.limit = arch.maxVcpus;
    this.hypervisor = arch;
    this.manualProtect = options.manualDirtyLogProtect;
  }

  /** For `HypervisorSystem`, which checks the options. */
  static create(memory: PhysicalMemory, arch: HypervisorArch, options: VmOptions): Result<Vm> {
    const vm = new Vm(memory, arch, options);
    const made = arch.createVm(vm);
    if (!made.ok) return made;
    vm.arch = made.value;
    return success(vm);
  }

  save(): VmState {
    return {
      gpaBits: this.addressBits,
      slots: [...this.slots.all],
      dirtyLogs: [...this.dirtyLogs].map(([slot, log]) => ({ slot, bits: log.copy() })),
      manualProtect: this.manualProtect,
      mpStateReset: this.mpStateReset,
      arch: this.archVm.save(),
    };
  }

  /** Rules for calls, and what a VMM has connected, are not the guest's and stay. */
  restore(state: VmState): void {
    mustFit('the virtual machine', state, shape);
    const logs = state.dirtyLogs.map(({ slot, bits }) => {
      const region = state.slots.find((each) => each.slot === slot);
      const pages = (region?.memorySize ?? 0) / pageSize;
      mustFit(`the dirty log of slot ${slot}`, bits, numbers(Uint8Array, bitmapBytes(pages)));
      return [slot, DirtyLog.of(pages, bits)] as const;
    });
    mustFit('the virtual machine', state.gpaBits, oneOf(this.addressBits));
    this.archVm.restore(state.arch);
    this.slots.replace(state.slots);
    this.dirtyLogs.clear();
    for (const [slot, log] of logs) this.dirtyLogs.set(slot, log);
    this.manualProtect = state.manualProtect;
    this.mpStateReset = state.mpStateReset;
  }

  get slots(): MemorySlots {
    return this.memorySlots;
  }

  /** Width of guest-physical addresses. */
  get gpaBits(): number {
    return this.addressBits;
  }

  get vcpus(): readonly Vcpu[] {
    return this.list;
  }

  /** KVM_CHECK_EXTENSION on the VM (KVM_CAP_CHECK_EXTENSION_VM). */
  checkExtension(capability: Capability | number): number {
    return checkExtension(this.hypervisor, capability);
  }

  /** KVM_ENABLE_CAP. */
  enableCap(capability: Capability, argument = 0): Result<void> {
    switch (capability) {
      case 'RISCV_MP_STATE_RESET':
        this.mpStateReset = true;
        return success(undefined);
      case 'MANUAL_DIRTY_LOG_PROTECT2': {
        const allowed = argument & manualProtectEnable ? manualProtectEnable | initiallySet : 0;
        if ((argument & ~allowed) !== 0) return failure('EINVAL');
        const enabled = argument & initiallySet ? 'initiallySet' : 'enabled';
        this.manualProtect = argument === 0 ? undefined : enabled;
        return success(undefined);
      }
      case 'VM_GPA_BITS':
        return this.setGpaBits(argument);
      default:
        return failure('EINVAL');
    }
  }

  private setGpaBits(bits: number): Result<void> {
    if (!Number.isInteger(bits) || bits < 1 || bits > this.hypervisor.gpaBits.max) {
      return failure('EINVAL');
    }
    if (this.list.length > 0 || this.slots.all.length > 0) return failure('EBUSY');
    const set = this.archVm.setGpaBits(bits);
    if (!set.ok) return set;
    this.addressBits = bits;
    this.memorySlots = new MemorySlots(bits);
    return set;
  }

  /** The user's rules for calls, until a vCPU has run: then EBUSY, and only the debugger may. */
  setCallRules(rules: readonly CallRule[]): Result<void> {
    if (this.list.some((vcpu) => vcpu.ranAtLeastOnce)) return failure('EBUSY');
    this.policy.replace(rules);
    return success(undefined);
  }

  /** The last file descriptor of the VM is closed (kvm_destroy_vm): nobody may use it any more. */
  destroy(): void {
    this.archVm.destroy();
    this.list.length = 0;
    this.arch = undefined;
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

  /** KVM_CREATE_DEVICE, by KVM_DEV_TYPE_*. */
  createDevice(type: number): Result<KvmDevice> {
    return this.archVm.createDevice(type);
  }

  setUserMemoryRegion(region: MemoryRegion): Result<void> {
    const change = this.slots.check(region);
    if (!change.ok) return change;
    const backing = change.value.region && this.checkBacking(change.value.region);
    if (backing && !backing.ok) return backing;
    this.slots.commit(change.value);
    if (change.value.removed) this.archVm.flushRegion(change.value.removed);
    this.updateLogging(change.value);
    return success(undefined);
  }

  /** KVM_GET_DIRTY_LOG: the pages written since the last time, unless clearing is done by hand. */
  getDirtyLog(slot: number): Result<DirtyBitmap> {
    const found = this.logOf(slot);
    if (!found.ok) return found;
    const { log, region } = found.value;
    if (this.manualProtect) return success(log.copy());
    const bitmap = log.take();
    this.archVm.writeProtect(addressesOf(region, dirtyPages(bitmap)));
    return success(bitmap);
  }

  /** The same for somebody who only looks: nothing is cleared, whatever the VMM has chosen. */
  peekDirtyLog(slot: number): Result<DirtyBitmap> {
    const found = this.logOf(slot);
    return found.ok ? success(found.value.log.copy()) : found;
  }

  /** KVM_CLEAR_DIRTY_LOG: of `count` pages from `first` on, those whose bits are set in `mask`. */
  clearDirtyLog(slot: number, first: number, count: number, mask: DirtyBitmap): Result<void> {
    const found = this.logOf(slot);
    if (!found.ok) return found;
    const { log, region } = found.value;
    const cleared = log.clear(first, count, mask);
    if (!cleared.ok) return cleared;
    this.archVm.writeProtect(addressesOf(region, cleared.value));
    return success(undefined);
  }

  /** Whether stores to the region have to be noticed. */
  isLogged(region: MemoryRegion): boolean {
    return this.dirtyLogs.has(region.slot) && (region.flags & memReadonly) === 0;
  }

  /** Somebody writes the guest-physical page. */
  markDirty(region: MemoryRegion, address: number): void {
    const page = Math.floor((address - region.guestPhysAddr) / pageSize);
    this.dirtyLogs.get(region.slot)?.mark(page);
  }

  /** What the host does when the memory behind guest pages moves or goes (kvm_unmap_gfn_range). */
  unmapGfnRange(first: number, count: number): void {
    this.archVm.unmapRange(first * pageSize, count * pageSize);
  }

  /** Whether the guest used the page since this was last asked (kvm_age_gfn). */
  ageGfn(gfn: number): boolean {
    return this.archVm.age(gfn * pageSize);
  }

  /** The same, and the next one who asks is told so too (kvm_test_age_gfn). */
  testAgeGfn(gfn: number): boolean {
    return this.archVm.testAge(gfn * pageSize);
  }

  get mmuCounters(): MmuCounters {
    return this.archVm.counters;
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
    this.markRange(address, bytes.length);
    return true;
  }

  private markRange(address: number, size: number): void {
    if (this.dirtyLogs.size === 0) return;
    for (let at = address - (address % pageSize); at < address + size; at += pageSize) {
      const region = this.slots.find(at);
      if (region) this.markDirty(region, at);
    }
  }

  /** Host memory has to be there before a guest may be given it, and writable if the guest's is. */
  private checkBacking(region: MemoryRegion): Result<void> {
    const host = this.memory.regionAt(region.userspaceAddr, region.memorySize);
    if (!host) return failure('EFAULT');
    const readonly = (region.flags & memReadonly) !== 0;
    return host.writable || readonly ? success(undefined) : failure('EPERM');
  }

  private updateLogging({ kind, old, region }: SlotChange): void {
    if (kind === 'none') return;
    const logged = region !== undefined && (region.flags & memLogDirtyPages) !== 0;
    if (!logged) {
      if (old && this.dirtyLogs.delete(old.slot) && region) this.archVm.recoverHugePages(region);
      return;
    }
    // A slot that moves takes its log with it.
    const allDirty = this.manualProtect === 'initiallySet';
    if (!this.dirtyLogs.has(region.slot)) {
      this.dirtyLogs.set(region.slot, new DirtyLog(region.memorySize / pageSize, allDirty));
    }
    // What counts as dirty from the beginning is protected when it is cleared.
    if (!allDirty) this.archVm.writeProtectRegion(region);
  }

  private logOf(slot: number): Result<{ log: DirtyLog; region: MemoryRegion }> {
    if (!Number.isInteger(slot) || slot < 0 || slot >= maxSlots) return failure('EINVAL');
    const log = this.dirtyLogs.get(slot);
    const region = this.slots.get(slot);
    return log && region ? success({ log, region }) : failure('ENOENT');
  }

  private get archVm(): VmArch {
    return defined(this.arch, "the VM's architecture part");
  }
}

function addressesOf(region: MemoryRegion, pages: readonly number[]): number[] {
  return pages.map((page) => region.guestPhysAddr + page * pageSize);
}
