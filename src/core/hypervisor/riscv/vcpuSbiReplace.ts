/**
 * TIME, IPI and RFENCE, which replaced legacy functions (SBI 3.0; Linux
 * arch/riscv/kvm/vcpu_sbi_replace.c). Where KVM is laxer than the specification (partial IPIs,
 * unchecked masks, HFENCE as no-ops) the specification is followed.
 */
import { allOnes } from './csrs.ts';
import { sbiError, sbiExtension } from './sbiNames.ts';
import {
  returned,
  selectHarts,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';

const asidMax = 0xffffn;

export const sbiTime = { first: sbiExtension.time, last: sbiExtension.time, handle: time };
export const sbiIpi = { first: sbiExtension.ipi, last: sbiExtension.ipi, handle: ipi };
export const sbiRfence = { first: sbiExtension.rfence, last: sbiExtension.rfence, handle: rfence };

function time(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  vcpu.timer.nextEvent(call.args[0]);
  return returned(sbiError.SUCCESS);
}

function ipi(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const targets = selectHarts(vcpu, call.args[0], call.args[1]);
  if (!targets) return returned(sbiError.INVALID_PARAM);
  for (const target of targets) target.raiseSoftwareInterrupt();
  return returned(sbiError.SUCCESS);
}

/** FIDs 3 to 6 are for guests that are hypervisors; ours have no H extension. */
function rfence(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function > 2) return returned(sbiError.NOT_SUPPORTED);
  const [mask, base, start, size, asid] = call.args;
  const targets = selectHarts(vcpu, mask, base);
  if (!targets) return returned(sbiError.INVALID_PARAM);
  if (call.function === 0) {
    for (const target of targets) target.hart.fenceI();
    return returned(sbiError.SUCCESS);
  }
  if (!isRange(start, size)) return returned(sbiError.INVALID_ADDRESS);
  if (call.function === 2 && asid > asidMax) return returned(sbiError.INVALID_PARAM);
  // The hart flushes a whole VMID's translations at once, which any range and ASID allow.
  for (const target of targets) target.hart.hfenceVvma();
  return returned(sbiError.SUCCESS);
}

/** Size all ones means everything; other ranges end within the address space. */
function isRange(start: bigint, size: bigint): boolean {
  return size === allOnes || start + size <= allOnes + 1n;
}
