/**
 * The trap that brought a guest to the hypervisor, as HS-mode's CSRs say it (Linux
 * kvm_riscv_vcpu_trap). They keep their values until the next one, so that what a handler does not
 * ask for is not read.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { csr, statusSie, statusSpie, statusSpp } from './csrs.ts';
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

/** Gives an exception to the guest (Linux kvm_riscv_vcpu_trap_redirect). */
export function redirectTrap(hart: RiscvHart, code: number, tval: bigint): void {
  let status = hart.getCsr(csr.vsstatus) & ~(statusSpp | statusSpie);
  if (hart.privilege === 1) status |= statusSpp;
  if ((status & statusSie) !== 0n) status |= statusSpie;
  hart.setCsr(csr.vsstatus, status & ~statusSie);
  hart.setCsr(csr.vscause, BigInt(code));
  hart.setCsr(csr.vstval, tval);
  hart.setCsr(csr.vsepc, hart.pc);
  // Exceptions go to BASE, whatever MODE says.
  hart.pc = hart.getCsr(csr.vstvec) & ~3n;
  hart.privilege = 1;
}
