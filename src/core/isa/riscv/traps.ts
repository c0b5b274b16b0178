/**
 * Trap entry and return, and which interrupt is taken (privileged manual, traps; hypervisor,
 * trap entry and return).
 */
import { event, type CountedEvent } from './csr/counters.ts';
import type { CsrFile } from './csr/csrFile.ts';
import { raisedVirtually } from './csr/filtering.ts';
import { CSR } from './csr/numbers.ts';
import { guestInterrupts, hypervisorInterrupts } from './csr/interrupts.ts';
import {
  firstByDefault,
  topCode,
  topGuest,
  topMachine,
  topSupervisor,
} from './csr/topInterrupt.ts';
import { hstatusBits, status, type HartState } from './hartState.ts';
import type { Privilege, TrapInfo } from './riscvHart.ts';
import { cause } from './trapCause.ts';
import type { TrapWatch } from './trapWatch.ts';

/** LCOFI and what is behind it: local interrupts, which a guest sees under their own numbers. */
const localInterrupts = ~0x1fff;

export type TrapTarget = 'M' | 'HS' | 'VS';

const targets = ['M', 'HS', 'VS'] as const;

/** By the target's own number. */
interface PendingInterrupt {
  readonly code: number;
  readonly target: TrapTarget;
}

/** Made once each: it is asked at every turn which interrupt is to be taken. */
const pendingInterrupts: Readonly<Record<TrapTarget, PendingInterrupt[]>> = {
  M: [],
  HS: [],
  VS: [],
};
const pendingAt = (target: TrapTarget, code: number): PendingInterrupt =>
  (pendingInterrupts[target][code] ??= { code, target });
/** mtopi, stopi and vstopi: where the AIA is missing, it is by the default order. */
const tops = { M: topMachine, HS: topSupervisor, VS: topGuest } as const;
/** Events that hpmcounters count besides exceptions as such. */
const eventOfCause: readonly (CountedEvent | undefined)[] = byCode([
  ...[cause.ecallU, cause.ecallS, cause.ecallVS, cause.ecallM].map(
    (code) => [code, event.environmentCall] as const,
  ),
  ...[cause.instructionPage, cause.loadPage, cause.storePage].map(
    (code) => [code, event.pageFault] as const,
  ),
  ...[cause.instructionGuestPage, cause.loadGuestPage, cause.storeGuestPage].map(
    (code) => [code, event.guestPageFault] as const,
  ),
  [cause.illegalInstruction, event.illegalInstruction],
  [cause.virtualInstruction, event.illegalInstruction],
]);

function byCode(events: readonly (readonly [number, CountedEvent])[]) {
  const list: (CountedEvent | undefined)[] = Array(32).fill(undefined);
  for (const [code, kind] of events) list[code] = kind;
  return list;
}

export class Traps {
  /** Who wants to know of traps. */
  watch: TrapWatch | undefined;
  private readonly state: HartState;
  private readonly csrs: CsrFile;
  /** Software may give interrupts priority numbers (AIA). */
  private readonly hasPriorities: boolean;

  constructor(state: HartState, csrs: CsrFile) {
    this.state = state;
    this.csrs = csrs;
    this.hasPriorities = csrs.has('smaia') || csrs.has('ssaia');
  }

  /** The interrupt to be taken now, by the target's own number, and where, if any. */
  pendingInterrupt(): PendingInterrupt | undefined {
    const { csrs, state } = this;
    const ready = csrs.pending() & state.low(CSR.mie);
    const isPlain = !raisedVirtually(csrs);
    if (ready === 0 && isPlain) return undefined;
    if (isPlain && !this.hasPriorities && (ready & localInterrupts) === 0) {
      return this.inDefaultOrder(ready);
    }
    for (const target of targets) {
      if (!this.enabled(target)) continue;
      const top = tops[target](csrs);
      if (top !== 0) return pendingAt(target, topCode(top));
    }
    return undefined;
  }

  /** Of interrupts that are pending and enabled, where nothing but mideleg and hideleg has a say. */
  private inDefaultOrder(ready: number): PendingInterrupt | undefined {
    const { state } = this;
    const delegated = state.low(CSR.mideleg);
    // Those for a guest are never M-mode's, which mideleg says by bits that are read-only 1.
    const forGuest = state.low(CSR.hideleg) & guestInterrupts;
    const machine = ready & ~delegated;
    if (machine !== 0 && this.enabled('M')) return pendingAt('M', firstByDefault(machine));
    const own = ready & (delegated | hypervisorInterrupts) & ~forGuest;
    if (own !== 0 && this.enabled('HS')) return pendingAt('HS', firstByDefault(own));
    const guest = ready & forGuest;
    if (guest !== 0 && this.enabled('VS')) return pendingAt('VS', firstByDefault(guest) - 1);
    return undefined;
  }

