/**
 * The world switch (Linux arch/riscv/kvm/vcpu.c, kvm_arch_vcpu_load and kvm_arch_vcpu_put). What
 * the guest has in its hart stays there between two runs, also while exits are handled: entering
 * and leaving a guest moves nothing. It is moved when a vCPU of another VM wants the hart.
 *
 * Floating-point registers are saved only if the guest wrote some since they were loaded
 * (sstatus.FS is Dirty, which hardware sets also with V=1), and loaded only if it may use them.
 */
import { defined } from '../../base/assert.ts';
import {
  big,
  fields,
  flag,
  list,
  mustFit,
  oneOf,
  optional,
  whole,
  type Persist,
} from '../../base/persist.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import type { GuestFiles } from './aiaImsic.ts';
import { csr, statusFs, statusFsClean } from './csrs.ts';
import { getF, getFcsr, setF, setFcsr } from './vcpuFp.ts';

/** A hart, and the vCPU whose registers are in it. */
export interface HartSlot {
  readonly hart: RiscvHart;
  resident: VcpuSwitch | undefined;
  /** Interrupt files for guests that the hart's IMSIC has. */
  readonly guestFiles: GuestFiles;
}

/** For what belongs to a vCPU: asking for the hart brings the vCPU onto it. */
export interface OnHart {
  readonly hart: RiscvHart;
}

export interface SwitchCounters {
  /** How often the vCPU was brought onto its hart, and floating-point registers with it. */
  loads: number;
  fpRestores: number;
  /** How often it had to leave for another one, and how often floating-point registers were saved. */
  puts: number;
  fpSaves: number;
}

interface SavedContext {
  readonly pc: bigint;
  readonly privilege: RiscvHart['privilege'];
  readonly x: readonly bigint[];
  readonly csrs: readonly bigint[];
  readonly wideCsrs: readonly bigint[];
  readonly sstatus: bigint;
}

export interface VcpuSwitchState {
  /** The vCPU's registers are in its hart. */
  readonly resident: boolean;
  readonly saved: SavedContext | undefined;
  readonly floats: readonly bigint[];
  readonly fcsr: bigint;
  readonly counters: Readonly<SwitchCounters>;
}

const floatRegisters = 32;

/** What a guest, or the hypervisor on its behalf, has in registers that every hart has. */
const always = [
  ...[csr.vsstatus, csr.hie, csr.vstvec, csr.vsscratch, csr.vsepc, csr.vscause, csr.vstval],
  ...[csr.hvip, csr.vsatp, csr.scounteren, csr.hstatus, csr.hgatp],
];
const perhaps: readonly (readonly [name: string, number: number])[] = [
  ['senvcfg', csr.senvcfg],
  ['sstateen0', csr.sstateen0],
  ['vsiselect', csr.vsiselect],
  ['hvictl', csr.hvictl],
];
/** Those that RV32 has in two halves; of hvip it has the upper one with AIA only. */
const wideAlways = [csr.hedeleg, csr.henvcfg, csr.htimedelta];
const widePerhaps: readonly (readonly [name: string, number: number])[] = [
  ['hstateen0', csr.hstateen0],
  ['hviph', csr.hvip],
  ['hviprio1', csr.hviprio1],
  ['hviprio2', csr.hviprio2],
  ['vstimecmp', csr.vstimecmp],
];

export class VcpuSwitch implements Persist<VcpuSwitchState> {
  readonly counters: SwitchCounters = { loads: 0, fpRestores: 0, puts: 0, fpSaves: 0 };
  private readonly slot: HartSlot;
  private readonly csrs: readonly number[];
  private readonly wideCsrs: readonly number[];
  private readonly hasFloat: boolean;
  /** Whether harts tell translations of VMs apart (VMID bits). */
  private readonly tagged: boolean;
  private saved: SavedContext | undefined;
  private floats: bigint[] = new Array<bigint>(floatRegisters).fill(0n);
  private fcsr = 0n;

