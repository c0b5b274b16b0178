/** The VMM's answers for CSRs, as kvmtool's kvm_cpu_riscv_csr: `seed` gives sixteen bits at a time. */
import { big, fields, mustFit, type Persist } from '../../base/persist.ts';
import { entropySource } from '../../isa/riscv/csr/tables/unprivileged.ts';
import type { RegisterHandler } from '../callHandler.ts';
import type { CsrExit } from '../exits.ts';
import { csr } from './csrs.ts';

export interface SeedState {
  /** How often it was asked. */
  readonly position: bigint;
}

export class SeedSource implements RegisterHandler, Persist<SeedState> {
  private position = 0n;

  save(): SeedState {
    return { position: this.position };
  }

  restore(state: SeedState): void {
    mustFit('the entropy source', state, fields({ position: big }));
    this.position = state.position;
  }

  handle(exit: CsrExit): boolean {
    if (exit.register !== csr.seed) return false;
    exit.ret = entropySource(this.position++);
    return true;
  }
}
