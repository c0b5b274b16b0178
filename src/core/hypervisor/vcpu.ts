/**
 * A vCPU as the VMM holds it: a hypervisor's handle on a hart. What an architecture keeps in it
 * (registers, timers, pending calls) is behind this interface.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { Result } from './errno.ts';
import type { VcpuRun } from './exits.ts';

/** KVM_MP_STATE_*: whether the vCPU was started at all, not whether it waits. */
export const mpStateNumber = { runnable: 0, stopped: 5 } as const;
export type MpState = keyof typeof mpStateNumber;

export interface Vcpu {
  /** The hart's id as the guest sees it. */
  readonly id: number;
  /** The hart that runs it. Between two `run`s it stands where the guest does. */
  readonly cpu: Cpu;
  mpState: MpState;
  /** `run` was called: what is fixed from then on cannot be set any more. */
  readonly ranAtLeastOnce: boolean;

  /** Where a vCPU that is runnable begins, and what it is given, as a boot loader would. */
  setBoot(entry: bigint, argument: bigint): void;
  /** KVM_RUN: completes what the VMM answered, then runs at most `budget` instructions. */
  run(budget: number): VcpuRun;
  /** Whether `run` would execute something now: started, and not waiting without a reason to wake. */
  readonly runnable: boolean;
  /** Started, but waiting for an interrupt. */
  readonly waiting: boolean;
  /** KVM_INTERRUPT: level of the external interrupt that the VMM's controller drives. */
  setInterrupt(level: boolean): void;
  /** KVM_GET_ONE_REG and KVM_SET_ONE_REG: everything an architecture has, by Linux's ids. */
  getOneReg(id: bigint): Result<bigint>;
  setOneReg(id: bigint, value: bigint): Result<void>;
  /** KVM_GET_REG_LIST. */
  getRegList(): readonly bigint[];
  /** The tick at which a timer of this vCPU fires next, undefined when none will. */
  nextDeadline(): bigint | undefined;
  /** Lets timers that are due fire. */
  advanceTimer(): void;
}
