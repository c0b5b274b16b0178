/**
 * What the groups of ONE_REG are made of (Linux arch/riscv/kvm/vcpu_onereg.c and vcpu_sbi.c): a
 * group answers for one type of registers, with the kernel's errors.
 */
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { failure, success, type Result } from '../errno.ts';
import type { SbiExtensions } from './sbiExtensions.ts';
import type { VcpuOwner } from './vcpuContext.ts';
import type { FirmwareFeatures } from './vcpuFwft.ts';
import type { VcpuIsa } from './vcpuIsa.ts';
import type { StealTime } from './vcpuSteal.ts';
import type { VcpuTimer } from './vcpuTimer.ts';

export const machineIds = ['mvendorid', 'marchid', 'mimpid'] as const;
export type MachineIds = Record<(typeof machineIds)[number], bigint>;

/** What ONE_REG needs of a vCPU. */
export interface OneRegVcpu {
  readonly hart: RiscvHart;
  readonly owner: VcpuOwner;
  readonly timer: VcpuTimer;
  readonly isa: VcpuIsa;
  readonly sbi: SbiExtensions;
  readonly steal: StealTime;
  readonly features: FirmwareFeatures;
  readonly ids: MachineIds;
  /** The widest MODE that satp takes. */
  readonly satpMode: bigint;
  /** KVM_RUN was called. */
  readonly ranAtLeastOnce: boolean;
  /** Carries `isa` to the hart, until the vCPU runs. */
  applyIsa(): void;
}

export interface RegId {
  /** Bytes. */
  readonly size: number;
  readonly subtype: number;
  readonly index: number;
}

export interface Group {
  get(vcpu: OneRegVcpu, id: RegId): Result<bigint>;
  set(vcpu: OneRegVcpu, id: RegId, value: bigint): Result<void>;
  list(vcpu: OneRegVcpu): readonly RegId[];
}

/** Registers of the width of `unsigned long`, found by their number in a subtype. */
export interface UlongReg {
  readonly get: (vcpu: OneRegVcpu) => Result<bigint>;
  readonly set: (vcpu: OneRegVcpu, value: bigint) => Result<void>;
  readonly absent?: (vcpu: OneRegVcpu) => boolean;
}

/** By subtype. */
export function ulongGroup(...subtypes: readonly (readonly UlongReg[])[]): Group {
  const find = (vcpu: OneRegVcpu, id: RegId): Result<UlongReg> => {
    if (id.size !== ulong(vcpu)) return failure('EINVAL');
    const reg = subtypes[id.subtype]?.[id.index];
    return reg && !reg.absent?.(vcpu) ? success(reg) : failure('ENOENT');
  };
  return {
    get: (vcpu, id) => {
      const reg = find(vcpu, id);
      return reg.ok ? reg.value.get(vcpu) : reg;
    },
    set: (vcpu, id, value) => {
      const reg = find(vcpu, id);
      return reg.ok ? reg.value.set(vcpu, value) : reg;
    },
    list: (vcpu) =>
      subtypes.flatMap((regs, subtype) =>
        regs.flatMap((reg, index) =>
          reg.absent?.(vcpu) ? [] : [{ size: ulong(vcpu), subtype, index }],
        ),
      ),
  };
}

export function plain(
  get: (vcpu: OneRegVcpu) => bigint,
  set: (vcpu: OneRegVcpu, value: bigint) => void,
): UlongReg {
  return {
    get: (vcpu) => success(get(vcpu)),
    set: (vcpu, value) => {
      set(vcpu, value);
      return success(undefined);
    },
  };
}

/** Registers that switch extensions: one at a time, or a word of them at once. */
interface Switches {
  readonly count: number;
  readonly ids: (vcpu: OneRegVcpu) => readonly number[];
  readonly get: (vcpu: OneRegVcpu, id: number) => Result<boolean>;
  readonly set: (vcpu: OneRegVcpu, id: number, value: bigint) => Result<void>;
  /** Nothing may be written any more, whatever it is. */
  readonly frozen: (vcpu: OneRegVcpu) => boolean;
}

const single = 0;
const multiEnable = 1;
const multiDisable = 2;

export function switchGroup(switches: Switches): Group {
  const idsOfWord = (vcpu: OneRegVcpu, word: number): number[] | undefined => {
    const bits = ulong(vcpu) * 8;
    if (word >= Math.ceil(switches.count / bits)) return undefined;
    return Array.from({ length: bits }, (_, i) => word * bits + i);
  };
  const readWord = (vcpu: OneRegVcpu, word: number): bigint | undefined =>
    idsOfWord(vcpu, word)?.reduce((bits, id, i) => {
      const state = switches.get(vcpu, id);
      return state.ok && state.value ? bits | (1n << BigInt(i)) : bits;
    }, 0n);
  return {
    get: (vcpu, { size, subtype, index }) => {
      if (size !== ulong(vcpu)) return failure('EINVAL');
      if (subtype === single) {
        const state = switches.get(vcpu, index);
        return state.ok ? success(state.value ? 1n : 0n) : state;
      }
      const word = subtype <= multiDisable ? readWord(vcpu, index) : undefined;
      if (word === undefined) return failure('ENOENT');
      return success(subtype === multiEnable ? word : BigInt.asUintN(size * 8, ~word));
    },
    set: (vcpu, { size, subtype, index }, value) => {
      if (size !== ulong(vcpu)) return failure('EINVAL');
      if (switches.frozen(vcpu)) return failure('EBUSY');
      if (subtype === single) return switches.set(vcpu, index, value);
      const ids = subtype <= multiDisable ? idsOfWord(vcpu, index) : undefined;
      if (!ids) return failure('ENOENT');
      // What of it cannot be done is left undone, without an error.
      ids.forEach((id, i) => {
        if (((value >> BigInt(i)) & 1n) === 0n) return;
        switches.set(vcpu, id, subtype === multiEnable ? 1n : 0n);
      });
      return success(undefined);
    },
    list: (vcpu) =>
      switches.ids(vcpu).map((index) => ({ size: ulong(vcpu), subtype: single, index })),
  };
}

export function ulong(vcpu: OneRegVcpu): number {
  return vcpu.hart.xlen / 8;
}