  takeInterrupt(code: number, target: TrapTarget): void {
    this.csrs.counters.count(event.interrupt);
    this.countExit(target);
    this.enter(target, code, undefined);
  }

  /** Delivers a synchronous trap of the instruction at pc; says where it went. */
  takeException(info: TrapInfo): TrapTarget {
    const target = this.exceptionTarget(info.cause);
    this.csrs.counters.count(event.exception);
    const kind = eventOfCause[info.cause];
    if (kind !== undefined) this.csrs.counters.count(kind);
    this.countExit(target);
    this.enter(target, info.cause, info);
    return target;
  }

  /**
   * What is left of an exception that a guest takes to HS-mode and of the SRET that follows it, pc
   * being where it was. The trap's value, its second value and its instruction are 0.
   */
  visitHypervisor(code: number): void {
    const { state, csrs } = this;
    csrs.counters.count(event.exception);
    const kind = eventOfCause[code];
    if (kind !== undefined) csrs.counters.count(kind);
    csrs.counters.count(event.guestExit);
    state.setWords(CSR.sepc, state.pcLow, state.pcHigh);
    state.setWords(CSR.scause, code, 0);
    for (const register of [CSR.stval, CSR.htval, CSR.htinst]) state.setWords(register, 0, 0);
    const { SPV, GVA, SPVP } = hstatusBits;
    state.setLow(CSR.hstatus, (state.low(CSR.hstatus) & ~(GVA | SPV)) | SPVP);
    const { SPP, SPIE, MPRV } = status;
    state.setLow(CSR.mstatus, (state.low(CSR.mstatus) & ~(SPP | MPRV)) | SPIE);
    state.clearReservation();
  }

  /** MRET (privileged manual, 3.3.2). */
  machineReturn(): void {
    const { state } = this;
    const low = state.low(CSR.mstatus);
    const high = state.high(CSR.mstatus);
    const previous = state.previousPrivilege;
    const guest = (high & status.high.MPV) !== 0 && previous !== 3;
    let next = (low & ~(status.MIE | status.MPP)) | status.MPIE;
    if (low & status.MPIE) next |= status.MIE;
    if (previous !== 3) next &= ~status.MPRV;
    state.setLow(CSR.mstatus, next);
    state.setHigh(CSR.mstatus, high & ~status.high.MPV);
    this.watch?.returned(previous, guest, CSR.mepc);
    this.returnTo(CSR.mepc);
    this.changeMode(previous, guest, true);
  }

  /** SRET, in HS-mode or in VS-mode; `finished`: as an instruction that retires. */
  supervisorReturn(finished: boolean): void {
    const { state } = this;
    const inGuest = state.virtualized;
    const slot = inGuest ? CSR.vsstatus : CSR.mstatus;
    const low = state.low(slot);
    const previous: Privilege = low & status.SPP ? 1 : 0;
    let next = (low & ~(status.SIE | status.SPP)) | status.SPIE;
    if (low & status.SPIE) next |= status.SIE;
    if (!inGuest) next &= ~status.MPRV;
    state.setLow(slot, next);
    if (inGuest) {
      this.watch?.returned(previous, true, CSR.vsepc);
      this.returnTo(CSR.vsepc);
      return this.changeMode(previous, true, finished);
    }
    const hypervisorStatus = state.low(CSR.hstatus);
    state.setLow(CSR.hstatus, hypervisorStatus & ~hstatusBits.SPV);
    const guest = (hypervisorStatus & hstatusBits.SPV) !== 0;
    this.watch?.returned(previous, guest, CSR.sepc);
    this.returnTo(CSR.sepc);
    this.changeMode(previous, guest, finished);
  }

  private countExit(target: TrapTarget): void {
    if (this.state.virtualized && target !== 'VS') this.csrs.counters.count(event.guestExit);
  }

  private enabled(target: TrapTarget): boolean {
    const { privilege, virtualized } = this.state;
    switch (target) {
      case 'M':
        return privilege < 3 || (this.state.low(CSR.mstatus) & status.MIE) !== 0;
      case 'HS':
        if (privilege === 3) return false;
        return virtualized || privilege === 0 || (this.state.low(CSR.mstatus) & status.SIE) !== 0;
      case 'VS':
        if (!virtualized) return false;
        return privilege === 0 || (this.state.low(CSR.vsstatus) & status.SIE) !== 0;
    }
  }

  exceptionTarget(code: number): TrapTarget {
    const { state } = this;
    const delegated = (register: number): boolean => ((state.low(register) >>> code) & 1) === 1;
    if (state.privilege === 3 || !delegated(CSR.medeleg)) return 'M';
    return state.virtualized && delegated(CSR.hedeleg) ? 'VS' : 'HS';
  }

