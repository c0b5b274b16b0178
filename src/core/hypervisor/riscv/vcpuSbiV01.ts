/**
 * Legacy calls (SBI 3.0, "Legacy Extensions"; Linux arch/riscv/kvm/vcpu_sbi_v01.c). Each has an
 * extension id of its own, the function id is ignored, and only a0 is written. Hart masks are
 * pointers that the guest's own translation applies to; a fault in reading one is the guest's, at
 * the ecall. console_putchar and console_getchar are forwarded.
 */
import type { TrapInfo } from '../../isa/riscv/riscvHart.ts';
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
  { id: 0, handle: timer },
  { id: 3, handle: clearIpi },
  { id: 4, handle: overHarts(sendIpi) },
  { id: 5, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 0)) },
  { id: 6, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 1)) },
  { id: 7, handle: overHarts((vcpu, targets) => fence(vcpu, targets, 2)) },
  { id: 8, handle: shutdown },
];

function timer(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  setTimer(vcpu, wideArgument(vcpu, call.args[0], call.args[1]));
  return returned(0n);
}

/** "An implementation specific positive value if an IPI had been pending"; KVM says 0 always. */
function clearIpi(vcpu: SbiVcpu): SbiOutcome {
  const old = vcpu.hart.getCsr(csr.hvip);
  vcpu.hart.setCsr(csr.hvip, old & ~vssip);
  return returned((old & vssip) !== 0n && !vcpu.vm.kvmQuirks ? 1n : 0n);
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
    const harts = maskedHarts(vcpu, pointer);
    if ('trap' in harts) return { kind: 'redirect', trap: harts.trap };
    act(vcpu, harts.selected);
    return returned(0n);
  };
}

/**
 * The harts of a bit vector of "unsigned longs whose length equals the number of harts in the
 * system divided by the number of bits in an unsigned long, rounded up". All of it is read before
 * anything is done. Bits of harts that do not exist are passed over: a legacy call has no error for
 * them. Quirk: KVM reads the first word and no other.
 */
function maskedHarts(
  vcpu: SbiVcpu,
  pointer: bigint,
): { readonly selected: readonly SbiVcpu[] } | { readonly trap: TrapInfo } {
  const { xlen } = vcpu.hart;
  const harts = Math.max(...vcpu.peers.map((v) => v.id)) + 1;
  const words = vcpu.vm.kvmQuirks ? 1 : Math.ceil(harts / xlen);
  const selected: SbiVcpu[] = [];
  for (let i = 0; i < words; i++) {
    const address = BigInt.asUintN(xlen, pointer + BigInt((i * xlen) / 8));
    const read = vcpu.readGuest(address, xlen / 8, false);
    if ('trap' in read) return read;
    selected.push(...existingHarts(vcpu, read.value, BigInt(i * xlen)));
  }
  return { selected };
}
