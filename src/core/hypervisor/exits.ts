/**
 * Why a vCPU left its guest for the VMM: Linux's `kvm_run`, as a closed union with Linux's numbers
 * (include/uapi/linux/kvm.h). As there, what the VMM fills in is taken over by the next `run`.
 * How a call or an instruction is encoded is the architecture's business, not known here.
 */
export const exitNumber = {
  debug: 4,
  halted: 5,
  mmio: 6,
  failEntry: 9,
  intr: 10,
  internalError: 17,
  systemEvent: 24,
  /** KVM_EXIT_RISCV_SBI; other architectures have KVM_EXIT_HYPERCALL, 3. */
  call: 35,
  /** KVM_EXIT_RISCV_CSR. */
  csr: 36,
} as const;

/** KVM_SYSTEM_EVENT_*. */
export const systemEventNumber = { shutdown: 1, reset: 2, crash: 3 } as const;
export type SystemEventType = keyof typeof systemEventNumber;

/** A load or store that no memory slot answers. For a load the VMM sets `data`. */
export interface MmioExit {
  readonly kind: 'mmio';
  readonly address: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly write: boolean;
  data: bigint;
}

/** A firmware call that the hypervisor does not answer itself. The VMM sets `ret`. */
export interface CallExit {
  readonly kind: 'call';
  readonly extension: number;
  readonly function: number;
  readonly args: readonly bigint[];
  /** Preset to what an unanswered call returns. */
  ret: [bigint, bigint];
  /** Further registers that the VMM sets, by name, once the call is completed. */
  registers?: ReadonlyMap<string, bigint>;
  /** True once somebody answered; decides whether the call is reported as unanswered. */
  answered: boolean;
  /** The policy asks to stop before the call is made. Running again makes it, unless answered. */
  readonly stop: boolean;
  /** The debugger has stopped for it already. */
  readonly shown: boolean;
  /** Made on demand, because most calls are never looked at. */
  readonly describe: () => CallDescription;
}

/** A call for people. */
export interface CallDescription {
  /** `sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)`. */
  readonly text: string;
  /** `DBCN`; empty when nobody has named the extension. */
  readonly extension: string;
  /** `console_write`; empty likewise. */
  readonly function: string;
  /** As many as the function has, or all that there may be. */
  readonly args: readonly CallArgument[];
}

export interface CallArgument {
  readonly name: string;
  readonly value: bigint;
  /** The value with flags and ids spelt out. */
  readonly text: string;
}

/** An access to a control register that the VMM answers for. It sets `ret`: the old value. */
export interface CsrExit {
  readonly kind: 'csr';
  /** The register's number. */
  readonly register: number;
  readonly newValue: bigint;
  /** The bits of `newValue` that are to be written. */
  readonly writeMask: bigint;
  ret: bigint;
}

export type VcpuExit =
  | MmioExit
  | CsrExit
  | CallExit
  /** The budget is used up, or something asked the vCPU to look around. */
  | { readonly kind: 'intr' }
  /** Nothing to run: waits for an interrupt, or is stopped. KVM would block here. */
  | { readonly kind: 'halted' }
  /** A breakpoint of the debugger stands at pc, or a breakpoint instruction (guest debug). */
  | { readonly kind: 'debug' }
  /** The vCPU cannot be entered: hardware_entry_failure_reason, and on which hart. */
  | {
      readonly kind: 'failEntry';
      readonly reason: number;
      readonly cpu: number;
      readonly text: string;
    }
  | {
      readonly kind: 'systemEvent';
      readonly type: SystemEventType;
      /** What the guest gave as its reason. */
      readonly reason: number;
      readonly text: string;
    }
  /** The guest did something that cannot be continued from; `run` of KVM fails with a log line. */
  | { readonly kind: 'internalError'; readonly text: string };

export interface VcpuRun {
  readonly exit: VcpuExit;
  /** Instructions of the budget that were used: retired by the hart or emulated. */
  readonly consumed: number;
}

/** What an observer is told of every departure from the guest, also those that never reach the VMM. */
export interface ObservedExit {
  readonly vcpu: number;
  readonly pc: bigint;
  /** `sbi`, `mmio`, `guest-page-fault`, `wfi`, `csr`, `redirect`, … */
  readonly kind: string;
  /** Made on demand, because most records are never looked at. */
  readonly text: () => string;
}
