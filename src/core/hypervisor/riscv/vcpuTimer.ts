/**
 * The guest's timer (Linux arch/riscv/kvm/vcpu_timer.c). With Sstc the hart compares by itself and
 * the hypervisor only writes vstimecmp; without it a software timer raises hvip.VSTIP.
 */
import { big, fields, flag, mustFit, optional, type Persist } from '../../base/persist.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';
import { failure, success, type Result } from '../errno.ts';
import { allOnes, csr, vstip } from './csrs.ts';
import type { OnHart } from './vcpuSwitch.ts';

export interface VcpuTimerState {
  readonly nextCycles: bigint;
  readonly set: boolean;
  readonly armed: bigint | undefined;
}

const shape = fields({ nextCycles: big, set: flag, armed: optional(big) });

export class VcpuTimer implements Persist<VcpuTimerState> {
  private readonly vcpu: OnHart;
  private readonly clock: VirtualClock;
  private readonly sstc: boolean;
  /** Guest time at which the software timer fires, when `set`. */
  private nextCycles = allOnes;
  private set = false;
  /** Host ticks at which to look whether it does. */
  private armed: bigint | undefined;

  constructor(vcpu: OnHart, clock: VirtualClock, sstc: boolean) {
    this.vcpu = vcpu;
    this.clock = clock;
    this.sstc = sstc;
  }

  save(): VcpuTimerState {
    const { nextCycles, set, armed } = this;
    return { nextCycles, set, armed };
  }

  restore(state: VcpuTimerState): void {
    mustFit("a vCPU's timer", state, shape);
    ({ nextCycles: this.nextCycles, set: this.set, armed: this.armed } = state);
  }

  reset(): void {
    this.armed = undefined;
    this.set = false;
    this.nextCycles = allOnes;
    if (this.sstc) this.vcpu.hart.setWideCsr(csr.vstimecmp, allOnes);
  }

  /** SBI set_timer: guest time of the next interrupt; all ones for never. Clears a pending one. */
  nextEvent(compare: bigint): void {
    if (this.sstc) {
      this.vcpu.hart.setWideCsr(csr.vstimecmp, compare);
      return;
    }
    this.vcpu.hart.setCsr(csr.hvip, this.vcpu.hart.getCsr(csr.hvip) & ~vstip);
    this.nextCycles = compare;
    this.set = true;
    this.arm();
  }

  get frequency(): bigint {
    return BigInt(this.clock.timebase);
  }

  get time(): bigint {
    return (this.clock.ticks() + this.vcpu.hart.getWideCsr(csr.htimedelta)) & allOnes;
  }

  /** What has to be added to host time so that the guest's is `time` now. */
  deltaFor(time: bigint): bigint {
    return BigInt.asUintN(64, time - this.clock.ticks());
  }

  setTimeDelta(delta: bigint): void {
    this.vcpu.hart.setWideCsr(csr.htimedelta, delta);
    if (this.set) this.arm();
  }

  get compare(): bigint {
    return this.sstc ? this.vcpu.hart.getWideCsr(csr.vstimecmp) : this.nextCycles;
  }

  /** Only stores: a software timer that is set looks at it when it would have fired. */
  set compare(value: bigint) {
    if (this.sstc) this.vcpu.hart.setWideCsr(csr.vstimecmp, value);
    else this.nextCycles = value;
  }

  /** Whether the software timer runs; with Sstc there is none. */
  get isSet(): boolean {
    return this.set;
  }

  /**
   * ONE_REG's timer state. KVM hands the number of the state on as the time of the event: without
   * Sstc the timer fires at once, with it compare is loaded again at the next entry.
   */
  setState(state: bigint): Result<void> {
    if (state === 1n) {
      if (!this.sstc) this.nextEvent(1n);
      return success(undefined);
    }
    if (!this.set) return failure('EINVAL');
    this.set = false;
    this.armed = undefined;
    return success(undefined);
  }

  nextDeadline(): bigint | undefined {
    if (!this.sstc) return this.armed;
    const compare = this.vcpu.hart.getWideCsr(csr.vstimecmp);
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
    if (this.time < this.nextCycles) {
      this.armed = this.nextCycles === allOnes ? undefined : this.hostTicks(this.nextCycles);
      return;
    }
    this.armed = undefined;
    this.set = false;
    this.vcpu.hart.setCsr(csr.hvip, this.vcpu.hart.getCsr(csr.hvip) | vstip);
  }

  private arm(): void {
    this.armed = this.nextCycles === allOnes ? undefined : this.hostTicks(this.nextCycles);
    this.advance();
  }

  /** The host's tick at which guest time is `compare`, not earlier than now. */
  private hostTicks(compare: bigint): bigint {
    const now = this.clock.ticks();
    const guestNow = this.time;
    return compare > guestNow ? now + (compare - guestNow) : now;
  }
}
