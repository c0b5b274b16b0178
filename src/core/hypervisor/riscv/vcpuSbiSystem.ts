/**
 * System reset (SBI 3.0, "System Reset Extension"). Which types and reasons there are is checked
 * here; what a reset does is decided by the VMM, which gets KVM_EXIT_SYSTEM_EVENT.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { low32, returned, type SbiCall, type SbiOutcome, type SbiVcpu } from './vcpuSbiCall.ts';

const shutdown = 0;
const warmReboot = 2;
const firstVendorType = 0xf0000000;
const systemFailure = 1;
const firstImplementationReason = 0xe0000000;

export const sbiSystemReset = { first: sbiExtension.srst, last: sbiExtension.srst, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const type = low32(call.args[0]);
  const reason = low32(call.args[1]);
  // Quirk of KVM: a type that it has not is not supported, and any reason will do.
  if (vcpu.vm.kvmQuirks) {
    return type > warmReboot ? returned(sbiError.NOT_SUPPORTED) : event(type, reason);
  }
  const reservedType = type > warmReboot && type < firstVendorType;
  const reservedReason = reason > systemFailure && reason < firstImplementationReason;
  if (reservedType || reservedReason) return returned(sbiError.INVALID_PARAM);
  // Vendor types and reasons are valid, but this platform has none.
  if (type > warmReboot || reason > systemFailure) return returned(sbiError.NOT_SUPPORTED);
  return event(type, reason);
}

function event(type: number, reason: number): SbiOutcome {
  return { kind: 'systemEvent', type: type === shutdown ? 'shutdown' : 'reset', reason };
}
