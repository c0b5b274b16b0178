/**
 * Firmware features (SBI 3.0, "SBI Firmware Features Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_fwft.c). MISALIGNED_EXC_DELEG is there; the other features that the
 * specification names are not supported, and an id that it does not name is denied.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { low32, returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';

const misalignedDelegation = 0;
const lastNamed = 5;
const lock = 1n;

export const sbiFwft = { first: sbiExtension.fwft, last: sbiExtension.fwft, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function > 1) return returned(sbiError.NOT_SUPPORTED);
  const feature = low32(call.args[0]);
  if (feature > lastNamed) return returned(sbiError.DENIED);
  if (feature !== misalignedDelegation) return returned(sbiError.NOT_SUPPORTED);
  if (call.function === 0) return set(vcpu, call.args[1], call.args[2]);
  return returned(sbiError.SUCCESS, vcpu.features.misalignedDelegation ? 1n : 0n);
}

/** A locked feature is denied whatever the value, also the one that it has. */
function set(vcpu: SbiVcpu, value: bigint, flags: bigint): SbiOutcome {
  if ((flags & ~lock) !== 0n) return returned(sbiError.INVALID_PARAM);
  if (vcpu.features.locked) return returned(sbiError.DENIED_LOCKED);
  if (value > 1n) return returned(sbiError.INVALID_PARAM);
  vcpu.features.misalignedDelegation = value === 1n;
  vcpu.features.locked = flags === lock;
  return returned(sbiError.SUCCESS);
}
