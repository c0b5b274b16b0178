/**
 * What a VM has on RISC-V: G-stage tables filled as the guest touches its memory, a VMID, and the
 * vCPUs (Linux arch/riscv/kvm/vm.c and mmu.c). Slots say what is mapped; this says how.
 */
import { defined } from '../../base/assert.ts';
import { big, fields, mustFit, oneOf, whole } from '../../base/persist.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { MmuCounters, VmArch } from '../arch.ts';
import { deviceType, type KvmDevice } from '../device.ts';
import { failure, success, type Result } from '../errno.ts';
import type { IrqChip } from '../irqchip.ts';
import { memReadonly, pageSize, type MemoryRegion } from '../memorySlots.ts';
import type { Vcpu } from '../vcpu.ts';
import type { Vm } from '../vm.ts';
import { AiaDevice, type AiaDeviceState, type AiaHost } from './aiaDevice.ts';
import type { GuestFiles } from './aiaImsic.ts';
import { leafSizeFor, type Gstage, type GstageState } from './gstage.ts';
import { RiscvVcpu } from './vcpu.ts';
import type { FaultOutcome, VcpuOwner } from './vcpuContext.ts';
import type { HartSlot } from './vcpuSwitch.ts';
import type { Vmid, VmidAllocator } from './vmid.ts';

export interface RiscvVmParts {
  readonly vm: Vm;
  /** Tables for addresses of so many bits. */
  readonly makeGstage: (gpaBits: number) => Result<Gstage>;
  readonly gstage: Gstage;
  readonly vmids: VmidAllocator;
  /** By vCPU id. */
  readonly slots: readonly HartSlot[];
  readonly clock: VirtualClock;
  /** Lower-case names of what the harts have. */
  readonly extensions: ReadonlySet<string>;
  /** One more than the highest identity that an interrupt file can have. */
  readonly maxIds: number;
}

export interface RiscvVmState {
  readonly vmid: Vmid;
  readonly timeDelta: bigint;
  readonly faults: number;
  readonly writeProtections: number;
  readonly gstage: GstageState;
  readonly aia: AiaDeviceState | undefined;
}

const shape = fields({
  vmid: fields({ version: whole, number: whole }),
  ...{ timeDelta: big, faults: whole, writeProtections: whole },
});

export class RiscvVm implements VmArch, VcpuOwner, AiaHost {
  readonly vm: Vm;
  gstage: Gstage;
  private readonly makeGstage: RiscvVmParts['makeGstage'];
  readonly clock: VirtualClock;
  private readonly vmids: VmidAllocator;
  private readonly vmid: Vmid = { version: 0, number: 0 };
  private delta: bigint;
  private faults = 0;
  private writeProtections = 0;
  readonly extensions: ReadonlySet<string>;
  readonly vcpus: RiscvVcpu[] = [];
  readonly maxIds: number;
  aia: AiaDevice | undefined;
  private readonly slots: readonly HartSlot[];

  constructor(parts: RiscvVmParts) {
    this.vm = parts.vm;
    this.gstage = parts.gstage;
    this.makeGstage = parts.makeGstage;
    this.vmids = parts.vmids;
    this.clock = parts.clock;
    this.delta = BigInt.asUintN(64, -parts.clock.ticks());
    this.slots = parts.slots;
    this.extensions = parts.extensions;
    this.maxIds = parts.maxIds;
  }

  save(): RiscvVmState {
    const { vmid, delta: timeDelta, faults, writeProtections, gstage, aia } = this;
    const parts = { gstage: gstage.save(), aia: aia?.save() };
    return { vmid: { ...vmid }, timeDelta, faults, writeProtections, ...parts };
  }

  restore(state: RiscvVmState): void {
    mustFit('the virtual machine', state, shape);
    mustFit('the AIA', state.aia !== undefined, oneOf(this.aia !== undefined));
    this.gstage.restore(state.gstage);
    if (state.aia) this.aia?.restore(state.aia);
    this.vmid.version = state.vmid.version;
    this.vmid.number = state.vmid.number;
    this.delta = state.timeDelta;
    this.faults = state.faults;
    this.writeProtections = state.writeProtections;
  }

  /** Guest time is host time plus this; it is 0 when the VM is created. */
  get timeDelta(): bigint {
    return this.delta;
  }

  get vmidVersion(): number {
    if (this.vmids.isStale(this.vmid)) this.vmids.update(this.vmid);
    return this.vmid.version;
  }

  get hgatp(): bigint {
    return this.gstage.hgatp(this.vmid.number);
  }

  get tagged(): boolean {
    return this.vmids.bits > 0;
  }

  /** Shifts the time of the whole VM. */
  setTimeDelta(delta: bigint): void {
    this.delta = BigInt.asUintN(64, delta);
    for (const vcpu of this.vcpus) vcpu.timer.setTimeDelta(this.delta);
  }

  get counters(): MmuCounters {
    const { faults, writeProtections } = this;
    const { splits, merges } = this.gstage;
    return { faults, splits, merges, writeProtections };
  }

