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
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { Vm } from '../vm.ts';

export const stealTimeSize = 64;
const sequenceAt = 0;
const stealAt = 8;
const nanosecondsPerSecond = 1_000_000_000n;

export class StealTime {
  private readonly vm: Vm;
  private readonly clock: VirtualClock;
  private address: number | undefined;
  private sequence = 0;
  /** Ticks stolen since the guest asked. */
  private stolen = 0n;
  /** Since when the vCPU could run and does not, in ticks. */
  private readySince: bigint | undefined;
  private running = false;

  constructor(vm: Vm, clock: VirtualClock) {
    this.vm = vm;
    this.clock = clock;
  }

  /** Where the guest is told, undefined when it did not ask. */
  get sharedMemory(): number | undefined {
    return this.address;
  }

  reset(): void {
    this.address = undefined;
    this.readySince = undefined;
  }

  /** False when the memory cannot be written; nothing is changed then. */
  report(address: number | undefined): boolean {
    const zeros = new Uint8Array(stealTimeSize);
    if (address !== undefined && !this.vm.writeMemory(address, zeros)) return false;
    this.address = address;
    this.sequence = 0;
    this.stolen = 0n;
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
    if (since === undefined || this.address === undefined) return;
    const waited = this.clock.ticks() - since;
    if (waited === 0n) return;
    this.stolen += waited;
    this.write(this.address);
  }

  private write(address: number): void {
    const steal = (this.stolen * nanosecondsPerSecond) / BigInt(this.clock.timebase);
    this.writeSequence(address);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, steal, true);
    this.vm.writeMemory(address + stealAt, bytes);
    this.writeSequence(address);
  }

  private writeSequence(address: number): void {
    this.sequence = (this.sequence + 1) >>> 0;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.sequence, true);
    this.vm.writeMemory(address + sequenceAt, bytes);
  }
}
