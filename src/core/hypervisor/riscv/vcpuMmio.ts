/**
 * Loads and stores that no memory slot answers, taken to the VMM and back (Linux
 * arch/riscv/kvm/vcpu_insn.c, kvm_riscv_vcpu_mmio_load, _store and _return).
 */
import { assert } from '../../base/assert.ts';
import type { GuestRead, TrapInfo } from '../../isa/riscv/riscvHart.ts';
import type { MmioExit, VcpuExit } from '../exits.ts';
import { cause, hex } from './csrs.ts';
import type { ExitContext, GuestTrap, PendingExit } from './vcpuContext.ts';
import { decodeMemoryInstruction, decodeTransformed, type MemoryInstruction } from './vcpuInsn.ts';

export type MmioOutcome =
  | { readonly kind: 'exit'; readonly exit: VcpuExit }
  /** An ioeventfd or a device inside the hypervisor took it; the guest goes on behind it. */
  | { readonly kind: 'signalled' }
  /** The instruction could not be read; the guest gets this. */
  | { readonly kind: 'fault'; readonly trap: TrapInfo }
  | { readonly kind: 'refused'; readonly why: string };

export function emulateMmio(vcpu: ExitContext, trap: GuestTrap, gpa: number): MmioOutcome {
  const { xlen } = vcpu.hart;
  let instruction = decodeTransformed(trap.tinst, xlen);
  if (!instruction && trap.tinst === 0) {
    const fetched = fetchInstruction(vcpu);
    if ('trap' in fetched) return { kind: 'fault', trap: fetched.trap };
    instruction = decodeMemoryInstruction(Number(fetched.value), xlen);
  }
  if (!instruction) {
    return { kind: 'refused', why: 'only integer loads and stores can access a device' };
  }
  const { write, size, register } = instruction;
  if (gpa % size !== 0) {
    return { kind: 'refused', why: `an access of ${size} bytes to a device must be aligned` };
  }
  const data = write ? BigInt.asUintN(size * 8, vcpu.hart.getX(register)) : 0n;
  if (write && vcpu.owner.vm.ioEventFds.store(gpa, size, data)) {
    vcpu.observe('ioeventfd', () => `store of ${size} at ${hex(gpa)}: ${hex(data)}`);
    vcpu.advance(instruction.length);
    return { kind: 'signalled' };
  }
  if (inHypervisor(vcpu, gpa, size, write, data, instruction)) return { kind: 'signalled' };
  const exit: MmioExit = { kind: 'mmio', address: gpa, size, write, data };
  vcpu.pending = { kind: 'mmio', pc: vcpu.hart.pc, instruction, exit };
  return { kind: 'exit', exit };
}

/** kvm_io_bus_read and kvm_io_bus_write: devices of the hypervisor's own come before the VMM's. */
function inHypervisor(
  vcpu: ExitContext,
  gpa: number,
  size: 1 | 2 | 4 | 8,
  write: boolean,
  data: bigint,
  instruction: MemoryInstruction,
): boolean {
  const { ioBus } = vcpu.owner.vm;
  const value = write ? (ioBus.write(gpa, size, data) ? data : undefined) : ioBus.read(gpa, size);
  if (value === undefined) return false;
  complete(vcpu, instruction, { address: gpa, write, data: value });
  return true;
}

export function completeMmio(vcpu: ExitContext, pending: PendingExit & { kind: 'mmio' }): void {
  complete(vcpu, pending.instruction, pending.exit);
}

function complete(
  vcpu: ExitContext,
  instruction: MemoryInstruction,
  exit: Pick<MmioExit, 'address' | 'write' | 'data'>,
): void {
  const { address } = exit;
  const { size } = instruction;
  vcpu.pmu.count(exit.write ? 'MMIO_STORE' : 'MMIO_LOAD');
  vcpu.observe('mmio', () =>
    exit.write
      ? `store of ${size} at ${hex(address)}: ${hex(exit.data)}`
      : `load of ${size} at ${hex(address)} → ${hex(exit.data)}`,
  );
  if (!exit.write) {
    const bits = size * 8;
    const value = instruction.signed ? BigInt.asIntN(bits, exit.data) : exit.data;
    vcpu.hart.setX(instruction.register, BigInt.asUintN(64, value));
  }
  vcpu.advance(instruction.length);
}

/**
 * The instruction at the guest's pc: 16 bits first, 16 more only when they say that there are, for
 * the second half may lie on a page that is not there. A fault is turned into the one that fetching
 * would have met.
 */
export function fetchInstruction(vcpu: ExitContext): GuestRead {
  const { pc } = vcpu.hart;
  const low = vcpu.readGuest(pc, 2, true);
  if ('trap' in low) return { trap: asFetch(low.trap) };
  if ((low.value & 3n) !== 3n) return low;
  const high = vcpu.readGuest(BigInt.asUintN(vcpu.hart.xlen, pc + 2n), 2, true);
  if ('trap' in high) return { trap: asFetch(high.trap) };
  return { value: low.value | (high.value << 16n) };
}

function asFetch(trap: TrapInfo): TrapInfo {
  switch (trap.cause) {
    case cause.loadPage:
      return { ...trap, cause: cause.instructionPage };
    case cause.loadAccess:
      return { ...trap, cause: cause.instructionAccess };
    default:
      assert(trap.cause !== cause.loadGuestPage, 'guest-page faults are resolved before');
      return trap;
  }
}
