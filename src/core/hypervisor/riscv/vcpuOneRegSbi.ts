/**
 * ONE_REG's SBI registers: which extensions there are, and what they remember for the guest (Linux
 * arch/riscv/kvm/vcpu_sbi.c, vcpu_sbi_sta.c and vcpu_sbi_fwft.c, their *_state_reg functions).
 */
import { failure, success, type Result } from '../errno.ts';
import { sbiExtensionCount, sbiExtensionIds } from './sbiExtensions.ts';
import { switchGroup, ulong, type Group, type OneRegVcpu, type RegId } from './oneReg.ts';
import type { FirmwareFeature } from './vcpuFwft.ts';

export const sbiExt = switchGroup({
  count: sbiExtensionCount,
  ids: ({ sbi }) => sbi.ids(),
  get: ({ sbi }, id) => sbi.get(id),
  set: ({ sbi }, id, value) => sbi.set(id, value),
  frozen: (vcpu) => vcpu.ranAtLeastOnce,
});

/** State of one extension: its registers are there while the extension is switched on. */
interface StateRegs {
  /** KVM_RISCV_SBI_EXT_*. */
  readonly extension: number;
  indices(vcpu: OneRegVcpu): readonly number[];
  get(vcpu: OneRegVcpu, index: number): Result<bigint>;
  set(vcpu: OneRegVcpu, index: number, value: bigint): Result<void>;
}

const shmemLo = 0;
const shmemHi = 1;

/** Where steal time is reported, all ones for nowhere. */
const sta: StateRegs = {
  extension: sbiExtensionIds.sta,
  indices: () => [shmemLo, shmemHi],
  get: ({ steal, hart }, index) => {
    if (index === shmemLo) return success(BigInt.asUintN(hart.xlen, steal.shmem));
    if (index !== shmemHi) return failure('ENOENT');
    return success(hart.xlen === 64 ? 0n : steal.shmem >> 32n);
  },
  set: ({ steal, hart }, index, value) => {
    if (index === shmemLo) {
      steal.shmem = hart.xlen === 64 ? value : ((steal.shmem >> 32n) << 32n) | value;
      return success(undefined);
    }
    if (index !== shmemHi) return failure('ENOENT');
    if (hart.xlen === 64) return value === 0n ? success(undefined) : failure('EINVAL');
    steal.shmem = (value << 32n) | BigInt.asUintN(32, steal.shmem);
    return success(undefined);
  },
};

/** struct kvm_riscv_sbi_fwft_feature: enable, flags, value. */
const regsOfFeature = 3;
const lock = 1n;

const fwft: StateRegs = {
  extension: sbiExtensionIds.fwft,
  indices: (vcpu) =>
    featuresOf(vcpu).flatMap((feature, i) =>
      feature.supported ? [0, 1, 2].map((reg) => i * regsOfFeature + reg) : [],
    ),
  get: (vcpu, index) => {
    const feature = featureAt(vcpu, index);
    if (!feature) return failure('ENOENT');
    return success(
      [feature.enabled ? 1n : 0n, feature.locked ? lock : 0n, feature.value][
        index % regsOfFeature
      ]!,
    );
  },
  set: (vcpu, index, value) => {
    const feature = featureAt(vcpu, index);
    if (!feature) return failure('ENOENT');
    switch (index % regsOfFeature) {
      case 0:
        if (value > 1n) return failure('EINVAL');
        feature.enabled = value === 1n;
        return success(undefined);
      case 1:
        feature.locked = (value & lock) !== 0n;
        return success(undefined);
      default:
        // SBI's INVALID_PARAM.
        return feature.set(value) ? success(undefined) : failure('EINVAL');
    }
  },
};

/** In the order of struct kvm_riscv_sbi_fwft. */
function featuresOf({ features }: OneRegVcpu): readonly FirmwareFeature[] {
  return [features.misalignedDelegation, features.pointerMasking];
}

function featureAt(vcpu: OneRegVcpu, index: number): FirmwareFeature | undefined {
  const feature = featuresOf(vcpu)[Math.floor(index / regsOfFeature)];
  return feature?.supported ? feature : undefined;
}

/** By KVM_REG_RISCV_SBI_* subtype. */
const states: readonly StateRegs[] = [sta, fwft];

/** kvm_vcpu_sbi_find_ext_withstate: EINVAL for an extension without state, or not switched on. */
function stateOf(vcpu: OneRegVcpu, { size, subtype }: RegId): Result<StateRegs> {
  const state = states[subtype];
  const there = state && size === ulong(vcpu) && isOn(vcpu, state);
  return there ? success(state) : failure('EINVAL');
}

function isOn(vcpu: OneRegVcpu, { extension }: StateRegs): boolean {
  const on = vcpu.sbi.get(extension);
  return on.ok && on.value;
}

export const sbiState: Group = {
  get: (vcpu, id) => {
    const state = stateOf(vcpu, id);
    return state.ok ? state.value.get(vcpu, id.index) : state;
  },
  set: (vcpu, id, value) => {
    const state = stateOf(vcpu, id);
    return state.ok ? state.value.set(vcpu, id.index, value) : state;
  },
  list: (vcpu) =>
    states.flatMap((state, subtype) =>
      isOn(vcpu, state)
        ? state.indices(vcpu).map((index) => ({ size: ulong(vcpu), subtype, index }))
        : [],
    ),
};
