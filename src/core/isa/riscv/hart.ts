/**
 * A RISC-V hart: runs slices in generated code, delivers traps and interrupts, carries out what
 * leaves the fast path. Instruction counts are exact whenever TypeScript runs.
 */
import { defined } from '../../base/assert.ts';
import type { InterpreterClient } from '../../engine/interpreter.ts';
import { exit, leave } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { Persist } from '../../base/persist.ts';
import type { ControlWord } from '../../engine/translator/controlWord.ts';
import type { CpuRun, Deadlines } from '../cpu.ts';
import { missEvent } from './csr/counters.ts';
import { CsrFile } from './csr/csrFile.ts';
import { updateFloatUnit } from './csr/floatStatus.ts';
import { DirectLoads } from './directLoads.ts';
import { Fetcher } from './fetcher.ts';
import { GuestAccess } from './guestAccess.ts';
import { HartInspector } from './hartInspector.ts';
import { hostByHandler, mnemonicOf } from './hostInstructions.ts';
import { restoreHart, saveHart, type HartSaved } from './hartPersist.ts';
import type { HartParts } from './hartParts.ts';
import { missesOf, noWork } from './hartWork.ts';
import { InspectedHart } from './inspectedHart.ts';
import { HartState } from './hartState.ts';
import { MemoryPath, watchStop } from './memoryPath.ts';
import { Mmu } from './mmu.ts';
import { Pmp } from './pmp.ts';
import { QuickWalk } from './quickWalk.ts';
import { Regimes } from './regimes.ts';
import { Slice } from './slice.ts';
import { SlowAccesses } from './slowAccesses.ts';
import type { GuestRead, RiscvHart, TrapInfo } from './riscvHart.ts';
import { controlWord, type Execute, type Operands, type SystemHart } from './system.ts';
import { cause, trap } from './trapCause.ts';
import { tlbPlaces } from './tlbPlaces.ts';
import { Traps, type TrapTarget } from './traps.ts';
import { TrapInstruction } from './trapInstruction.ts';

/** A run comes back after so many: whoever called it notices that nothing but traps happens. */
const mostTraps = 20_000;

