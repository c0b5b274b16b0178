/**
 * System reset (SBI 3.0, "System Reset Extension"). Which types and reasons there are is checked
 * here; what a reset does is decided by the VMM, which gets KVM_EXIT_SYSTEM_EVENT.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { low32, returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';

const shutdown = 0;
const warmReboot = 2;
const systemFailure = 1;

export const sbiSystemReset = { id: sbiExtension.srst, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const type = low32(call.args[0]);
  const reason = low32(call.args[1]);
  // Quirk of KVM: a type that it has not is not supported, and any reason will do.
  if (vcpu.vm.kvmQuirks) {
    return type > warmReboot ? returned(sbiError.NOT_SUPPORTED) : event(type, reason);
  }
  // "At least one of reset_type or reset_reason is reserved or is platform-specific and
  // unimplemented": of a vendor's, an implementation's and a platform's there are none here.
  if (type > warmReboot || reason > systemFailure) return returned(sbiError.INVALID_PARAM);
  return event(type, reason);
}

function event(type: number, reason: number): SbiOutcome {
  return { kind: 'systemEvent', type: type === shutdown ? 'shutdown' : 'reset', reason };
}
