/**
 * TIME, IPI and RFENCE, which replaced legacy functions (SBI 3.0; Linux
 * arch/riscv/kvm/vcpu_sbi_replace.c). Where KVM is laxer than the specification (partial IPIs,
 * unchecked masks, HFENCE as no-ops) the specification is followed, unless the VM is to have KVM's
 * deviations: `kvmQuirks`.
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import type { FirmwareEvent } from './sbiPmuEvents.ts';
import {
  existingHarts,
  returned,
  selectHarts,
  wideArgument,
  xlenOnes,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';

/** satp.ASID has as many bits. */
const asidBits = { 32: 9n, 64: 16n } as const;

export const sbiTime = { id: sbiExtension.time, handle: time };
export const sbiIpi = { id: sbiExtension.ipi, handle: ipi };
export const sbiRfence = { id: sbiExtension.rfence, handle: rfence };

function time(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) {
    return returned(vcpu.vm.kvmQuirks ? sbiError.INVALID_PARAM : sbiError.NOT_SUPPORTED);
  }
  setTimer(vcpu, wideArgument(vcpu, call.args[0], call.args[1]));
  return returned(sbiError.SUCCESS);
}

/** Quirk: the harts that exist are interrupted even when another one of the mask does not. */
function ipi(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  if (call.function !== 0) return returned(sbiError.NOT_SUPPORTED);
  const [mask, base] = call.args;
  const targets = selectHarts(vcpu, mask, base);
  if (targets || vcpu.vm.kvmQuirks) {
    sendIpi(vcpu, targets ?? existingHarts(vcpu, mask, base));
  }
  return returned(targets ? sbiError.SUCCESS : sbiError.INVALID_PARAM);
}

/** FIDs 3 to 6 are for guests that are hypervisors; ours have no H extension. */
function rfence(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const { kvmQuirks } = vcpu.vm;
  if (call.function > 6 || (call.function > 2 && !kvmQuirks)) {
    return returned(sbiError.NOT_SUPPORTED);
  }
  // Quirk: HFENCE is taken and does nothing.
  if (call.function > 2) return returned(sbiError.SUCCESS);
  const [mask, base, start, size, asid] = call.args;
  if (kvmQuirks) {
    // Quirk: nothing is checked, and a mask means the harts that there are.
    fence(vcpu, existingHarts(vcpu, mask, base), call.function);
    return returned(sbiError.SUCCESS);
  }
  const targets = selectHarts(vcpu, mask, base);
  if (!targets) return returned(sbiError.INVALID_PARAM);
  if (call.function > 0 && !isRange(vcpu, start, size)) return returned(sbiError.INVALID_ADDRESS);
  if (call.function === 2 && asid >> asidBits[vcpu.hart.xlen] !== 0n) {
    return returned(sbiError.INVALID_PARAM);
  }
  fence(vcpu, targets, call.function);
  return returned(sbiError.SUCCESS);
}

/** Also for the legacy call. */
export function setTimer(vcpu: SbiVcpu, compare: bigint): void {
  vcpu.pmu.count('SET_TIMER');
  vcpu.timer.nextEvent(compare);
}

export function sendIpi(vcpu: SbiVcpu, targets: readonly SbiVcpu[]): void {
  for (const target of targets) {
    countRemote(vcpu, target, 'IPI_SENT', 'IPI_RECEIVED');
    target.raiseSoftwareInterrupt();
  }
}

/** By RFENCE's function ids: FENCE.I, SFENCE.VMA, SFENCE.VMA with ASID. */
export function fence(vcpu: SbiVcpu, targets: readonly SbiVcpu[], kind: number): void {
  for (const target of targets) {
    if (kind === 0) {
      countRemote(vcpu, target, 'FENCE_I_SENT', 'FENCE_I_RECEIVED');
      target.hart.fenceI();
      continue;
    }
    if (kind === 1) countRemote(vcpu, target, 'SFENCE_VMA_SENT', 'SFENCE_VMA_RECEIVED');
    else countRemote(vcpu, target, 'SFENCE_VMA_ASID_SENT', 'SFENCE_VMA_ASID_RECEIVED');
    // The hart flushes a whole VMID's translations at once, which any range and ASID allow.
    target.hart.hfenceVvma();
  }
}

/** PMU's events are those between two harts; what a hart does to itself is none. */
function countRemote(
  vcpu: SbiVcpu,
  target: SbiVcpu,
  sent: FirmwareEvent,
  received: FirmwareEvent,
): void {
  if (target === vcpu) return;
  vcpu.pmu.count(sent);
  target.pmu.count(received);
}

/** Size all ones means everything, as 0 from 0 does; other ranges end within the address space. */
function isRange(vcpu: SbiVcpu, start: bigint, size: bigint): boolean {
  const ones = xlenOnes(vcpu);
  return size === ones || start + size <= ones + 1n;
}
