/**
 * The guest's timer (Linux arch/riscv/kvm/vcpu_timer.c). With Sstc the hart compares by itself and
 * the hypervisor only writes vstimecmp; without it a software timer raises hvip.VSTIP.
 */
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { allOnes, csr, vstip } from './csrs.ts';

export class VcpuTimer {
  private readonly hart: RiscvHart;
  private readonly clock: VirtualClock;
  private readonly sstc: boolean;
  /** Host ticks at which the software timer fires. */
  private armed: bigint | undefined;

  constructor(hart: RiscvHart, clock: VirtualClock, sstc: boolean) {
    this.hart = hart;
    this.clock = clock;
    this.sstc = sstc;
  }

  reset(): void {
    this.armed = undefined;
    if (this.sstc) this.hart.setCsr(csr.vstimecmp, allOnes);
  }

  /** SBI set_timer: guest time of the next interrupt; all ones for never. Clears a pending one. */
  nextEvent(compare: bigint): void {
    if (this.sstc) {
      this.hart.setCsr(csr.vstimecmp, compare);
      return;
    }
    this.hart.setCsr(csr.hvip, this.hart.getCsr(csr.hvip) & ~vstip);
    this.armed = compare === allOnes ? undefined : this.hostTicks(compare);
    this.advance();
  }

  nextDeadline(): bigint | undefined {
    if (!this.sstc) return this.armed;
    const compare = this.hart.getCsr(csr.vstimecmp);
    if (compare === allOnes) return undefined;
    const deadline = this.hostTicks(compare);
    // What is due already shows in hip and is no reason to wait.
    return deadline > this.clock.ticks() ? deadline : undefined;
  }

  /** Of `budget` instructions, those before the software timer fires; the hart minds its own. */
  untilDeadline(budget: number): number {
    if (this.armed === undefined) return budget;
    return Math.max(1, Math.min(budget, this.clock.instructionsUntil(this.armed)));
  }

  advance(): void {
    if (this.armed === undefined || this.armed > this.clock.ticks()) return;
    this.armed = undefined;
    this.hart.setCsr(csr.hvip, this.hart.getCsr(csr.hvip) | vstip);
  }

  /** The host's tick at which guest time is `compare`, not earlier than now. */
  private hostTicks(compare: bigint): bigint {
    const now = this.clock.ticks();
    const guestNow = (now + this.hart.getCsr(csr.htimedelta)) & allOnes;
    return compare > guestNow ? now + (compare - guestNow) : now;
  }
}
