/**
 * What a VM has on RISC-V: G-stage tables filled as the guest touches its memory, a VMID, and the
 * vCPUs (Linux arch/riscv/kvm/vm.c and mmu.c). Slots say what is mapped; this says how.
 */
import { defined } from '../../base/assert.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import type { VmArch } from '../arch.ts';
import { failure, success, type Result } from '../errno.ts';
import { memReadonly, type MemoryRegion } from '../memorySlots.ts';
import type { Vcpu } from '../vcpu.ts';
import type { Vm } from '../vm.ts';
import { leafSizeFor, type Gstage } from './gstage.ts';
import { RiscvVcpu } from './vcpu.ts';
import type { FaultOutcome, VcpuOwner } from './vcpuContext.ts';

export interface RiscvVmParts {
  readonly vm: Vm;
  readonly gstage: Gstage;
  readonly vmid: number;
  readonly harts: readonly RiscvHart[];
  readonly clock: VirtualClock;
}

export class RiscvVm implements VmArch, VcpuOwner {
  readonly vm: Vm;
  readonly gstage: Gstage;
  readonly hgatp: bigint;
  readonly clock: VirtualClock;
  /** Guest time is host time plus this; it is 0 when the VM is created. */
  readonly timeDelta: bigint;
  readonly vcpus: RiscvVcpu[] = [];
  private readonly harts: readonly RiscvHart[];

  constructor(parts: RiscvVmParts) {
    this.vm = parts.vm;
    this.gstage = parts.gstage;
    this.hgatp = parts.gstage.hgatp(parts.vmid);
    this.clock = parts.clock;
    this.timeDelta = BigInt.asUintN(64, -parts.clock.ticks());
    this.harts = parts.harts;
  }

  createVcpu(id: number): Result<Vcpu> {
    const vcpu = new RiscvVcpu(this, defined(this.harts[id], `hart ${id}`));
    this.vcpus.push(vcpu);
    return success(vcpu);
  }

  flushRegion(region: MemoryRegion): void {
    if (this.gstage.unmap(region.guestPhysAddr, region.memorySize)) this.fenceAll();
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
      // A hart may keep an absent translation; the fence makes it look again.
      this.fenceAll();
      return { kind: 'spurious' };
    }
    const pageSize = leafSizeFor(slot, gpa);
    const page = gpa - (gpa % pageSize);
    const hostAddress = slot.userspaceAddr + (page - slot.guestPhysAddr);
    if (!this.gstage.map(page, hostAddress, pageSize, writable)) return { kind: 'noMemory' };
    // Making a translation more permissive needs a fence where a weaker one may be cached.
    if (leaf) this.fenceAll();
    return { kind: 'mapped', pageSize, hostAddress };
  }

  private fenceAll(): void {
    for (const hart of this.harts) hart.hfenceGvma();
  }
}
