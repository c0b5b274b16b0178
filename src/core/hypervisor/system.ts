/**
 * The hypervisor's front door, /dev/kvm: creates VMs. One architecture, one host memory.
 */
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import type { HypervisorArch } from './arch.ts';
import { checkExtension, type Capability } from './capabilities.ts';
import { failure, type Result } from './errno.ts';
import { Vm, type VmOptions } from './vm.ts';

/** KVM_GET_API_VERSION has answered this since 2007. */
export const apiVersion = 12;

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

  /** KVM_CHECK_EXTENSION on /dev/kvm, by name or number. 0: not there. */
  checkExtension(capability: Capability | number): number {
    return checkExtension(this.arch, capability);
  }
}
