/**
 * What the files of the SBI extensions share: a call, what may come of it, and what a call may do
 * with the vCPU that made it (SBI 3.0, "Binary Encoding").
 */
import type { GuestRead, RiscvHart, TrapInfo } from '../../isa/riscv/riscvHart.ts';
import type { SystemEventType } from '../exits.ts';
import type { Vm } from '../vm.ts';
import type { FirmwareFeatures } from './vcpuFwft.ts';
import type { VcpuPmu } from './vcpuPmu.ts';
import type { StealTime } from './vcpuSteal.ts';
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
  /** Does not return: an interrupt makes the hart begin at the address, as if it had been started. */
  | { readonly kind: 'sleep'; readonly address: bigint; readonly opaque: bigint }
  | { readonly kind: 'systemEvent'; readonly type: SystemEventType; readonly reason: number }
  /** A fault met while serving the call goes to the guest, at the ecall. */
  | { readonly kind: 'redirect'; readonly trap: TrapInfo };

/** SBI's numbers for the states of a hart. STOP_PENDING, SUSPEND_PENDING and RESUME_PENDING never last. */
export const hsmState = { started: 0, stopped: 1, startPending: 2, suspended: 4 } as const;
export type HsmState = keyof typeof hsmState;

export interface SbiVcpu {
  readonly id: number;
  readonly hart: RiscvHart;
  readonly vm: Vm;
  readonly timer: VcpuTimer;
  readonly pmu: VcpuPmu;
  readonly steal: StealTime;
  /** What the guest is told of the hart; a VMM may say something else than the host's. */
  readonly ids: { readonly mvendorid: bigint; readonly marchid: bigint; readonly mimpid: bigint };
  readonly features: FirmwareFeatures;
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
  readonly id: number;
  readonly handle: (vcpu: SbiVcpu, call: SbiCall) => SbiOutcome;
}

export function returned(error: bigint, value = 0n): SbiOutcome {
  return { kind: 'return', error, value };
}

/** SBI's 32-bit parameters: the upper half of the register is ignored. */
export function low32(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

/** Whether a hart can begin there: a slot backs it, and an odd address is no instruction's. */
export function mayExecute(vcpu: SbiVcpu, address: bigint): boolean {
  return (address & 1n) === 0n && vcpu.isMemory(address);
}

/** A parameter of 64 bits, which takes two registers where they have 32. */
export function wideArgument(vcpu: SbiVcpu, first: bigint, second: bigint): bigint {
  return vcpu.hart.xlen === 32 ? first | (second << 32n) : first;
}

/** Every bit of a register set. */
export function xlenOnes(vcpu: SbiVcpu): bigint {
  return (1n << BigInt(vcpu.hart.xlen)) - 1n;
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
  if (base === xlenOnes(vcpu)) return all;
  const selected: SbiVcpu[] = [];
  for (let bit = 0n; bit < BigInt(vcpu.hart.xlen); bit++) {
    if (((mask >> bit) & 1n) === 0n) continue;
    const target = all.find((v) => BigInt(v.id) === base + bit);
    if (!target) return undefined;
    selected.push(target);
  }
  return selected;
}

/** The vCPUs of a hart mask that exist; what KVM acts on whatever else the mask says. */
export function existingHarts(vcpu: SbiVcpu, mask: bigint, base: bigint): readonly SbiVcpu[] {
  if (base === xlenOnes(vcpu)) return vcpu.peers;
  return vcpu.peers.filter((v) => {
    const bit = BigInt(v.id) - base;
    return bit >= 0n && bit < BigInt(vcpu.hart.xlen) && ((mask >> bit) & 1n) === 1n;
  });
}
