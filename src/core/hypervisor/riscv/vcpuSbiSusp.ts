/**
 * System suspend (SBI 3.0, "System Suspend Extension"; Linux arch/riscv/kvm/vcpu_sbi_system.c).
 * KVM checks and leaves the sleeping to user space; here the vCPU sleeps like one that waits, and
 * every interrupt that the guest left enabled in `sie` wakes it: the timer, or a device behind the
 * interrupt controller. What it registered with PMU, STA and FWFT outlasts the sleep.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import {
  low32,
  mayExecute,
  returned,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';

const suspendToRam = 0;

export const sbiSusp = { id: sbiExtension.susp, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const [type, address, opaque] = call.args;
  // The other types are reserved, or a platform's that this one has not.
  if (low32(type) !== suspendToRam) return returned(sbiError.INVALID_PARAM);
  if (!mayExecute(vcpu, address)) return returned(sbiError.INVALID_ADDRESS);
  const awake = vcpu.peers.some((v) => v !== vcpu && v.hsmState !== 'stopped');
  if (awake) return returned(sbiError.DENIED);
  return { kind: 'sleep', address, opaque };
}
