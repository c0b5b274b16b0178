/**
 * Numbers that tell the guests' translations apart (Linux arch/riscv/kvm/vmid.c). VMID 0 is the
 * host's. When they run out, a new version of the numbering begins: all translations go, and each
 * VM takes a number of the new version before it runs again.
 */
import { fields, mustFit, whole, type Persist } from '../../base/persist.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr, translationRegister } from './csrs.ts';
import { sv32x4, sv39x4 } from './gstage.ts';

/** A VM's number, and the version in which it is valid; version 0 never is (struct kvm_vmid). */
export interface Vmid {
  version: number;
  number: number;
}

export interface VmidAllocatorState {
  readonly version: number;
  readonly next: number;
}

export class VmidAllocator implements Persist<VmidAllocatorState> {
  /** 0 when the harts have too few to tell as many VMs apart as there are harts. */
  readonly bits: number;
  private version = 1;
  private next = 0;
  private readonly flush: () => void;

  constructor(harts: readonly RiscvHart[], flush: () => void) {
    const bits = Math.min(...harts.map(detectVmidBits));
    this.bits = 2 ** bits < harts.length ? 0 : bits;
    this.flush = flush;
  }

  save(): VmidAllocatorState {
    const { version, next } = this;
    return { version, next };
  }

  restore(state: VmidAllocatorState): void {
    mustFit('the VMIDs', state, fields({ version: whole, next: whole }));
    this.version = state.version;
    this.next = state.next;
  }

  /** kvm_riscv_gstage_vmid_ver_changed: whether the VM needs a number before it may run. */
  isStale(vmid: Vmid): boolean {
    return this.bits > 0 && vmid.version !== this.version;
  }

  /** kvm_riscv_gstage_vmid_update, for a number that is stale. */
  update(vmid: Vmid): void {
    if (this.next === 0) {
      this.version++;
      this.next = 1;
      this.flush();
    }
    vmid.number = this.next;
    vmid.version = this.version;
    this.next = (this.next + 1) % 2 ** this.bits;
  }
}

/** VMIDLEN is what stays of all ones written to the field. */
function detectVmidBits(hart: RiscvHart): number {
  const old = hart.getCsr(csr.hgatp);
  const at = translationRegister[hart.xlen];
  const { mode } = hart.xlen === 32 ? sv32x4 : sv39x4;
  const ones = ((1n << BigInt(at.vmidBits)) - 1n) << at.vmid;
  hart.setCsr(csr.hgatp, (mode << at.mode) | ones);
  const kept = (hart.getCsr(csr.hgatp) & ones) >> at.vmid;
  hart.setCsr(csr.hgatp, old);
  return kept.toString(2).replaceAll('0', '').length;
}
