/**
 * Shared memory that a guest names in an SBI call (SBI 3.0, "Shared memory physical address range
 * parameter"): a guest-physical address in two registers, all of which must be memory that the
 * guest itself could access so.
 */
import { type SbiVcpu, xlenOnes } from './vcpuSbiCall.ts';

/** Both halves all ones: the guest takes the memory back. */
export function isNoMemory(vcpu: SbiVcpu, low: bigint, high: bigint): boolean {
  const ones = xlenOnes(vcpu);
  return low === ones && high === ones;
}

/** The guest-physical address, undefined when a byte of the range may not be accessed. */
export function sharedMemory(
  vcpu: SbiVcpu,
  low: bigint,
  high: bigint,
  size: bigint,
  access: 'read' | 'write',
): number | undefined {
  const { vm } = vcpu;
  const start = low | (high << BigInt(vcpu.hart.xlen));
  // The sizes come from the guest: they are compared before anything is made a number.
  if (start + size > 1n << BigInt(vm.gpaBits)) return undefined;
  const address = Number(start);
  return vm.slots.pieces(address, Number(size), access) ? address : undefined;
}
