/**
 * Hart state management (SBI 3.0, "Hart State Management Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_hsm.c).
 *
 * STOPPED -- hart_start --> START_PENDING -- first run --> STARTED
 * STARTED -- hart_stop --> STOPPED
 * STARTED -- hart_suspend --> SUSPENDED -- interrupt --> STARTED, behind the call, or, when the
 *   suspend was a non-retentive one, at its resume address
 *
 * The other pending states last for no time here: nobody can look in between.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import {
  hsmState,
  low32,
  mayExecute,
  returned,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';

const suspendRetentive = 0;
const suspendNonRetentive = 0x80000000;

export const sbiHsm = { id: sbiExtension.hsm, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  switch (call.function) {
    case 0:
      return start(vcpu, call);
    case 1:
      return { kind: 'stop' };
    case 2:
      return status(vcpu, call);
    case 3:
      return suspend(vcpu, call);
    default:
      return returned(sbiError.NOT_SUPPORTED);
  }
}

function start(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [id, address, opaque] = call.args;
  const target = vcpu.peers.find((v) => BigInt(v.id) === id);
  if (!target) return returned(sbiError.INVALID_PARAM);
  if (target.hsmState !== 'stopped') return returned(sbiError.ALREADY_AVAILABLE);
  if (!mayExecute(vcpu, address)) return returned(sbiError.INVALID_ADDRESS);
  target.start(address, opaque);
  return returned(sbiError.SUCCESS);
}

function status(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const target = vcpu.peers.find((v) => BigInt(v.id) === call.args[0]);
  if (!target) return returned(sbiError.INVALID_PARAM);
  return returned(sbiError.SUCCESS, BigInt(hsmState[target.hsmState]));
}

/** The two default types; a platform's own are not implemented. */
function suspend(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [type, address, opaque] = call.args;
  switch (low32(type)) {
    case suspendRetentive:
      return { kind: 'suspend' };
    case suspendNonRetentive:
      // Quirk: KVM has retentive suspends only.
      if (vcpu.vm.kvmQuirks) return returned(sbiError.NOT_SUPPORTED);
      if (!mayExecute(vcpu, address)) return returned(sbiError.INVALID_ADDRESS);
      return { kind: 'sleep', address, opaque };
    default:
      return returned(sbiError.INVALID_PARAM);
  }
}