  constructor(slot: HartSlot, tagged: boolean) {
    const has = (name: string) => slot.hart.readRegister(name) !== undefined;
    const found = (list: typeof perhaps) => list.flatMap(([name, n]) => (has(name) ? [n] : []));
    this.slot = slot;
    this.tagged = tagged;
    this.csrs = [...always, ...found(perhaps)];
    this.wideCsrs = [...wideAlways, ...found(widePerhaps)];
    this.hasFloat = has('fcsr');
  }

  save(): VcpuSwitchState {
    const { saved, floats, fcsr, counters, slot } = this;
    return { resident: slot.resident === this, saved, floats, fcsr, counters: { ...counters } };
  }

  restore(state: VcpuSwitchState): void {
    const context = fields({
      ...{ pc: big, privilege: oneOf(0, 1, 3), x: list(big, 32), sstatus: big },
      csrs: list(big, this.csrs.length),
      wideCsrs: list(big, this.wideCsrs.length),
    });
    const float = { floats: list(big, floatRegisters), fcsr: big };
    const counts = { loads: whole, fpRestores: whole, puts: whole, fpSaves: whole };
    const rest = { resident: flag, saved: optional(context), counters: fields(counts) };
    mustFit("a vCPU's registers", state, fields({ ...float, ...rest }));
    if (state.resident) this.slot.resident = this;
    this.saved = state.saved;
    this.floats = [...state.floats];
    this.fcsr = state.fcsr;
    const { loads, fpRestores, puts, fpSaves } = state.counters;
    Object.assign(this.counters, { loads, fpRestores, puts, fpSaves });
  }

  /** Takes the hart without loading anything: whoever calls sets up all of it. */
  claim(): void {
    if (this.slot.resident === this) return;
    this.slot.resident?.put();
    this.slot.resident = this;
  }

  /** Gives the hart up for good. */
  leave(): void {
    if (this.slot.resident === this) this.slot.resident = undefined;
  }

  /** vcpu_load; nothing when the vCPU is there already. */
  load(): void {
    if (this.slot.resident !== this) this.switchIn();
  }

  private switchIn(): void {
    this.claim();
    const { hart } = this.slot;
    const { saved } = this;
    this.counters.loads++;
    const { pc, privilege, x, csrs, wideCsrs, sstatus } = defined(saved, 'what a vCPU left behind');
    hart.loseReservation();
    hart.virtualized = true;
    hart.privilege = privilege;
    const usesFloat = (sstatus & statusFs) !== 0n;
    if (usesFloat) this.restoreFloat(hart);
    x.forEach((value, i) => hart.setX(i, value));
    this.csrs.forEach((number, i) => hart.setCsr(number, csrs[i]!));
    this.wideCsrs.forEach((number, i) => hart.setWideCsr(number, wideCsrs[i]!));
    hart.setCsr(csr.sstatus, usesFloat ? (sstatus & ~statusFs) | statusFsClean : sstatus);
    hart.pc = pc;
    // Where VMIDs do not tell two VMs apart, nothing of the other one may be left.
    if (!this.tagged) hart.hfenceGvma();
  }

  /** vcpu_put. */
  private put(): void {
    const { hart } = this.slot;
    this.counters.puts++;
    const sstatus = hart.getCsr(csr.sstatus);
    if (this.hasFloat && (sstatus & statusFs) === statusFs) this.saveFloat(hart);
    this.saved = {
      pc: hart.pc,
      privilege: hart.privilege,
      x: Array.from({ length: 32 }, (_, i) => hart.getX(i)),
      csrs: this.csrs.map((number) => hart.getCsr(number)),
      wideCsrs: this.wideCsrs.map((number) => hart.getWideCsr(number)),
      sstatus,
    };
  }

  private saveFloat(hart: RiscvHart): void {
    this.counters.fpSaves++;
    this.floats = this.floats.map((_, i) => getF(hart, i));
    this.fcsr = getFcsr(hart);
  }

  private restoreFloat(hart: RiscvHart): void {
    if (!this.hasFloat) return;
    this.counters.fpRestores++;
    this.floats.forEach((value, i) => setF(hart, i, value));
    setFcsr(hart, this.fcsr);
  }
}
