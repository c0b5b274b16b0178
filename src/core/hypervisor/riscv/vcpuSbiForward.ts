/**
 * Extensions that KVM knows and leaves to the VMM (Linux arch/riscv/kvm/vcpu_sbi_forward.c): the
 * consoles, and the spaces for experimental and vendor extensions. They stand in the policy table
 * by name; ids that nobody knows are forwarded in the same way.
 */
import { sbiExtension } from './sbiNames.ts';

export const forwardedRanges: readonly (readonly [first: number, last: number])[] = [
  // Legacy console_putchar and console_getchar.
  [1, 2],
  [sbiExtension.dbcn, sbiExtension.dbcn],
  [0x08000000, 0x08ffffff],
  [0x09000000, 0x09ffffff],
];
