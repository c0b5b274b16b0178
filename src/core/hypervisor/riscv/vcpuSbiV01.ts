/**
 * Legacy calls (SBI 3.0, "Legacy Extensions"; Linux arch/riscv/kvm/vcpu_sbi_v01.c). Each has an
 * extension id of its own, the function id is ignored, and only a0 is written. Hart masks are
 * pointers that the guest's own translation applies to; a fault in reading one is the guest's, at
 * the ecall. console_putchar and console_getchar are forwarded.
 */
import { csr, vssip } from './csrs.ts';
import {
  existingHarts,
  returned,
  wideArgument,
  type SbiCall,
  type SbiOutcome,
  type SbiVcpu,
} from './vcpuSbiCall.ts';
import { fence, sendIpi, setTimer } from './vcpuSbiReplace.ts';

export const sbiV01 = [
  { first: 0, last: 0, handle: timer },
  { first: 3, last: 3, handle: clearIpi },
  { first: 4, last: 4, handle: overHarts(sendIpi) },
  { first: 5, last: 5, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 0)) },
  { first: 6, last: 6, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 1)) },
  { first: 7, last: 7, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 2)) },
  { first: 8, last: 8, handle: shutdown },
];

function timer(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  setTimer(vcpu, wideArgument(vcpu, call.args[0], call.args[1]));
  return returned(0n);
}

function clearIpi(vcpu: SbiVcpu): SbiOutcome {
  vcpu.hart.setCsr(csr.hvip, vcpu.hart.getCsr(csr.hvip) & ~vssip);
  return returned(0n);
}

function shutdown(): SbiOutcome {
  return { kind: 'systemEvent', type: 'shutdown', reason: 0 };
}

/** A null pointer means all harts, as every implementation has it. */
function overHarts(act: (vcpu: SbiVcpu, targets: readonly SbiVcpu[]) => void) {
  return (vcpu: SbiVcpu, call: SbiCall): SbiOutcome => {
    const pointer = call.args[0];
    if (pointer === 0n) {
      act(vcpu, vcpu.peers);
      return returned(0n);
    }
    const read = vcpu.readGuest(pointer, vcpu.hart.xlen / 8, false);
    if ('trap' in read) return { kind: 'redirect', trap: read.trap };
    // Bits of harts that do not exist are passed over: a legacy call has no error for them.
    act(vcpu, existingHarts(vcpu, read.value, 0n));
    return returned(0n);
  };
}
