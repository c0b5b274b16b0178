/**
 * KVM's device API (Linux Documentation/virt/kvm/api.rst, KVM_CREATE_DEVICE and
 * KVM_SET_DEVICE_ATTR): a device inside the hypervisor, which the VMM sets up by attributes in
 * groups.
 */
import type { Result } from './errno.ts';

/** KVM_DEV_TYPE_*. */
export const deviceType = { RISCV_AIA: 11 } as const;

export interface KvmDevice {
  setAttr(group: number, attribute: number, value: bigint): Result<void>;
  getAttr(group: number, attribute: number): Result<bigint>;
  /** KVM_HAS_DEVICE_ATTR. */
  hasAttr(group: number, attribute: number): Result<void>;
}
