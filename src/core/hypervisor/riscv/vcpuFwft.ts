/**
 * The firmware features of one vCPU (SBI 3.0, "SBI Firmware Features Extension", for the values).
 * One can be controlled, as on KVM: whether misaligned loads and stores go to the guest without
 * passing the hypervisor. What the SBI functions answer is in vcpuSbiFwft.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { cause, csr } from './csrs.ts';

const misaligned = (1n << BigInt(cause.loadMisaligned)) | (1n << BigInt(cause.storeMisaligned));

export class FirmwareFeatures {
  /** MISALIGNED_EXC_DELEG must not change until the hart is reset. */
  locked = false;
  private readonly hart: RiscvHart;

  constructor(hart: RiscvHart) {
    this.hart = hart;
  }

  reset(): void {
    this.locked = false;
    this.misalignedDelegation = false;
  }

  get misalignedDelegation(): boolean {
    return (this.hart.getWideCsr(csr.hedeleg) & misaligned) === misaligned;
  }

  set misalignedDelegation(on: boolean) {
    const others = this.hart.getWideCsr(csr.hedeleg) & ~misaligned;
    this.hart.setWideCsr(csr.hedeleg, on ? others | misaligned : others);
  }
}
