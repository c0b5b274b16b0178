/**
 * A RISC-V vCPU (Linux arch/riscv/kvm/vcpu.c): enters the guest on its hart, has exits handled
 * (vcpuExit) and carries out what they ask for. Between two calls of `run`, and whenever an exit is
 * handled, the hart stands in VS- or VU-mode at the guest's pc, so that a debugger sees the guest.
 */
import { unreachable } from '../../base/assert.ts';
import type { GuestRead, RiscvHart } from '../../isa/riscv/riscvHart.ts';
import { failure, success, type Result } from '../errno.ts';
import type { CallExit, VcpuExit, VcpuRun } from '../exits.ts';
import {
  guestDebugEnable,
  interruptSet,
  mpStateInitReceived,
  mpStateNumber,
  type MpState,
  type Vcpu,
} from '../vcpu.ts';
import type { Vm } from '../vm.ts';
import { cause, csr, statusFs, statusFsInitial, vseip, vsInterrupts, vssip } from './csrs.ts';
import type { MachineIds, OneRegVcpu } from './oneReg.ts';
import { SbiExtensions } from './sbiExtensions.ts';
import { setHvictl } from './aia.ts';
import { VcpuAia } from './aiaDevice.ts';
import { configureHypervisorMode, detectSatpMode, hasSstc, resetGuest } from './vcpuConfig.ts';
import type { ExitContext, PendingExit, VcpuOwner } from './vcpuContext.ts';
import { completeCsr } from './vcpuCsr.ts';
import { completeCall, makeCall } from './vcpuEcall.ts';
import { handleExit, readGuest } from './vcpuExit.ts';
import { FirmwareFeatures } from './vcpuFwft.ts';
import { completeMmio } from './vcpuMmio.ts';
import { hostExtensions, VcpuIsa } from './vcpuIsa.ts';
import { getOneReg, getRegList, setOneReg } from './vcpuOneReg.ts';
import { restoreVcpu, saveVcpu, type VcpuSaved } from './vcpuPersist.ts';
import { VcpuPmu } from './vcpuPmu.ts';
import { defaultCalls, isOffered } from './vcpuSbi.ts';
import type { HsmState, SbiVcpu } from './vcpuSbiCall.ts';
import { StealTime } from './vcpuSteal.ts';
import { VcpuTimer } from './vcpuTimer.ts';
import { VcpuSwitch, type HartSlot, type SwitchCounters } from './vcpuSwitch.ts';
import { redirectTrap, TakenTrap } from './vcpuTrap.ts';

/** KVM_EXIT_FAIL_ENTRY_NO_VSFILE. */
const failEntryNoVsFile = 1;
const breakpointDelegated = 1n << BigInt(cause.breakpoint);

export class RiscvVcpu implements Vcpu, ExitContext, OneRegVcpu {
  readonly id: number;
  readonly cpu: RiscvHart;
  readonly owner: VcpuOwner;
  readonly timer: VcpuTimer;
  readonly pmu: VcpuPmu;
  readonly steal: StealTime;
  readonly features: FirmwareFeatures;
  readonly isa: VcpuIsa;
  readonly sbi: SbiExtensions;
  readonly ids: MachineIds;
  readonly satpMode: bigint;
  readonly aia = new VcpuAia();
  mpState: MpState = 'stopped';
  pending: PendingExit | undefined;
  immediateExit = false;
  private readonly world: VcpuSwitch;
  private readonly trap: TakenTrap;
  /** Of the VMID in hgatp. */
  private vmidVersion: number;
  private ran = false;
  private halted = false;
  private suspended = false;
  /** SUSP, non-retentive HSM: where the waiting hart begins once it is woken. */
  private resume: { readonly address: bigint; readonly opaque: bigint } | undefined;
  /** Started by hart_start, nothing run yet. */
  private fresh = false;
  /** Instructions of the present budget that are used. */
  private used = 0;
  /** A call ended the hart's run; what it came to. */
  private called: { readonly exit: VcpuExit | undefined } | undefined;

