/**
 * What KVM_CHECK_EXTENSION answers and KVM_ENABLE_CAP takes (Linux include/uapi/linux/kvm.h,
 * KVM_CAP_*; virt/kvm/kvm_main.c, kvm_vm_ioctl_check_extension_generic and
 * kvm_vm_ioctl_enable_cap_generic; arch/riscv/kvm/vm.c).
 */
import type { HypervisorArch } from './arch.ts';
import { maxSlots } from './memorySlots.ts';

/** By name without the prefix, which is the number. */
export const capabilityNumber = {
  IRQCHIP: 0,
  USER_MEMORY: 3,
  NR_VCPUS: 9,
  NR_MEMSLOTS: 10,
  MP_STATE: 14,
  SYNC_MMU: 16,
  DESTROY_MEMORY_REGION_WORKS: 21,
  SET_GUEST_DEBUG: 23,
  IRQ_ROUTING: 25,
  IRQFD: 32,
  IOEVENTFD: 36,
  MAX_VCPUS: 66,
  ONE_REG: 70,
  SIGNAL_MSI: 77,
  READONLY_MEM: 81,
  DEVICE_CTRL: 89,
  ENABLE_CAP_VM: 98,
  CHECK_EXTENSION_VM: 105,
  IOEVENTFD_ANY_LENGTH: 122,
  MAX_VCPU_ID: 128,
  IMMEDIATE_EXIT: 136,
  MANUAL_DIRTY_LOG_PROTECT2: 168,
  VM_GPA_BITS: 207,
  PRE_FAULT_MEMORY: 236,
  RISCV_MP_STATE_RESET: 242,
} as const;
export type Capability = keyof typeof capabilityNumber;

/** KVM_MAX_IRQ_ROUTES. */
export const maxIrqRoutes = 4096;

/** KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE and KVM_DIRTY_LOG_INITIALLY_SET. */
export const manualProtectEnable = 1;
export const initiallySet = 2;

export function checkExtension(arch: HypervisorArch, capability: Capability | number): number {
  const name = typeof capability === 'string' ? capability : nameOf(capability);
  switch (name) {
    case undefined:
      return 0;
    case 'IRQCHIP':
      return arch.hasIrqchip ? 1 : 0;
    case 'NR_VCPUS':
    case 'MAX_VCPUS':
    case 'MAX_VCPU_ID':
      return arch.maxVcpus;
    case 'IRQ_ROUTING':
      return maxIrqRoutes;
    case 'MANUAL_DIRTY_LOG_PROTECT2':
      return manualProtectEnable | initiallySet;
    case 'NR_MEMSLOTS':
      return maxSlots;
    case 'VM_GPA_BITS':
      return arch.gpaBits.max;
    default:
      return 1;
  }
}

function nameOf(number: number): Capability | undefined {
  const found = Object.entries(capabilityNumber).find(([, n]) => n === number);
  return found?.[0] as Capability | undefined;
}
