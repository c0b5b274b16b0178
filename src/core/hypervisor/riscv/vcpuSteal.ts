/**
 * Steal time of one vCPU (SBI 3.0, "Steal-time Accounting Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_sta.c, kvm_riscv_vcpu_record_steal_time): the virtual time in which it
 * could have run while other vCPUs of the machine had their turns. vCPUs run one after the other
 * and virtual time is what they execute, so the figure is the same in every run, and a machine with
 * one vCPU has none stolen, however busy the computer is.
 *
 * `sequence` is odd only while `steal` is written, which nobody can see, for no guest code runs
 * meanwhile. `preempted` stays 0, as on KVM.
 */
import { big, fields, flag, mustFit, optional, type Persist } from '../../base/persist.ts';
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { Vm } from '../vm.ts';
import { allOnes } from './csrs.ts';

export const stealTimeSize = 64;
const sequenceAt = 0;
const stealAt = 8;
/** INVALID_GPA. */
const nowhere = allOnes;
const nanosecondsPerSecond = 1_000_000_000n;

export interface StealTimeState {
  readonly shmem: bigint;
  readonly readySince: bigint | undefined;
  readonly running: boolean;
}

const shape = fields({ shmem: big, readySince: optional(big), running: flag });

export class StealTime implements Persist<StealTimeState> {
  private readonly vm: Vm;
  private readonly clock: VirtualClock;
  /** Guest-physical; all ones when the guest did not ask. What a VMM sets may be no memory. */
  shmem = nowhere;
  /** Since when the vCPU could run and does not, in ticks. */
  private readySince: bigint | undefined;
  private running = false;

  constructor(vm: Vm, clock: VirtualClock) {
    this.vm = vm;
    this.clock = clock;
  }

  /** Where the guest is told, undefined when it did not ask. */
  get sharedMemory(): number | undefined {
    return this.shmem === nowhere ? undefined : Number(this.shmem);
  }

  save(): StealTimeState {
    const { shmem, readySince, running } = this;
    return { shmem, readySince, running };
  }

  restore(state: StealTimeState): void {
    mustFit("a vCPU's steal time", state, shape);
    ({ shmem: this.shmem, readySince: this.readySince, running: this.running } = state);
  }

  reset(): void {
    this.shmem = nowhere;
    this.readySince = undefined;
  }

  /** False when the memory cannot be written; nothing is changed then. */
  report(address: number | undefined): boolean {
    const zeros = new Uint8Array(stealTimeSize);
    if (address !== undefined && !this.vm.writeMemory(address, zeros)) return false;
    this.shmem = address === undefined ? nowhere : BigInt(address);
    return true;
  }

  /** The vCPU could run from now on, if it does not already. */
  ready(): void {
    if (!this.running) this.readySince ??= this.clock.ticks();
  }

  /** Its turn ends. */
  leave(): void {
    this.running = false;
  }

  /** Its turn begins. */
  enter(): void {
    this.running = true;
    const since = this.readySince;
    this.readySince = undefined;
    const address = this.sharedMemory;
    if (since === undefined || address === undefined) return;
    const waited = this.clock.ticks() - since;
    if (waited > 0n) this.record(address, waited);
  }

  /** What was stolen before stands in the memory, which may have come from another machine. */
  private record(address: number, waited: bigint): void {
    const bytes = this.vm.readMemory(address, stealTimeSize);
    if (!bytes) {
      this.shmem = nowhere;
      return;
    }
    const view = new DataView(bytes.buffer);
    const sequence = view.getUint32(sequenceAt, true);
    const stolen = (waited * nanosecondsPerSecond) / BigInt(this.clock.timebase);
    view.setUint32(sequenceAt, sequence + 2, true);
    view.setBigUint64(stealAt, view.getBigUint64(stealAt, true) + stolen, true);
    if (!this.vm.writeMemory(address, bytes.subarray(0, stealAt + 8))) this.shmem = nowhere;
  }
}
