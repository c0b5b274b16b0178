/**
 * Which SBI extensions a vCPU answers, by KVM's ids (Linux arch/riscv/include/uapi/asm/kvm.h,
 * KVM_RISCV_SBI_EXT_*; arch/riscv/kvm/vcpu_sbi.c). The table of calls comes first: what it denies
 * altogether is not there to be switched. BASE cannot be switched off.
 */
import { list, mustFit, within, type Persist } from '../../base/persist.ts';
import type { CallPolicy, CallRule } from '../callPolicy.ts';
import { failure, success, type Result } from '../errno.ts';

/** First and last extension id; KVM's id is the place in the list. */
const ranges: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x0f], // V01
  [0x54494d45, 0x54494d45], // TIME
  [0x735049, 0x735049], // IPI
  [0x52464e43, 0x52464e43], // RFENCE
  [0x53525354, 0x53525354], // SRST
  [0x48534d, 0x48534d], // HSM
  [0x504d55, 0x504d55], // PMU
  [0x08000000, 0x08ffffff], // EXPERIMENTAL
  [0x09000000, 0x09ffffff], // VENDOR
  [0x4442434e, 0x4442434e], // DBCN
  [0x535441, 0x535441], // STA
  [0x53555350, 0x53555350], // SUSP
  [0x46574654, 0x46574654], // FWFT
  [0x4d505859, 0x4d505859], // MPXY
];

export const sbiExtensionCount = ranges.length;
/** Those that are asked for by name. */
export const sbiExtensionIds = { sta: 10, fwft: 12 } as const;

export class SbiExtensions implements Persist<readonly number[]> {
  private readonly policy: CallPolicy;
  private readonly defaults: readonly CallRule[];
  private readonly off = new Set<number>();

  constructor(policy: CallPolicy, defaults: readonly CallRule[]) {
    this.policy = policy;
    this.defaults = defaults;
  }

  /** Ids of those that are switched off. */
  save(): readonly number[] {
    return [...this.off];
  }

  restore(off: readonly number[]): void {
    mustFit("a vCPU's SBI extensions", off, list(within(0, sbiExtensionCount - 1)));
    this.off.clear();
    for (const id of off) this.off.add(id);
  }

  /** Ids of those that there are, switched off or not. */
  ids(): readonly number[] {
    return ranges.flatMap((_, id) => (this.isKnown(id) ? [id] : []));
  }

  get(id: number): Result<boolean> {
    return this.isKnown(id) ? success(!this.off.has(id)) : failure('ENOENT');
  }

  set(id: number, value: bigint): Result<void> {
    if (value !== 0n && value !== 1n) return failure('EINVAL');
    if (!this.isKnown(id)) return failure('ENOENT');
    if (value === 1n) this.off.delete(id);
    else this.off.add(id);
    return success(undefined);
  }

  /** Whether a call of this extension is let through to the table of calls. */
  allows(extension: number): boolean {
    if (this.off.size === 0) return true;
    const id = ranges.findIndex(([first, last]) => first <= extension && extension <= last);
    return !this.off.has(id);
  }

  private isKnown(id: number): boolean {
    const range = ranges[id];
    if (!range) return false;
    const [first, last] = range;
    const named = this.defaults.some(({ extension: [a, b] }) => a <= first && first <= b);
    return named && !(this.isDenied(first) && this.isDenied(last));
  }

  private isDenied(extension: number): boolean {
    return [...this.policy.actionsOf(extension)].every((action) => action === 'deny');
  }
}