  constructor(owner: VcpuOwner, slot: HartSlot) {
    const { hart } = slot;
    this.owner = owner;
    this.cpu = hart;
    this.id = hart.id;
    this.trap = new TakenTrap(hart);
    this.world = new VcpuSwitch(slot, owner.tagged);
    this.world.claim();
    this.vmidVersion = owner.vmidVersion;
    configureHypervisorMode(hart, owner.hgatp);
    this.isa = new VcpuIsa(hostExtensions(hart, owner.extensions));
    this.sbi = new SbiExtensions(owner.vm.policy, defaultCalls);
    this.satpMode = detectSatpMode(hart);
    this.ids = {
      mvendorid: hart.getCsr(csr.mvendorid),
      marchid: hart.getCsr(csr.marchid),
      mimpid: hart.getCsr(csr.mimpid),
    };
    hart.setWideCsr(csr.htimedelta, owner.timeDelta);
    this.timer = new VcpuTimer(this, owner.clock, hasSstc(hart));
    this.pmu = new VcpuPmu(this);
    this.steal = new StealTime(owner.vm, owner.clock);
    this.features = new FirmwareFeatures(this);
    this.reset(0n, 0n);
  }

  save(): VcpuSaved {
    const { vmidVersion, ran, halted, suspended, resume, fresh } = this;
    const run = { vmidVersion, ran, halted, suspended, resume, fresh };
    return saveVcpu(this, this.world, run);
  }

  restore(saved: VcpuSaved): void {
    restoreVcpu(this, this.world, saved);
    const { run } = saved;
    ({ vmidVersion: this.vmidVersion, ran: this.ran, halted: this.halted } = run);
    ({ suspended: this.suspended, resume: this.resume, fresh: this.fresh } = run);
  }

  get pendingCall(): CallExit | undefined {
    const { pending } = this;
    return pending?.kind === 'call' || pending?.kind === 'stoppedCall' ? pending.exit : undefined;
  }

  /** The hart, on which this vCPU is from then on. */
  get hart(): RiscvHart {
    this.world.load();
    return this.cpu;
  }

  get switches(): Readonly<SwitchCounters> {
    return this.world.counters;
  }

  /** kvm_arch_vcpu_destroy. */
  destroy(): void {
    this.aia.imsic?.release();
    this.world.leave();
    this.mpState = 'stopped';
  }

  setBoot(entry: bigint, argument: bigint): void {
    this.reset(entry, argument);
  }

  run(budget: number): VcpuRun {
    this.used = 0;
    this.steal.enter();
    this.ran = true;
    if (this.vmidVersion !== this.owner.vmidVersion) this.updateVmid();
    const exit = this.mpState === 'stopped' ? this.rest() : this.execute(budget);
    this.steal.leave();
    this.noteReady();
    return { exit, consumed: this.used };
  }

  get runnable(): boolean {
    return this.mpState === 'runnable' && (!this.halted || this.hasInterrupt);
  }

  get waiting(): boolean {
    return this.mpState === 'runnable' && this.halted && !this.hasInterrupt;
  }

  setInterrupt(level: boolean): void {
    const { hart } = this;
    const old = hart.getCsr(csr.hvip);
    hart.setCsr(csr.hvip, level ? old | vseip : old & ~vseip);
    if (this.hasAia) setHvictl(hart, level);
    this.noteReady();
  }

  interrupt(irq: number): void {
    this.setInterrupt(irq >>> 0 === interruptSet);
  }

  /** kvm_arch_vcpu_ioctl_set_mpstate. */
  setMpState(state: number): Result<void> {
    switch (state) {
      case mpStateNumber.runnable:
        this.mpState = 'runnable';
        return success(undefined);
      case mpStateNumber.stopped:
        this.mpState = 'stopped';
        return success(undefined);
      case mpStateInitReceived:
        if (!this.owner.vm.mpStateReset) return failure('EINVAL');
        // Registers begin anew; whether the vCPU runs is not touched (kvm_riscv_reset_vcpu).
        this.reset(0n, 0n);
        return success(undefined);
      default:
        return failure('EINVAL');
    }
  }

  /**
   * kvm_arch_vcpu_ioctl_set_guest_debug: EBREAK comes here instead of to the guest. There is
   * nothing else that hardware would do for a debugger; ours has `cpu.setBreakpoints`.
   */
  setGuestDebug(control: number): Result<void> {
    const { hart } = this;
    const others = hart.getWideCsr(csr.hedeleg) & ~breakpointDelegated;
    const on = (control & guestDebugEnable) !== 0;
    hart.setWideCsr(csr.hedeleg, on ? others : others | breakpointDelegated);
    return success(undefined);
  }

  getOneReg(id: bigint): Result<bigint> {
    return getOneReg(this, id);
  }

  setOneReg(id: bigint, value: bigint): Result<void> {
    return setOneReg(this, id, value);
  }

