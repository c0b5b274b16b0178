/**
 * How a hart is set up to run guests: M-mode gives everything away, HS-mode has KVM's values
 * (Linux arch/riscv/kvm/vcpu_config.c and kvm_riscv_reset_vcpu).
 */
import { assert } from '../../base/assert.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import {
  allOnes,
  cause,
  csr,
  envcfgPmm,
  envcfgStce,
  hstatusSpv,
  hstatusSpvp,
  hstatusVsxl64,
  hstatusVtw,
  mseccfgSseed,
  statusFsInitial,
  statusSpie,
  statusSpp,
  translationRegister,
  vsInterrupts,
} from './csrs.ts';

/** pmpcfg: NAPOT, readable, writable, executable. */
const pmpOpen = 0x1fn;
/** Counter-enable bits: cycle, time, instret. */
const counterTime = 1n << 1n;

/**
 * KVM's hedeleg: traps that a guest handles without us. Access faults and misaligned accesses come
 * here first and are passed on (see vcpuExit), as in KVM.
 */
const delegated = [
  0,
  cause.illegalInstruction,
  cause.breakpoint,
  cause.ecallU,
  cause.instructionPage,
  cause.loadPage,
  cause.storePage,
].reduce((bits, code) => bits | (1n << BigInt(code)), 0n);

/** What M-mode firmware would have done before a hypervisor starts: nothing traps to M-mode. */
export function openMachineMode(hart: RiscvHart): void {
  assert(hart.supportsTwoStage, `hart ${hart.id} has no hypervisor extension`);
  hart.reset();
  hart.setWideCsr(csr.medeleg, allOnes);
  hart.setCsr(csr.mideleg, allOnes);
  hart.setCsr(csr.mie, 0n);
  hart.setCsr(csr.mcounteren, 0xffffffffn);
  hart.setWideCsr(csr.menvcfg, allOnes & ~envcfgPmm);
  openStates(hart, csr.mstateen0, 'mstateen');
  // With Zkr a guest's access of seed is left to the hypervisor instead of being illegal.
  if (has(hart, 'mseccfg')) hart.setCsr(csr.mseccfg, mseccfgSseed);
  // Without an open PMP entry, a hart that has PMP refuses every access below M-mode.
  if (has(hart, 'pmpaddr0')) {
    hart.setCsr(csr.pmpaddr0, allOnes);
    hart.setCsr(csr.pmpcfg0, pmpOpen);
  }
  hart.privilege = 1;
  hart.virtualized = false;
  hart.hypervisorAttached = true;
}

export function configureHypervisorMode(hart: RiscvHart, hgatp: bigint): void {
  hart.setCsr(csr.sie, 0n);
  hart.setCsr(csr.satp, 0n);
  hart.setWideCsr(csr.hedeleg, delegated);
  hart.setCsr(csr.hideleg, vsInterrupts);
  // Cycle and instret trap, so that what the guest reads can be made up by the hypervisor.
  hart.setCsr(csr.hcounteren, counterTime);
  hart.setWideCsr(csr.henvcfg, allOnes & ~envcfgPmm);
  openStates(hart, csr.hstateen0, 'hstateen');
  hart.setCsr(csr.hgatp, hgatp);
  hart.hfenceGvma();
}

/** Whether the guest programs its timer comparator itself (Sstc). */
export function hasSstc(hart: RiscvHart): boolean {
  return has(hart, 'vstimecmp') && (hart.getWideCsr(csr.henvcfg) & envcfgStce) !== 0n;
}

/** The widest translation that satp takes: Sv57, Sv48, Sv39 or Sv32, or none. */
export function detectSatpMode(hart: RiscvHart): bigint {
  const old = hart.getCsr(csr.satp);
  const shift = translationRegister[hart.xlen].mode;
  const takes = (mode: bigint) => {
    hart.setCsr(csr.satp, mode << shift);
    return hart.getCsr(csr.satp) >> shift === mode;
  };
  const modes = hart.xlen === 32 ? [1n] : [10n, 9n, 8n];
  const widest = modes.find(takes) ?? 0n;
  hart.setCsr(csr.satp, old);
  return widest;
}

const zeroedWhereThere: readonly (readonly [name: string, number: number])[] = [
  ['senvcfg', csr.senvcfg],
  ['sstateen0', csr.sstateen0],
  ['vsiselect', csr.vsiselect],
  ['hviprio1', csr.hviprio1],
  ['hviprio2', csr.hviprio2],
];

/** Registers as KVM resets them; the hart is in HS-mode and enters the guest with its next SRET. */
export function resetGuest(hart: RiscvHart, pc: bigint, argument: bigint): void {
  for (let i = 1; i < 32; i++) hart.setX(i, 0n);
  hart.setX(10, BigInt(hart.id));
  hart.setX(11, argument);
  const zeroed = [
    csr.vsstatus,
    csr.vsie,
    csr.vstvec,
    csr.vsscratch,
    csr.vsepc,
    csr.vscause,
    csr.vstval,
    csr.vsatp,
    csr.hvip,
  ];
  for (const number of zeroed) hart.setCsr(number, 0n);
  for (const [name, number] of zeroedWhereThere) {
    if (has(hart, name)) hart.setWideCsr(number, 0n);
  }
  hart.setCsr(csr.scounteren, 7n);
  const guestWidth = hart.xlen === 64 ? hstatusVsxl64 : 0n;
  hart.setCsr(csr.hstatus, guestWidth | hstatusVtw | hstatusSpvp | hstatusSpv);
  hart.setCsr(csr.sstatus, statusSpp | statusSpie | statusFsInitial);
  hart.setCsr(csr.sepc, pc);
  hart.hfenceVvma();
  hart.fenceI();
}

/** State-enable registers are zero after reset, which keeps the state below from those below. */
function openStates(hart: RiscvHart, first: number, name: string): void {
  for (let i = 0; i < 4; i++) {
    if (has(hart, `${name}${i}`)) hart.setWideCsr(first + i, allOnes);
  }
}

function has(hart: RiscvHart, name: string): boolean {
  return hart.readRegister(name) !== undefined;
}
