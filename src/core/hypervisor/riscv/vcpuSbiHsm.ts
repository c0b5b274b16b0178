/**
 * Hart state management (SBI 3.0, "Hart State Management Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_hsm.c).
 *
 * STOPPED -- hart_start --> START_PENDING -- first run --> STARTED
 * STARTED -- hart_stop --> STOPPED
 * STARTED -- hart_suspend --> SUSPENDED -- interrupt --> STARTED
 *
 * The other pending states last for no time here: nobody can look in between.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import {
  hsmState,
  low32,
  returned,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';

const suspendRetentive = 0;
const suspendNonRetentive = 0x80000000;

export const sbiHsm = { first: sbiExtension.hsm, last: sbiExtension.hsm, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  switch (call.function) {
    case 0:
      return start(vcpu, call);
    case 1:
      return { kind: 'stop' };
    case 2:
      return status(vcpu, call);
    case 3:
      return suspend(call);
    default:
      return returned(sbiError.NOT_SUPPORTED);
  }
}

function start(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [id, address, opaque] = call.args;
  const target = vcpu.peers.find((v) => BigInt(v.id) === id);
  if (!target) return returned(sbiError.INVALID_PARAM);
  if (target.hsmState !== 'stopped') return returned(sbiError.ALREADY_AVAILABLE);
  // Executable memory is what a slot backs; an odd address is no instruction's.
  if ((address & 1n) !== 0n || !vcpu.isMemory(address)) return returned(sbiError.INVALID_ADDRESS);
  target.start(address, opaque);
  return returned(sbiError.SUCCESS);
}

function status(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const target = vcpu.peers.find((v) => BigInt(v.id) === call.args[0]);
  if (!target) return returned(sbiError.INVALID_PARAM);
  return returned(sbiError.SUCCESS, BigInt(hsmState[target.hsmState]));
}

/** As KVM: the default retentive suspend only; platform types are not implemented. */
function suspend(call: SbiCall): SbiOutcome {
  switch (low32(call.args[0])) {
    case suspendRetentive:
      return { kind: 'suspend' };
    case suspendNonRetentive:
      return returned(sbiError.NOT_SUPPORTED);
    default:
      return returned(sbiError.INVALID_PARAM);
  }
}
