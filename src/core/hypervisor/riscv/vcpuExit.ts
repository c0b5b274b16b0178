/**
 * What the hypervisor does with each trap from the guest (Linux arch/riscv/kvm/vcpu_exit.c). A
 * handler returns the exit for the VMM, or undefined when the guest just goes on.
 */
import type { GuestRead } from '../../isa/riscv/riscvHart.ts';
import type { VcpuExit } from '../exits.ts';
import { cause, causeName, csr, hex } from './csrs.ts';
import type { FirmwareEvent } from './sbiPmuEvents.ts';
import type { ExitContext, GuestTrap } from './vcpuContext.ts';
import { emulateCsr } from './vcpuCsr.ts';
import { makeCall } from './vcpuEcall.ts';
import { isPageTableAccess, wfi, wrsNto, wrsSto } from './vcpuInsn.ts';
import { emulateMmio, fetchInstruction } from './vcpuMmio.ts';

/** Traps that firmware counters count when they come this way. */
const reflected: Readonly<Record<number, FirmwareEvent>> = {
  [cause.illegalInstruction]: 'ILLEGAL_INSN',
  [cause.loadMisaligned]: 'MISALIGNED_LOAD',
  [cause.loadAccess]: 'ACCESS_LOAD',
  [cause.storeMisaligned]: 'MISALIGNED_STORE',
  [cause.storeAccess]: 'ACCESS_STORE',
};

/** RV32 has the upper halves of counters so much above the lower ones. */
const upperHalf = 0x80;

export function handleExit(vcpu: ExitContext, trap: GuestTrap): VcpuExit | undefined {
  // No HS-level interrupt is enabled; one that was is gone by the time anybody looks.
  if (trap.interrupt) return undefined;
  switch (trap.cause) {
    case cause.instructionGuestPage:
    case cause.loadGuestPage:
    case cause.storeGuestPage:
      return guestPageFault(vcpu, trap);
    case cause.ecallVS:
      return makeCall(vcpu);
    case cause.virtualInstruction:
      return virtualInstruction(vcpu, trap);
    case cause.breakpoint:
      return { kind: 'debug' };
    default:
      // Misaligned and access faults, and what firmware would have bounced, are the guest's own.
      return reflect(vcpu, trap.cause, trap.tval);
  }
}

function guestPageFault(vcpu: ExitContext, trap: GuestTrap): VcpuExit | undefined {
  const walk = isPageTableAccess(trap.tinst);
  const write = walk
    ? trap.tinst === 0x3020 || trap.tinst === 0x2020
    : trap.cause === cause.storeGuestPage;
  // The two lowest bits are those of the virtual address; a page-table entry has none.
  const gpa = Number((trap.tval2 << 2n) | (walk ? 0n : trap.tval & 3n));
  const outcome = vcpu.owner.fault(gpa, write);
  switch (outcome.kind) {
    case 'mapped': {
      vcpu.pmu.count('GUEST_PAGE_FAULT');
      // The trap is another one by the time that somebody reads of it.
      const access = walk ? 'page-table access' : accessName(trap.cause);
      vcpu.observe('guest-page-fault', () => {
        const { pageSize, hostAddress } = outcome;
        const page = hex(gpa - (gpa % pageSize));
        return `${access} at ${hex(gpa)}: ${sizeName(pageSize)} page ${page} → ${hex(hostAddress)}`;
      });
      return undefined;
    }
    case 'spurious':
      return undefined;
    case 'noMemory':
      return crash(vcpu, trap, gpa, 'no memory is left for G-stage tables');
    case 'device':
      return deviceAccess(vcpu, trap, gpa, walk);
  }
}

function deviceAccess(
  vcpu: ExitContext,
  trap: GuestTrap,
  gpa: number,
  walk: boolean,
): VcpuExit | undefined {
  // Page tables outside memory are an access fault on hardware, of the original access's type.
  if (walk) return reflect(vcpu, accessFaultFor(trap.cause), trap.tval);
  if (trap.cause === cause.instructionGuestPage) {
    return crash(vcpu, trap, gpa, 'instructions cannot be fetched where no memory is');
  }
  const result = emulateMmio(vcpu, trap, gpa);
  switch (result.kind) {
    case 'exit':
      return result.exit;
    case 'signalled':
      return undefined;
    case 'fault':
      return reflect(vcpu, result.trap.cause, result.trap.tval);
    case 'refused':
      return crash(vcpu, trap, gpa, result.why);
  }
}

