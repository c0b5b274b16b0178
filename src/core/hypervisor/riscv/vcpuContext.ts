/**
 * How the parts of a RISC-V vCPU see one another: what its VM gives it, and what the code that
 * handles exits may do with it. Interfaces only, so that the files need not import each other.
 */
import type { VirtualClock } from '../../base/virtualClock.ts';
import type { CallExit, CsrExit, MmioExit } from '../exits.ts';
import type { Vm } from '../vm.ts';
import type { AiaDevice, VcpuAia } from './aiaDevice.ts';
import type { SbiExtensions } from './sbiExtensions.ts';
import type { SbiCall, SbiVcpu } from './vcpuSbiCall.ts';
import type { MemoryInstruction } from './vcpuInsn.ts';

/** What became of a guest-page fault. */
export type FaultOutcome =
  | { readonly kind: 'mapped'; readonly pageSize: number; readonly hostAddress: number }
  /** The translation was there already; a hart had not seen it. */
  | { readonly kind: 'spurious' }
  /** No slot, or a store to a READONLY one: the VMM's devices may answer. */
  | { readonly kind: 'device' }
  | { readonly kind: 'noMemory' };

export interface VcpuOwner {
  readonly vm: Vm;
  readonly vcpus: readonly (SbiVcpu & { stop(): void })[];
  /** Lower-case names of what the harts have. */
  readonly extensions: ReadonlySet<string>;
  readonly clock: VirtualClock;
  readonly timeDelta: bigint;
  /** Shifts the time of the whole VM. */
  setTimeDelta(delta: bigint): void;
  /** Asking makes it valid: a VM whose VMID is of an older numbering takes a new one. */
  readonly vmidVersion: number;
  readonly hgatp: bigint;
  /** The AIA inside the hypervisor, once the VMM has created it. */
  readonly aia: AiaDevice | undefined;
  /** VMIDs tell the translations of VMs apart. */
  readonly tagged: boolean;
  fault(gpa: number, write: boolean): FaultOutcome;
}

/** What HS-mode's CSRs said after a trap from the guest. */
export interface GuestTrap {
  readonly interrupt: boolean;
  readonly cause: number;
  readonly tval: bigint;
  /** htval: guest-physical address >> 2. */
  readonly tval2: bigint;
  /** htinst. */
  readonly tinst: number;
}

/** What the next run has to complete. It is dropped when somebody moved pc in between. */
export type PendingExit =
  | {
      readonly kind: 'mmio';
      readonly pc: bigint;
      readonly instruction: MemoryInstruction;
      readonly exit: MmioExit;
    }
  | { readonly kind: 'call'; readonly pc: bigint; readonly call: SbiCall; readonly exit: CallExit }
  | { readonly kind: 'csr'; readonly pc: bigint; readonly rd: number; readonly exit: CsrExit }
  /** The debugger stopped for it; it is not made yet, and may be answered by hand. */
  | {
      readonly kind: 'stoppedCall';
      readonly pc: bigint;
      readonly call: SbiCall;
      readonly exit: CallExit;
    };

export interface ExitContext extends SbiVcpu {
  readonly owner: VcpuOwner;
  /** Which extensions this vCPU answers. */
  readonly sbi: SbiExtensions;
  /** Whether the processor has AIA's CSRs (kvm_riscv_aia_available), and what is kept for them. */
  readonly hasAia: boolean;
  readonly aia: VcpuAia;
  pending: PendingExit | undefined;
  /** The instruction at pc was emulated: goes on after its `length` bytes and counts it. */
  advance(length: number): void;
  /** Gives an exception to the guest, at pc, as hardware would. */
  redirect(cause: number, tval: bigint): void;
  /** Waits for an interrupt; `suspended` when HSM calls it so. */
  wait(suspended: boolean): void;
  /** Waits for an interrupt and then begins at the address, as if started there. */
  sleep(address: bigint, opaque: bigint): void;
  /** HSM hart_stop. */
  stop(): void;
  observe(kind: string, text: () => string): void;
}