  getRegList(): readonly bigint[] {
    return getRegList(this);
  }

  nextDeadline(): bigint | undefined {
    return this.mpState === 'stopped' ? undefined : this.timer.nextDeadline();
  }

  advanceTimer(): void {
    this.timer.advance();
    this.noteReady();
  }

  get hasAia(): boolean {
    return this.isa.hostHas('ssaia');
  }

  // What SBI extensions see.

  get vm(): Vm {
    return this.owner.vm;
  }

  get peers(): readonly SbiVcpu[] {
    return this.owner.vcpus;
  }

  get hsmState(): HsmState {
    if (this.mpState === 'stopped') return 'stopped';
    if (this.fresh) return 'startPending';
    return this.suspended && !this.hasInterrupt ? 'suspended' : 'started';
  }

  start(address: bigint, opaque: bigint): void {
    this.reset(address, opaque);
    this.mpState = 'runnable';
    this.fresh = true;
  }

  raiseSoftwareInterrupt(): void {
    this.hart.setCsr(csr.hvip, this.hart.getCsr(csr.hvip) | vssip);
    this.noteReady();
  }

  isMemory(address: bigint): boolean {
    return this.owner.vm.slots.find(Number(address)) !== undefined;
  }

  readGuest(address: bigint, size: number, executable: boolean): GuestRead {
    return readGuest(this, address, size, executable);
  }

  offers(extension: number): boolean {
    return this.sbi.allows(extension) && isOffered(this.owner.vm, extension);
  }

  // What ONE_REG sees.

  get ranAtLeastOnce(): boolean {
    return this.ran;
  }

  applyIsa(): void {
    const { hart, isa } = this;
    hart.setWideCsr(csr.henvcfg, isa.henvcfg);
    this.features.environmentWritten();
    const hasStateEnables = hart.readRegister('hstateen0') !== undefined;
    if (hasStateEnables) hart.setWideCsr(csr.hstateen0, isa.hstateen0);
    const others = hart.getCsr(csr.sstatus) & ~statusFs;
    const float = isa.has('f') || isa.has('d');
    hart.setCsr(csr.sstatus, float ? others | statusFsInitial : others);
  }

  // What the handlers of exits ask for.

  advance(length: number): void {
    this.hart.advancePc(length);
    this.used++;
    this.owner.clock.instructions++;
  }

  redirect(code: number, tval: bigint): void {
    redirectTrap(this.hart, code, tval);
    // A trap retires nothing, but somebody who steps has seen one step.
    this.used++;
  }

  wait(suspended: boolean): void {
    this.halted = true;
    this.suspended = suspended;
  }

  sleep(address: bigint, opaque: bigint): void {
    this.wait(true);
    this.resume = { address, opaque };
  }

  stop(): void {
    this.mpState = 'stopped';
  }

  observe(kind: string, text: () => string): void {
    this.owner.vm.observe({ vcpu: this.id, pc: this.hart.pc, kind, text });
  }

  private execute(budget: number): VcpuExit {
    this.fresh = false;
    const early = this.complete();
    if (early) return early;
    if (this.immediateExit) return { kind: 'intr' };
    const { aia } = this.owner;
    if (aia && !aia.enter(this)) return this.noVsFile();
    while (this.used < budget) {
      if (this.halted) {
        if (!this.hasInterrupt) return { kind: 'halted' };
        this.halted = false;
        this.suspended = false;
        this.wake();
      }
      this.timer.advance();
      const slice = this.timer.untilDeadline(budget - this.used);
      const { hart } = this;
      hart.onGuestCall = this.answerCall;
      const run = hart.run(slice);
      const { called } = this;
      this.called = undefined;
      this.used += run.steps;
      if (called) {
        if (called.exit) return called.exit;
        continue;
      }
      // A trap to us is charged when it is answered: as the instruction that we do for the guest.
      if (run.stop === 'hypervisorTrap') this.used--;
      switch (run.stop) {
        case 'budget':
          // Less than was allowed: something asked for attention.
          if (run.steps < slice) return { kind: 'intr' };
          break;
        case 'waiting':
          this.wait(false);
          break;
        case 'breakpoint':
          return { kind: 'debug' };
        case 'hypervisorTrap': {
          const exit = this.handleTrap();
          if (exit) return exit;
          break;
        }
        default:
          unreachable(run.stop);
      }
    }
    return { kind: 'intr' };
  }

