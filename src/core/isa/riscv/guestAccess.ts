/**
 * Memory accesses as in a guest (hypervisor, virtual-machine load and store instructions): with
 * hstatus.SPVP's privilege and the guest's translation, from HS-mode or by our own hypervisor.
 */
import { CSR } from './csr/numbers.ts';
import { hstatusBits, type HartState } from './hartState.ts';
import { fromWords, lower, upper, type MemoryPath } from './memoryPath.ts';
import type { AccessMode } from './mmu.ts';
import { guestPmlenOf } from './pointerMasking.ts';
import type { GuestRead, TrapInfo } from './riscvHart.ts';

export class GuestAccess {
  private readonly state: HartState;
  private readonly path: MemoryPath;

  constructor(state: HartState, path: MemoryPath) {
    this.state = state;
    this.path = path;
  }

  load(address: bigint, size: number, executable: boolean): GuestRead {
    const mode = executable ? { ...this.mode(), pmlen: 0, executable } : this.mode();
    const { path } = this;
    if (!path.load(lower(address), upper(address), size, mode)) return { trap: path.takeFault() };
    return { value: fromWords(path.loaded) };
  }

  store(address: bigint, size: number, value: bigint): TrapInfo | undefined {
    const words = { low: lower(value), high: upper(value) };
    const stored = this.path.store(lower(address), upper(address), size, words, this.mode());
    return stored ? undefined : this.path.takeFault();
  }

  private mode(): AccessMode {
    const privilege = (this.state.low(CSR.hstatus) & hstatusBits.SPVP) !== 0 ? 1 : 0;
    return { privilege, virtualized: true, pmlen: guestPmlenOf(this.state, privilege) };
  }
}