export class Hart
  extends InspectedHart
  implements RiscvHart, InterpreterClient, SystemHart, Persist<HartSaved>
{
  readonly id: number;
  readonly xlen: RegisterWidth;
  readonly supportsTwoStage: boolean;
  readonly state: HartState;
  readonly csrs: CsrFile;
  readonly traps: Traps;
  readonly regimes: Regimes;
  readonly path: MemoryPath;
  readonly work = noWork();
  hypervisorAttached = false;
  onGuestCall: (() => boolean) | undefined;
  protected readonly parts: HartParts;
  private readonly operands: Operands = { rd: 0, rs1: 0, rs2: 0, imm: 0 };
  private readonly hostByHandler: readonly (Execute | undefined)[];
  private readonly accesses: SlowAccesses;
  private readonly pmp: Pmp;
  protected readonly inspector: HartInspector;
  private readonly directLoads: DirectLoads;
  readonly fetcher: Fetcher;
  private readonly guest: GuestAccess;
  private readonly trapInstruction: TrapInstruction;
  private deadlines: Deadlines | undefined;
  private pendingTrap: TrapInfo | undefined;
  private waiting = false;
  /** The tick at which a wait for the end of the reservation ends at the latest. */
  private waitEnd: bigint | undefined;
  private readonly slice: Slice;
  /** The clock's count at which `run` is to come back. */
  private returnAt = Infinity;

  constructor(id: number, parts: HartParts) {
    super();
    this.id = id;
    this.parts = parts;
    this.xlen = parts.xlen;
    this.hostByHandler = hostByHandler(parts.xlen);
    this.supportsTwoStage = parts.extensions.has('h');
    const { engine, memory, clock, code } = parts;
    this.slice = new Slice(clock);
    this.state = new HartState(engine, id, parts.xlen);
    this.pmp = new Pmp(this.state);
    this.csrs = new CsrFile(this.state, this.pmp, {
      clock,
      time: parts.time,
      extensions: parts.extensions,
      xlen: this.xlen,
      retired: () => this.instructions,
      ...(parts.external[id] ? { external: parts.external[id] } : {}),
    });
    this.traps = new Traps(this.state, this.csrs);
    const mmu = new Mmu(this.state, memory, this.pmp, parts.extensions);
    this.inspector = new HartInspector(this.state, this.csrs, mmu, memory, this.pmp);
    this.regimes = new Regimes(engine, this.state);
    const { pmp, regimes } = this;
    const quickWalk = new QuickWalk(this.state, memory, pmp);
    this.path = new MemoryPath({
      ...{ state: this.state, memory, view: engine.view, mmu, pmp, regimes, code, xlen: this.xlen },
      triggers: this.csrs.triggers,
      ...{ watchpoints: this.watchpoints, retired: () => this.instructions },
      missed: (access) => {
        this.csrs.counters.count(missEvent[access]);
        this.work[missesOf[access]]++;
      },
      quickWalk,
    });
    this.directLoads = new DirectLoads({
      ...{ state: this.state, memory, pmp, csrs: this.csrs, regimes, quickWalk },
      ...{ watchpoints: this.watchpoints, retired: () => this.instructions },
    });
    this.guest = new GuestAccess(this.state, this.path);
    this.fetcher = new Fetcher(this.state, parts, this.path, regimes, pmp, this.csrs.triggers);
    this.trapInstruction = new TrapInstruction(this.state, parts);
    const { state, path, slice, work } = this;
    this.accesses = new SlowAccesses({
      ...{ state, path, regimes, slice, work, memory, extensions: parts.extensions },
      raise: this.raise,
      instructionWord: () => this.instructionWord(),
      deviceAnswered: () => parts.interpreter.deviceAnswered(state.area),
    });
    parts.interpreter.attach(this);
    this.reset();
  }

  reset(): void {
    for (let i = 1; i < 32; i++) this.state.setX(i, 0n);
    for (let i = 0; i < 32; i++) this.state.setF(i, 0n);
    this.state.privilege = 3;
    this.state.virtualized = false;
    this.state.pc = 0n;
    this.state.clearReservation();
    this.csrs.reset(this.id);
    this.waiting = false;
    this.pendingTrap = undefined;
    this.refresh();
  }

  save(): HartSaved {
    const { instructions, waiting, waitEnd, returnAt } = this;
    const run = { instructions, waiting, waitEnd, returnAt };
    return saveHart(this, tlbPlaces(this.parts, this.watchpoints), run);
  }

  restore(saved: HartSaved): void {
    restoreHart(`hart ${this.id}`, this, tlbPlaces(this.parts, this.watchpoints), saved);
    this.pendingTrap = undefined;
    this.watchpoints.skip(-1);
    ({ waiting: this.waiting, waitEnd: this.waitEnd, returnAt: this.returnAt } = saved.run);
    this.slice.instructions = saved.run.instructions;
  }

  /** The next store to each page comes by, for who marks written pages; nothing else changes. */
  noticeStores(): void {
    this.regimes.parkWrites();
  }

  get instructions(): number {
    return this.slice.instructions;
  }

  run(budget: number): CpuRun {
    const before = this.instructions;
    this.watchpoints.hit = undefined;
    let traps = 0;
    for (;;) {
      this.refresh();
      this.deadlines?.advance();
      if (this.waiting && !this.wouldWake) return this.ran('waiting', before, traps);
      this.waiting = false;
      this.waitEnd = undefined;
      const due = this.traps.pendingInterrupt();
      if (due) {
        // Who watches a return sees where it leads before the next trap.
        if (before + budget - this.instructions - traps <= 0 || this.traps.watch?.isHit)
          return this.ran('budget', before, traps);
        traps++;
        this.traps.takeInterrupt(due.code, due.target);
        if (this.leftToHypervisor(due.target)) return this.ran('hypervisorTrap', before, traps);
        if (this.traps.watch || this.csrs.counters.watching) continue;
        // Of those that were pending the first was taken, and where it led the others must wait.
        this.refresh();
      }
      const now = this.parts.clock.instructions;
      const left = Math.min(budget - (this.instructions - before) - traps, this.returnAt - now);
      if (left <= 0) {
        this.returnAt = Infinity;
        return this.ran('budget', before, traps);
      }
      const untilDeadline = this.deadlines ? this.deadlines.next() - now : left;
      this.runSlice(this.untilTimer(Math.min(left, untilDeadline)));
      traps += this.slice.takeTraps();
      this.csrs.counters.noticeInstructions();
      switch (this.state.exit) {
        case exit.trap: {
          traps++;
          if (this.isGuestCall()) {
            if (this.answerCall()) break;
            return this.ran('hypervisorTrap', before, traps);
          }
          if (this.leftToHypervisor(this.deliverTrap()))
            return this.ran('hypervisorTrap', before, traps);
          if (traps >= mostTraps) return this.ran('budget', before, traps);
          break;
        }
        case exit.breakpoint:
          return this.ran('breakpoint', before, traps);
        case exit.waiting:
          this.waiting = true;
          break;
      }
    }
  }

  /** `before`: the count of instructions when the run began. */
  private ran(stop: CpuRun['stop'], before: number, traps: number): CpuRun {
    const retired = this.instructions - before;
    return { stop, retired, steps: retired + traps };
  }

  get wouldWake(): boolean {
    if (this.csrs.awaited()) return true;
    if (this.waitEnd === undefined) return false;
    return !this.state.reserved || this.parts.clock.ticks() >= this.waitEnd;
  }

  /** The tick at which the hart's own timers interrupt next, or its wait ends. */
  nextTimer(): bigint | undefined {
    const timer = this.csrs.nextTimer();
    if (this.waitEnd === undefined) return timer;
    return timer === undefined || timer > this.waitEnd ? this.waitEnd : timer;
  }

  requestAttention(at = 0): void {
    this.returnAt = Math.min(this.returnAt, at);
    this.slice.endAt(at);
  }

  mindDeadlines(deadlines: Deadlines): () => void {
    this.deadlines = deadlines;
    return () => this.slice.endAt(deadlines.next());
  }

  setInterruptInput(bit: number, level: boolean): void {
    const inputs = level ? this.csrs.inputs | (1 << bit) : this.csrs.inputs & ~(1 << bit);
    if (inputs === this.csrs.inputs) return;
    this.csrs.inputs = inputs;
    if (level) this.endSliceForInterrupt();
  }

  /** The signal of guest interrupt file `file`, numbered from 1. */
  setGuestExternal(file: number, level: boolean): void {
    this.csrs.setGuestInput(file, level);
    if (level) this.endSliceForInterrupt();
  }

  /** Between slices `run` looks in any case. */
  private endSliceForInterrupt(): void {
    if (this.slice.isRunning && this.traps.pendingInterrupt()) this.slice.endAt(0);
  }

  sret(): void {
    this.traps.supervisorReturn(false);
  }

  hypervisorLoad(address: bigint, size: number, executable: boolean): GuestRead {
    return this.guest.load(address, size, executable);
  }

  hypervisorStore(address: bigint, size: number, value: bigint): TrapInfo | undefined {
    return this.guest.store(address, size, value);
  }

  hfenceGvma(): void {
    if (this.regimes.fenceGuestPhysical({})) this.csrs.translationChanged = true;
  }
  hfenceVvma(): void {
    if (this.regimes.fenceGuest({})) this.csrs.translationChanged = true;
  }
  fenceI(): void {
    // Stores to code are seen at once, whoever makes them.
  }

  instructionWord(): number {
    return this.fetcher.instructionWord(this.pc);
  }

  // What generated code asks for.
  readonly predecode = (rec: number, behind: number): number => this.fetcher.predecode(rec, behind);

  controlWord(record: number, handler: number): ControlWord | undefined {
    this.fetcher.readOperands(record, this.operands);
    return controlWord(this.csrs, mnemonicOf(this.xlen, handler), this.operands);
  }
  readonly findDirect = (): void => this.directLoads.find();

  private readonly raise = (info: TrapInfo): number => {
    if (info === watchStop) {
      this.state.exit = exit.breakpoint;
      return leave.before;
    }
    this.pendingTrap = info;
    this.state.exit = exit.trap;
    return leave.before;
  };

  /** Generated code goes on in the trap's handler, unless somebody else has to do with the trap. */
  private readonly enter = (info: TrapInfo, budget: number): number => {
    const isVisit = this.hypervisorAttached && this.traps.exceptionTarget(info.cause) === 'HS';
    // Behind the last step even the way to the handler, which may trap, is another one's.
    if (info === watchStop || this.traps.watch || isVisit || budget <= 1) return this.raise(info);
    this.slice.noteTrap();
    this.pendingTrap = info;
    this.leftToHypervisor(this.deliverTrap());
    const code = this.goesOn(leave.trapped);
    if (code === leave.trapped) this.state.beginsAtTrap = 0;
    return code;
  };

  /** What lets generated code go on where pc is now, or the run loop look first. */
  private goesOn(code: number): number {
    if (this.staysInSlice()) return code;
    this.state.exit = exit.changed;
    return leave.after;
  }

  resolve(record: number, budget: number): number {
    this.slice.sync(budget);
    return this.fetcher.resolve(record, this.raise);
  }

  fetchMiss(budget: number): number {
    this.slice.sync(budget);
    return this.fetcher.fetchMiss(this.raise, this.slice.isSingle);
  }

  slowLoad(widthAndFlags: number, budget: number): number {
    return this.accesses.load(widthAndFlags, budget);
  }

  slowStore(width: number, budget: number): number {
    return this.accesses.store(width, budget);
  }

  slowAtomic(width: number, budget: number): number {
    return this.accesses.atomic(width, budget);
  }

  deviceLoad(width: number, budget: number): number {
    return this.accesses.deviceLoad(width, budget);
  }

  deviceStore(width: number, budget: number): number {
    return this.accesses.deviceStore(width, budget);
  }

  control(record: number, handler: number, length: number, budget: number): number {
    const unit = this.state.floatUnit;
    const result = this.carryOut(record, handler, length, budget, this.raise);
    if (result < 0 || this.state.floatUnit === unit) return result;
    // Regions take it for granted.
    this.state.advancePc(length);
    this.state.exit = exit.changed;
    return leave.after;
  }

  host(record: number, handler: number, length: number, budget: number): number {
    return this.carryOut(record, handler, length, budget, this.enter);
  }

  /** `onTrap` gives a `leave` code. */
  private carryOut(
    record: number,
    handler: number,
    length: number,
    budget: number,
    onTrap: (info: TrapInfo, budget: number) => number,
  ): number {
    this.slice.sync(budget);
    this.work.hostInstructions++;
    const execute = this.hostByHandler[handler];
    if (!execute) return this.raise(trap(cause.illegalInstruction, BigInt(this.instructionWord())));
    this.fetcher.readOperands(record, this.operands);
    const outcome = execute(this, this.operands);
    switch (outcome.kind) {
      case 'trap':
        return onTrap(outcome.trap, budget);
      case 'jumped':
        return this.goesOn(leave.jumped);
      case 'branched':
        this.state.exit = exit.changed;
        return leave.after;
      case 'wait':
        if (outcome.ticks !== undefined) this.waitEnd = this.parts.clock.ticks() + outcome.ticks;
        this.state.advancePc(length);
        this.state.exit = exit.waiting;
        return leave.after;
      case 'goOn':
        return this.slice.remaining(budget);
      case 'next':
        if (!this.mustLookAgain()) return this.slice.remaining(budget);
        this.state.advancePc(length);
        this.state.exit = exit.changed;
        return leave.after;
    }
  }

  /** Brings TLB set and caches in line with what CSR writes changed. */
  private refresh(): void {
    const { csrs, regimes } = this;
    if (csrs.triggers.changed) this.fetcher.updateTriggers();
    this.parts.dropRecordsIfAsked();
    if (csrs.protectionChanged || this.fetcher.uncacheable) {
      regimes.flushAll();
      this.fetcher.uncacheable = false;
      csrs.translationChanged = true;
    }
    if (csrs.translationChanged) this.selectRegime();
    updateFloatUnit(this.state);
    csrs.protectionChanged = csrs.interruptsChanged = csrs.timersChanged = false;
  }

  private selectRegime(): void {
    this.regimes.select();
    this.directLoads.update();
    this.csrs.translationChanged = false;
  }

  /** Behind a trap or the return from one: generated code finds all that it needs to go on. */
  private staysInSlice(): boolean {
    const { csrs, slice } = this;
    // A counter may have overflowed with this very instruction, in the mode that it left.
    if (slice.isCut || csrs.protectionChanged || csrs.counters.watching) return false;
    if (csrs.translationChanged) {
      this.selectRegime();
      updateFloatUnit(this.state);
    }
    return this.traps.pendingInterrupt() === undefined;
  }

  private mustLookAgain(): boolean {
    const { csrs } = this;
    const { counters } = csrs;
    // One that was set anew may overflow before the slice was to end.
    if (counters.watching)
      this.slice.endAt(this.parts.clock.instructions + counters.untilOverflow());
    if (csrs.translationChanged || csrs.protectionChanged) return true;
    if (!csrs.interruptsChanged && !csrs.timersChanged) return false;
    // A timer that was set anew may end the slice earlier than was planned.
    if (csrs.timersChanged) this.slice.endAt(csrs.timers.nextChange());
    csrs.interruptsChanged = csrs.timersChanged = false;
    return this.traps.pendingInterrupt() !== undefined;
  }

  private runSlice(budget: number): void {
    const { parts, state, fetcher } = this;
    const instructions = fetcher.oneByOne ? 1 : budget;
    fetcher.oneByOne = false;
    this.slice.begin(instructions);
    this.slice.finish(parts.interpreter.run(state.area, instructions));
  }

  private untilTimer(left: number): number {
    const { timers, counters } = this.csrs;
    const timer = timers.nextChange() - this.parts.clock.instructions;
    return Math.max(1, Math.min(left, timer, counters.untilOverflow()));
  }

  /** A call for `onGuestCall`; who watches traps sees it taken as one. */
  private isGuestCall(): boolean {
    if (this.pendingTrap?.cause !== cause.ecallVS || !this.onGuestCall) return false;
    if (this.traps.watch) return false;
    return this.hypervisorAttached && this.traps.exceptionTarget(cause.ecallVS) === 'HS';
  }

  private answerCall(): boolean {
    this.pendingTrap = undefined;
    this.leftToHypervisor('HS');
    this.traps.visitHypervisor(cause.ecallVS);
    return this.onGuestCall?.() ?? false;
  }

  private deliverTrap(): TrapTarget {
    const info = defined(this.pendingTrap, 'the pending trap');
    this.pendingTrap = undefined;
    return this.traps.takeException(
      this.trapInstruction.complete(info, () => this.instructionWord()),
    );
  }

  private leftToHypervisor(target: TrapTarget): boolean {
    // The next instruction is another one than the debugger wanted to go on with.
    this.watchpoints.skip(-1);
    this.state.beginsAtTrap = 1;
    return target === 'HS' && this.hypervisorAttached;
  }
}
