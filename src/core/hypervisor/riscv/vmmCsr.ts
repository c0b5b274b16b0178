/** The VMM's answers for CSRs, as kvmtool's kvm_cpu_riscv_csr: `seed` gives sixteen bits at a time. */
import { entropySource } from '../../isa/riscv/csr/tables/unprivileged.ts';
import type { RegisterHandler } from '../callHandler.ts';
import type { CsrExit } from '../exits.ts';
import { csr } from './csrs.ts';

export class SeedSource implements RegisterHandler {
  private position = 0n;

  handle(exit: CsrExit): boolean {
    if (exit.register !== csr.seed) return false;
    exit.ret = entropySource(this.position++);
    return true;
  }
}