/** An instruction that HS-mode could execute and the guest may not (manual, cause 22). */
function virtualInstruction(vcpu: ExitContext, trap: GuestTrap): VcpuExit | undefined {
  let bits = Number(BigInt.asUintN(32, trap.tval));
  if (bits === 0) {
    const fetched = fetchInstruction(vcpu);
    if ('trap' in fetched) return reflect(vcpu, fetched.trap.cause, fetched.trap.tval);
    bits = Number(fetched.value);
  }
  const supervisor = vcpu.hart.privilege === 1;
  if (bits === wfi && supervisor) {
    vcpu.pmu.count('WFI');
    vcpu.observe('wfi', () => 'waits for an interrupt');
    vcpu.advance(4);
    vcpu.wait(false);
    return undefined;
  }
  if (bits === wrsNto || bits === wrsSto) {
    // A stall that may end at any time, so it ends at once.
    vcpu.advance(4);
    return undefined;
  }
  if (readCounter(vcpu, bits)) return undefined;
  const outcome = emulateCsr(vcpu, bits);
  if (outcome.kind === 'exit') return outcome.exit;
  return outcome.kind === 'done'
    ? undefined
    : reflect(vcpu, cause.illegalInstruction, BigInt(bits));
}

/**
 * rdcycle and rdinstret, and on RV32 those of their upper halves: hcounteren keeps them from the
 * guest, as on KVM; the vCPU's counters back them. A read with rs1 = x0 is all there is, the counters being read-only.
 */
function readCounter(vcpu: ExitContext, bits: number): boolean {
  const { hart } = vcpu;
  const funct3 = (bits >>> 12) & 7;
  const number = bits >>> 20;
  if ((bits & 0x7f) !== 0x73 || (funct3 & 2) === 0 || ((bits >>> 15) & 31) !== 0) return false;
  const upper = hart.xlen === 32 && (number & upperHalf) !== 0;
  const counter = upper ? number - upperHalf : number;
  if (counter !== csr.cycle && counter !== csr.instret) return false;
  const user = hart.privilege === 0;
  const enabled = (hart.getCsr(csr.scounteren) >> BigInt(counter - csr.cycle)) & 1n;
  if (user && enabled === 0n) return false;
  const whole = vcpu.pmu.readCsr(counter);
  const value = upper ? whole >> 32n : whole;
  hart.setX((bits >>> 7) & 31, value);
  const name = `${counter === csr.cycle ? 'cycle' : 'instret'}${upper ? 'h' : ''}`;
  vcpu.observe('csr', () => `${name} → ${value}`);
  vcpu.advance(4);
  return true;
}

function reflect(vcpu: ExitContext, code: number, tval: bigint): undefined {
  const { pc } = vcpu.hart;
  const event = reflected[code];
  if (event) vcpu.pmu.count(event);
  vcpu.observe('redirect', () => `${causeName(code)} at ${hex(pc)}, stval ${hex(tval)}`);
  vcpu.redirect(code, tval);
  return undefined;
}

function crash(vcpu: ExitContext, trap: GuestTrap, gpa: number, why: string): VcpuExit {
  const text =
    `hart ${vcpu.id} cannot go on: ${causeName(trap.cause)} (scause ${trap.cause}) ` +
    `at pc ${hex(vcpu.hart.pc)}, virtual address ${hex(trap.tval)}, ` +
    `guest-physical address ${hex(gpa)}: ${why}`;
  vcpu.observe('internal-error', () => text);
  return { kind: 'internalError', text };
}

/**
 * A read through the guest's translation that fills the second stage as it goes, as a load of the
 * guest's own would. What remains is a fault that the guest may be given.
 */
export function readGuest(
  vcpu: ExitContext,
  address: bigint,
  size: number,
  executable: boolean,
): GuestRead {
  // A read may cross a page, and each page needs up to a walk's worth of second-stage pages.
  for (let attempt = 0; attempt < 16; attempt++) {
    const read = vcpu.hart.hypervisorLoad(address, size, executable);
    if ('value' in read) return read;
    const { trap } = read;
    if (trap.cause < cause.instructionGuestPage || trap.cause > cause.storeGuestPage) return read;
    const outcome = vcpu.owner.fault(Number(trap.tval2 << 2n), false);
    if (outcome.kind === 'mapped' || outcome.kind === 'spurious') continue;
    return { trap: { ...trap, cause: cause.loadAccess, tval2: 0n, tinst: 0 } };
  }
  return { trap: { cause: cause.loadAccess, tval: address, tval2: 0n, tinst: 0, gva: true } };
}

function accessFaultFor(code: number): number {
  if (code === cause.instructionGuestPage) return cause.instructionAccess;
  return code === cause.loadGuestPage ? cause.loadAccess : cause.storeAccess;
}

function accessName(code: number): string {
  if (code === cause.instructionGuestPage) return 'fetch';
  return code === cause.loadGuestPage ? 'load' : 'store';
}

function sizeName(size: number): string {
  const MiB = size / 2 ** 20;
  return MiB < 1 ? '4 KiB' : MiB < 1024 ? `${MiB} MiB` : '1 GiB';
}
