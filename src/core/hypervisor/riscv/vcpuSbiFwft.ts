/**
 * Firmware features (SBI 3.0, "SBI Firmware Features Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_fwft.c). MISALIGNED_EXC_DELEG and POINTER_MASKING_PMLEN are there; the
 * other features that the specification names are not supported, and an id that it does not name
 * is denied.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { low32, returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';
import type { FirmwareFeature } from './vcpuFwft.ts';

const lastNamed = 5;
const lock = 1n;

export const sbiFwft = { id: sbiExtension.fwft, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function > 1) return returned(sbiError.NOT_SUPPORTED);
  const id = low32(call.args[0]);
  if (id > lastNamed) return returned(sbiError.DENIED);
  const feature = vcpu.features.find(id);
  if (!feature?.supported || !feature.enabled) return returned(sbiError.NOT_SUPPORTED);
  if (call.function === 0) return set(feature, call.args[1], call.args[2]);
  return returned(sbiError.SUCCESS, feature.value);
}

/** A locked feature is denied whatever the value, also the one that it has. */
function set(feature: FirmwareFeature, value: bigint, flags: bigint): SbiOutcome {
  if ((flags & ~lock) !== 0n) return returned(sbiError.INVALID_PARAM);
  if (feature.locked) return returned(sbiError.DENIED_LOCKED);
  if (!feature.set(value)) return returned(sbiError.INVALID_PARAM);
  feature.locked = flags === lock;
  return returned(sbiError.SUCCESS);
}
