/**
 * The trap that brought a guest to the hypervisor, as HS-mode's CSRs say it (Linux
 * kvm_riscv_vcpu_trap). They keep their values until the next one, so that what a handler does not
 * ask for is not read.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr } from './csrs.ts';
import type { GuestTrap } from './vcpuContext.ts';

export class TakenTrap implements GuestTrap {
  interrupt = false;
  cause = 0;
  private readonly hart: RiscvHart;

  constructor(hart: RiscvHart) {
    this.hart = hart;
  }

  read(): void {
    const low = this.hart.getCsrWord(csr.scause, 'low');
    const top = this.hart.xlen === 64 ? this.hart.getCsrWord(csr.scause, 'high') : low;
    this.interrupt = top >>> 31 === 1;
    this.cause = low & 0x7fff_ffff;
  }

  get tval(): bigint {
    return this.hart.getCsr(csr.stval);
  }
  get tval2(): bigint {
    return this.hart.getCsr(csr.htval);
  }
  get tinst(): number {
    return this.hart.getCsrWord(csr.htinst, 'low') >>> 0;
  }
}
