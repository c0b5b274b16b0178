/**
 * The hypervisor's front door, /dev/kvm: creates VMs. One architecture, one host memory.
 */
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import type { HypervisorArch } from './arch.ts';
import { failure, type Result } from './errno.ts';
import { maxSlots } from './memorySlots.ts';
import { Vm, type VmOptions } from './vm.ts';

/** KVM_GET_API_VERSION has answered this since 2007. */
export const apiVersion = 12;

/** KVM_CHECK_EXTENSION, by the capability's name without its prefix. */
export type Capability =
  | 'USER_MEMORY'
  | 'READONLY_MEM'
  | 'MP_STATE'
  | 'IMMEDIATE_EXIT'
  | 'PRE_FAULT_MEMORY'
  | 'ONE_REG'
  | 'IOEVENTFD'
  | 'DESTROY_MEMORY_REGION_WORKS'
  | 'MANUAL_DIRTY_LOG_PROTECT2'
  | 'NR_VCPUS'
  | 'MAX_VCPUS'
  | 'NR_MEMSLOTS'
  | 'VM_GPA_BITS';

export class HypervisorSystem {
  readonly memory: PhysicalMemory;
  readonly arch: HypervisorArch;

  constructor(memory: PhysicalMemory, arch: HypervisorArch) {
    this.memory = memory;
    this.arch = arch;
  }

  createVm(options: VmOptions = {}): Result<Vm> {
    const bits = options.gpaBits;
    const { max } = this.arch.gpaBits;
    if (bits !== undefined && (!Number.isInteger(bits) || bits < 1 || bits > max)) {
      return failure('EINVAL');
    }
    return Vm.create(this.memory, this.arch, options);
  }

  checkExtension(capability: Capability): number {
    switch (capability) {
      case 'NR_VCPUS':
      case 'MAX_VCPUS':
        return this.arch.maxVcpus;
      case 'MANUAL_DIRTY_LOG_PROTECT2':
        // MANUAL_PROTECT_ENABLE and INITIALLY_SET.
        return 3;
      case 'NR_MEMSLOTS':
        return maxSlots;
      case 'VM_GPA_BITS':
        return this.arch.gpaBits.max;
      default:
        return 1;
    }
  }
}