  /** KVM_EXIT_FAIL_ENTRY_NO_VSFILE. */
  private noVsFile(): VcpuExit {
    const text = `hart ${this.id} has no guest interrupt file left for this vCPU`;
    return { kind: 'failEntry', reason: failEntryNoVsFile, cpu: this.id, text };
  }

  /**
   * A call while the hart runs. Most are answered at once and the guest goes on; the hart comes back
   * where the vCPU has to look at what the call has changed.
   */
  private readonly answerCall = (): boolean => {
    // The hart counts the call as a step, and whoever answers it as an instruction.
    this.used--;
    const exit = makeCall(this);
    if (!exit && !this.halted && !this.timer.isSet) return true;
    this.called = { exit };
    return false;
  };

  /** KVM would block here until somebody starts the vCPU. */
  private rest(): VcpuExit {
    return this.immediateExit ? { kind: 'intr' } : { kind: 'halted' };
  }

  /** KVM_REQ_UPDATE_HGATP: the VM has another VMID since this vCPU ran. */
  private updateVmid(): void {
    this.vmidVersion = this.owner.vmidVersion;
    this.hart.setCsr(csr.hgatp, this.owner.hgatp);
  }

  /** The end of a suspend that keeps no registers. */
  private wake(): void {
    const { resume, hart } = this;
    if (!resume) return;
    // Interrupts are no registers that a suspend loses: what woke the hart is still pending.
    const pending = hart.getCsr(csr.hvip);
    this.enterAt(resume.address, resume.opaque);
    hart.setCsr(csr.hvip, pending);
    this.observe('resume', () => 'an interrupt ends the suspend');
  }

  /** For steal time: somebody else runs while this vCPU could. Its own turn begins with `enter`. */
  private noteReady(): void {
    if (this.steal.sharedMemory !== undefined && this.runnable) this.steal.ready();
  }

  /** Finishes what the VMM was asked for. Somebody who moved pc has finished it by hand. */
  private complete(): VcpuExit | undefined {
    const { pending } = this;
    this.pending = undefined;
    if (!pending || pending.pc !== this.hart.pc) return undefined;
    switch (pending.kind) {
      case 'mmio':
        completeMmio(this, pending);
        return undefined;
      case 'call':
        completeCall(this, pending);
        return undefined;
      case 'csr':
        completeCsr(this, pending);
        return undefined;
      case 'stoppedCall':
        if (!pending.exit.answered) return makeCall(this, pending.call);
        completeCall(this, pending);
        return undefined;
    }
  }

  private handleTrap(): VcpuExit | undefined {
    const { hart } = this;
    const { trap } = this;
    trap.read();
    // Back to where the guest was; hstatus.SPVP still says with which privilege.
    hart.sret();
    if (trap.cause !== cause.loadGuestPage && trap.cause !== cause.storeGuestPage) {
      return handleExit(this, trap);
    }
    const { pc } = hart;
    const exit = handleExit(this, trap);
    // The instruction begins again, and whoever wanted to stop before it has done so.
    if (!exit && hart.pc === pc) {
      hart.skipBreakpointOnce();
      hart.skipWatchpointsOnce();
    }
    return exit;
  }

  private get hasInterrupt(): boolean {
    return (this.hart.getCsr(csr.hip) & this.hart.getCsr(csr.hie) & vsInterrupts) !== 0n;
  }

  /** A hart that begins anew, and what SBI extensions remember of it. */
  private reset(pc: bigint, argument: bigint): void {
    this.owner.aia?.reset(this);
    this.pmu.reset();
    this.steal.reset();
    this.features.reset();
    // The external interrupt is a wire of the VMM's, which keeps its level.
    const external = this.hart.getCsr(csr.hvip) & vseip;
    this.enterAt(pc, argument);
    this.hart.setCsr(csr.hvip, external);
    if (this.hasAia) setHvictl(this.hart, external !== 0n);
    this.timer.reset();
  }

  /** Reset state, in VS-mode at `pc` with the hart's id and `argument` as arguments. */
  private enterAt(pc: bigint, argument: bigint): void {
    const { hart } = this;
    hart.privilege = 1;
    hart.virtualized = false;
    resetGuest(hart, pc, argument);
    this.aia.imsic?.statusWritten();
    this.applyIsa();
    hart.sret();
    this.halted = false;
    this.suspended = false;
    this.resume = undefined;
    this.pending = undefined;
  }
}