  createVcpu(id: number): Result<Vcpu> {
    const vcpu = new RiscvVcpu(this, defined(this.slots[id], `hart ${id}`));
    this.vcpus.push(vcpu);
    return success(vcpu);
  }

  destroy(): void {
    for (const vcpu of this.vcpus) vcpu.destroy();
    this.gstage.destroy();
    // The VMID is given to others one day; nothing of this VM may be left for them.
    this.fenceAll();
  }

  setGpaBits(bits: number): Result<void> {
    const made = this.makeGstage(bits);
    if (!made.ok) return made;
    this.gstage.destroy();
    this.gstage = made.value;
    return success(undefined);
  }

  get irqchip(): IrqChip | undefined {
    return this.aia;
  }

  /** aia_create. */
  createDevice(type: number): Result<KvmDevice> {
    if (type !== deviceType.RISCV_AIA) return failure('ENODEV');
    if (this.aia) return failure('EEXIST');
    if (!this.extensions.has('ssaia')) return failure('ENODEV');
    if (this.vcpus.some((vcpu) => vcpu.ranAtLeastOnce)) return failure('EBUSY');
    this.aia = new AiaDevice(this);
    return success(this.aia);
  }

  get guestFiles(): readonly GuestFiles[] {
    return this.slots.map(({ guestFiles }) => guestFiles);
  }

  /** kvm_riscv_mmu_ioremap, for a page that is not memory. */
  mapPage(address: number, hostPage: number): boolean {
    return this.gstage.map(address, hostPage, pageSize, true);
  }

  /** kvm_riscv_mmu_iounmap. */
  unmapPage(address: number): void {
    this.unmapRange(address, pageSize);
  }

  flushRegion(region: MemoryRegion): void {
    this.unmapRange(region.guestPhysAddr, region.memorySize);
  }

  unmapRange(address: number, size: number): void {
    if (this.gstage.unmap(address, size)) this.fenceAll();
  }

  age(address: number): boolean {
    const used = this.gstage.testAge(address, true);
    // A hart that remembers the translation would use it without anybody seeing.
    if (used) this.fenceAll();
    return used;
  }

  testAge(address: number): boolean {
    return this.gstage.testAge(address, false);
  }

  writeProtect(pages: Iterable<number>): void {
    let count = 0;
    for (const page of pages) count += this.gstage.writeProtect(page, pageSize);
    this.protectedLeaves(count);
  }

  writeProtectRegion(region: MemoryRegion): void {
    this.protectedLeaves(this.gstage.writeProtect(region.guestPhysAddr, region.memorySize));
  }

  recoverHugePages(region: MemoryRegion): void {
    const writable = (region.flags & memReadonly) === 0;
    const end = region.guestPhysAddr + region.memorySize;
    let merged = false;
    for (let at = region.guestPhysAddr; at < end;) {
      const size = leafSizeFor(region, at, this.gstage.mode.xlen);
      if (size > pageSize && this.gstage.isSplit(at, size)) {
        const hostAddress = region.userspaceAddr + (at - region.guestPhysAddr);
        merged = this.gstage.map(at, hostAddress, size, writable) || merged;
      }
      at += size;
    }
    if (merged) this.fenceAll();
  }

  preFault(address: number): Result<void> {
    if (this.gstage.lookup(address)) return success(undefined);
    switch (this.fault(address, false).kind) {
      case 'mapped':
      case 'spurious':
        return success(undefined);
      case 'device':
        return failure('ENOENT');
      case 'noMemory':
        return failure('ENOMEM');
    }
  }

  /** Makes the translation that an access needs, with the largest page that the slot allows. */
  fault(gpa: number, write: boolean): FaultOutcome {
    const slot = this.vm.slots.find(gpa);
    if (!slot) return { kind: 'device' };
    const writable = (slot.flags & memReadonly) === 0;
    if (write && !writable) return { kind: 'device' };
    const leaf = this.gstage.lookup(gpa);
    if (leaf && (leaf.writable || !write)) {
      if (!leaf.used) this.gstage.markUsed(leaf);
      // A hart may keep an absent translation; the fence makes it look again.
      this.fenceAll();
      return { kind: 'spurious' };
    }
    // While writes are logged, each page has a leaf of its own that only a write makes writable.
    const logged = this.vm.isLogged(slot);
    const size = logged ? pageSize : leafSizeFor(slot, gpa, this.gstage.mode.xlen);
    const page = gpa - (gpa % size);
    const hostAddress = slot.userspaceAddr + (page - slot.guestPhysAddr);
    const allowWrite = writable && (write || !logged);
    if (!this.gstage.map(page, hostAddress, size, allowWrite)) return { kind: 'noMemory' };
    this.faults++;
    if (logged && write) this.vm.markDirty(slot, gpa);
    // Making a translation more permissive needs a fence where a weaker one may be cached.
    if (leaf) this.fenceAll();
    return { kind: 'mapped', pageSize: size, hostAddress };
  }

  private protectedLeaves(count: number): void {
    this.writeProtections += count;
    if (count > 0) this.fenceAll();
  }

  private fenceAll(): void {
    for (const { hart } of this.slots) hart.hfenceGvma();
  }
}
