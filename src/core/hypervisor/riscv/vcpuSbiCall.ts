/**
 * What the files of the SBI extensions share: a call, what may come of it, and what a call may do
 * with the vCPU that made it (SBI 3.0, "Binary Encoding").
 */
import type { GuestRead, RiscvHart, TrapInfo } from '../../isa/riscv/riscvHart.ts';
import type { SystemEventType } from '../exits.ts';
import type { VcpuTimer } from './vcpuTimer.ts';

/** Ids are 32 bits wide whatever the registers are; args are a0 … a5. */
export interface SbiCall {
  readonly extension: number;
  readonly function: number;
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
}

export type SbiOutcome =
  /** a0 and a1; legacy calls return in a0 only. */
  | { readonly kind: 'return'; readonly error: bigint; readonly value: bigint }
  /** To the VMM, as KVM_EXIT_RISCV_SBI. */
  | { readonly kind: 'forward' }
  /** The hart stops, as HSM says; the call does not return. */
  | { readonly kind: 'stop' }
  /** Returns SUCCESS once an interrupt wakes the hart. */
  | { readonly kind: 'suspend' }
  | { readonly kind: 'systemEvent'; readonly type: SystemEventType; readonly reason: number }
  /** A fault met while serving the call goes to the guest, at the ecall. */
  | { readonly kind: 'redirect'; readonly trap: TrapInfo };

/** SBI's numbers for the states of a hart. STOP_PENDING, SUSPEND_PENDING and RESUME_PENDING never last. */
export const hsmState = { started: 0, stopped: 1, startPending: 2, suspended: 4 } as const;
export type HsmState = keyof typeof hsmState;

export interface SbiVcpu {
  readonly id: number;
  readonly hart: RiscvHart;
  readonly timer: VcpuTimer;
  /** All vCPUs of the VM, this one among them. */
  readonly peers: readonly SbiVcpu[];
  readonly hsmState: HsmState;
  /** HSM hart_start, for a stopped vCPU. */
  start(address: bigint, opaque: bigint): void;
  raiseSoftwareInterrupt(): void;
  /** Whether a memory slot backs the guest-physical address. */
  isMemory(address: bigint): boolean;
  /** Reads through the guest's own translation; a trap is one that the guest may be given. */
  readGuest(address: bigint, size: number, executable: boolean): GuestRead;
  /** Whether a call of this extension would be answered. */
  offers(extension: number): boolean;
}

export interface SbiExtension {
  readonly first: number;
  readonly last: number;
  readonly handle: (vcpu: SbiVcpu, call: SbiCall) => SbiOutcome;
}

export function returned(error: bigint, value = 0n): SbiOutcome {
  return { kind: 'return', error, value };
}

/** SBI's 32-bit parameters: the upper half of the register is ignored. */
export function low32(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

/**
 * The vCPUs that a hart mask selects, undefined when it names one that does not exist. Base all
 * ones is every hart, and the mask is ignored then.
 */
export function selectHarts(
  vcpu: SbiVcpu,
  mask: bigint,
  base: bigint,
): readonly SbiVcpu[] | undefined {
  const all = vcpu.peers;
  if (BigInt.asIntN(64, base) === -1n) return all;
  const selected: SbiVcpu[] = [];
  for (let bit = 0n; bit < 64n; bit++) {
    if (((mask >> bit) & 1n) === 0n) continue;
    const target = all.find((v) => BigInt(v.id) === base + bit);
    if (!target) return undefined;
    selected.push(target);
  }
  return selected;
}
