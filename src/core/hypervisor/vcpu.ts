/**
 * A vCPU as the VMM holds it: a hypervisor's handle on a hart. What an architecture keeps in it
 * (registers, timers, pending calls) is behind this interface.
 */
import type { Persist } from '../base/persist.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { Result } from './errno.ts';
import type { CallExit, VcpuRun } from './exits.ts';

/** KVM_MP_STATE_*: whether the vCPU was started at all, not whether it waits. */
export const mpStateNumber = { runnable: 0, stopped: 5 } as const;
export type MpState = keyof typeof mpStateNumber;
/** KVM_MP_STATE_INIT_RECEIVED, with KVM_CAP_RISCV_MP_STATE_RESET: registers as after reset. */
export const mpStateInitReceived = 2;

/** KVM_INTERRUPT_SET and KVM_INTERRUPT_UNSET, -1 and -2 as unsigned words. */
export const interruptSet = 0xffff_ffff;
export const interruptUnset = 0xffff_fffe;

/** KVM_GUESTDBG_ENABLE. */
export const guestDebugEnable = 1;

export interface Vcpu extends Persist<unknown> {
  /** The hart's id as the guest sees it. */
  readonly id: number;
  /** The hart that runs it. Between two `run`s it stands where the guest does. */
  readonly cpu: Cpu;
  mpState: MpState;
  /** kvm_run's field: `run` completes what the VMM answered and comes back with `intr`. */
  immediateExit: boolean;
  /** `run` was called: what is fixed from then on cannot be set any more. */
  readonly ranAtLeastOnce: boolean;

  /** The call that the next `run` completes, with what it is answered. */
  readonly pendingCall: CallExit | undefined;

  /** Where a vCPU that is runnable begins, and what it is given, as a boot loader would. */
  setBoot(entry: bigint, argument: bigint): void;
  /** KVM_RUN: completes what the VMM answered, then runs at most `budget` instructions. */
  run(budget: number): VcpuRun;
  /** Whether `run` would execute something now: started, and not waiting without a reason to wake. */
  readonly runnable: boolean;
  /** Started, but waiting for an interrupt. */
  readonly waiting: boolean;
  /** Level of the external interrupt that the VMM's controller drives. */
  setInterrupt(level: boolean): void;
  /** KVM_INTERRUPT, by Linux's numbers: `interruptSet` raises it, everything else lowers it. */
  interrupt(irq: number): void;
  /** KVM_SET_MP_STATE, by number; KVM_GET_MP_STATE is `mpStateNumber[mpState]`. */
  setMpState(state: number): Result<void>;
  /** KVM_SET_GUEST_DEBUG: with `guestDebugEnable` a breakpoint instruction is the exit `debug`. */
  setGuestDebug(control: number): Result<void>;
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