  /** `info` is that of an exception; without, an interrupt is taken. */
  private enter(target: TrapTarget, code: number, info: TrapInfo | undefined): void {
    const { state } = this;
    this.watch?.entered(target, code, info);
    switch (target) {
      case 'M':
        this.describe(CSR.mepc, CSR.mcause, CSR.mtval, code, info);
        this.setValue(CSR.mtval2, info?.tval2);
        state.setWords(CSR.mtinst, info?.tinst ?? 0, 0);
        this.stackMachineStatus(info?.gva ?? false);
        this.vectorTo(CSR.mtvec, code, info);
        return this.changeMode(3, false, false);
      case 'HS':
        this.describe(CSR.sepc, CSR.scause, CSR.stval, code, info);
        this.setValue(CSR.htval, info?.tval2);
        state.setWords(CSR.htinst, info?.tinst ?? 0, 0);
        this.stackHypervisorStatus(info?.gva ?? false);
        this.stackSupervisorStatus(CSR.mstatus);
        this.vectorTo(CSR.stvec, code, info);
        return this.changeMode(1, false, false);
      case 'VS':
        this.describe(CSR.vsepc, CSR.vscause, CSR.vstval, code, info);
        this.stackSupervisorStatus(CSR.vsstatus);
        this.vectorTo(CSR.vstvec, code, info);
        return this.changeMode(1, true, false);
    }
  }

  /** xepc, xcause and xtval. */
  private describe(
    epc: number,
    causeRegister: number,
    tval: number,
    code: number,
    info: TrapInfo | undefined,
  ): void {
    const { state } = this;
    state.setWords(epc, state.pcLow, state.pcHigh);
    const flag = info ? 0 : 0x8000_0000;
    if (state.xlen === 64) state.setWords(causeRegister, code, flag);
    else state.setWords(causeRegister, code | flag, 0);
    this.setValue(tval, info?.tval);
  }

  /** Most of what describes a trap is 0. */
  private setValue(slot: number, value: bigint | undefined): void {
    if (value) this.state.setCsr(slot, value);
    else this.state.setWords(slot, 0, 0);
  }

  /** Vectored mode spreads interrupts, never exceptions. */
  private vectorTo(slot: number, code: number, info: TrapInfo | undefined): void {
    const { state } = this;
    const base = state.low(slot);
    state.setPcWords((base & ~3) >>> 0, state.high(slot));
    if (!info && (base & 1) === 1) state.advancePc(4 * code);
  }

  private returnTo(epc: number): void {
    this.state.setPcWords(this.state.low(epc), this.state.high(epc));
  }

  private stackMachineStatus(gva: boolean): void {
    const { state } = this;
    const old = state.low(CSR.mstatus);
    let low = (old & ~(status.MPP | status.MIE | status.MPIE)) | (state.privilege << 11);
    if (old & status.MIE) low |= status.MPIE;
    let high = state.high(CSR.mstatus) & ~(status.high.GVA | status.high.MPV);
    if (gva) high |= status.high.GVA;
    if (state.virtualized) high |= status.high.MPV;
    state.setLow(CSR.mstatus, low);
    state.setHigh(CSR.mstatus, high);
  }

  private stackSupervisorStatus(slot: number): void {
    const { state } = this;
    const old = state.low(slot);
    let low = old & ~(status.SPP | status.SIE | status.SPIE);
    if (state.privilege === 1) low |= status.SPP;
    if (old & status.SIE) low |= status.SPIE;
    state.setLow(slot, low);
  }

  /** SPVP is written only by a trap from a guest. */
  private stackHypervisorStatus(gva: boolean): void {
    const { state } = this;
    let low = state.low(CSR.hstatus) & ~(hstatusBits.GVA | hstatusBits.SPV);
    if (gva) low |= hstatusBits.GVA;
    if (state.virtualized) {
      low = (low & ~hstatusBits.SPVP) | hstatusBits.SPV;
      if (state.privilege === 1) low |= hstatusBits.SPVP;
    }
    state.setLow(CSR.hstatus, low);
  }

  /** `finished`: by an instruction that retires. */
  private changeMode(privilege: Privilege, virtualized: boolean, finished: boolean): void {
    const { state } = this;
    this.csrs.counters.enterMode(privilege, virtualized, finished);
    const isSame = privilege === state.privilege && virtualized === state.virtualized;
    // With MPRV, what MPP says is part of how memory is accessed.
    if (!isSame || state.low(CSR.mstatus) & status.MPRV) this.csrs.translationChanged = true;
    this.state.privilege = privilege;
    this.state.virtualized = virtualized;
    // A reservation does not outlive a change of what the hart does.
    this.state.clearReservation();
  }
}
