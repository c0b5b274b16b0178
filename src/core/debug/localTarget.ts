/**
 * A live machine in this thread as a debugger sees it. Everything is answered between slices, so
 * registers and memory may be read while the machine runs. What a resume request does is in
 * `stepping.ts`, the loop in `runControl.ts`; nothing here names an instruction set.
 */
import { defined } from '../base/assert.ts';
import type { Unsubscribe } from '../base/emitter.ts';
import { UserError } from '../base/userError.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { Machine } from '../machine/machine.ts';
import type { Pace } from '../machine/waitedTime.ts';
import { ClientStops } from './clientStops.ts';
import type { Input } from './history/journal.ts';
import { RecordedMachine, type MakeMachine } from './history/recordedMachine.ts';
import { StateSaving } from './history/stateSaving.ts';
import { ReversePlan, type ReverseContext } from './history/reverse.ts';
import { RunControl, type RunHost } from './runControl.ts';
import { pacingOf } from './pacing.ts';
import { endsStep, type Plan } from './planContext.ts';
import { KeptSnapshots } from './snapshots.ts';
import { planFor } from './stepping.ts';
import type {
  DirtyLogAction,
  DirtyLogState,
  AddressWalk,
  Breakpoint,
  CallAnswer,
  CallOverride,
  CallTable,
  CallTableRow,
  DataBreakpoint,
  DebugTarget,
  ExitRecord,
  ExitStop,
  HartInfo,
  History,
  MappingQuery,
  MappingTable,
  MemorySpace,
  ResumeRequest,
  RunStatistics,
  Snapshots,
  StopEvent,
  TargetInfo,
  WaitingCall,
  WalkQuery,
} from './target.ts';
import { MappingWindows } from './mappingWindows.ts';
import { TargetEvents } from './targetEvents.ts';
import { readSpace } from './targetMemory.ts';

/** What a recorded exit counts for in the window of console output. */
const EXIT_BYTES = 128;

const historyEnds = 'the recorded history ends here: the guest goes on from now';
const historyDropped =
  'the past was changed here: what was recorded behind this place is dropped, and the guest goes on anew';
const reverseIsOff = 'this session was launched without a way back ("reverse": false)';

export interface LocalTargetOptions {
  /**
   * Bytes of console output that may be on their way: the machine waits while more are, until
   * `consoleTaken` tells that they arrived. Without it nobody has to tell.
   */
  readonly consoleWindow?: number;
  readonly pace: Pace;
  /** Whether the way back is kept; it is when absent. */
  readonly reverse?: boolean;
}

export class LocalTarget extends TargetEvents implements DebugTarget {
  private readonly createMachine: MakeMachine;
  private readonly host: RunHost;
  private readonly options: LocalTargetOptions;
  private readonly stops = new ClientStops();
  private readonly kept = new KeptSnapshots({
    machine: () => this.machine,
    checkStays: () => this.checkStays(),
    stand: () => this.stand(),
    restored: ({ name }) => this.restored(name),
    stays: () => this.show({ hart: this.last?.hart ?? 0, reason: { kind: 'pause' } }),
  });
  private readonly mappingWindows = new MappingWindows((at) => this.machine.backingName(at));
  private readonly saving: StateSaving;

  private machine: RecordedMachine;
  private control: RunControl;
  private subscriptions: Unsubscribe[] = [];
  /**
   * Where the last stop was shown: going on from there does not stop there again. After an access
   * that was watched, nobody has heard of a breakpoint at pc, which is undefined then.
   */
  private shown:
    { readonly hart: number; readonly pc: bigint | undefined; readonly access?: true } | undefined;
  /** Bytes of console output, and of recorded exits, that nobody has said to have taken. */
  private untaken = 0;
  /** The last exit that was handed on, while every one is. */
  private recorded: number | undefined;
  private roomAgain: (() => void) | undefined;
  /** What the last resume request began: `proceed` goes on with it. */
  private last: { readonly plan: Plan; readonly hart: number } | undefined;

  constructor(createMachine: MakeMachine, host: RunHost, options: LocalTargetOptions) {
    super();
    this.createMachine = createMachine;
    this.host = host;
    this.options = options;
    this.saving = new StateSaving(host);
    this.machine = this.recordedMachine();
    this.control = this.attach(this.machine);
  }

  async info(): Promise<TargetInfo> {
    const { machine } = this;
    const { mode, board } = machine;
    return {
      ...{ isa: machine.isa.name, mode, board },
      consoles: machine.consoles.map((channel) => channel.name),
      harts: machine.harts.length,
      entry: machine.entry,
    };
  }

  async harts(): Promise<readonly HartInfo[]> {
    return this.machine.harts.map((cpu, index) => ({
      id: index,
      mode: cpu.modeName,
      state: this.machine.hartState(index),
      ...(cpu.addressSpace && { space: { ids: cpu.addressSpace.ids } }),
    }));
  }

  async resume(request: ResumeRequest): Promise<void> {
    if (this.control.state === 'running') throw new UserError('the guest is running already');
    if (this.control.state === 'ended') throw new UserError('the guest has ended');
    const { shown } = this;
    const next = this.planOf(request);
    this.shown = undefined;
    const goesBack = next.plan instanceof ReversePlan;
    if (shown && !goesBack && this.cpu(shown.hart).pc === shown.pc) {
      this.cpu(shown.hart).skipBreakpointOnce();
      if (shown.access) this.cpu(shown.hart).skipWatchpointsOnce();
    }
    this.stops.breakpoints.apply(this.machine.harts);
    this.saving.begins(this.machine);
    this.last = next;
    this.control.start(next.plan, next.hart);
  }

  async pause(): Promise<void> {
    if (this.control.state === 'running') return this.control.stop('pause');
    // A machine that has not run yet stands at its entry, and nobody was told.
    if (this.control.state === 'stopped' && this.machine.instructions === 0 && !this.shown) {
      this.show({ hart: 0, reason: { kind: 'entry' } });
    }
  }

  async restart(): Promise<void> {
    await this.control.stop('silent');
    this.kept.complete();
    this.detach();
    this.forgetRun();
    this.mappingWindows.forget();
    this.machine = this.recordedMachine();
    this.control = this.attach(this.machine);
  }

  get snapshots(): Snapshots | undefined {
    return this.machine.snapshots && this.kept;
  }

  private async stand(): Promise<boolean> {
    const { state } = this.control;
    await this.control.stop('silent');
    return state === 'running';
  }

  /** The machine is another one than it was; what is the debugger's holds for it too. */
  private restored(snapshot: string): void {
    const hart = this.shown?.hart ?? 0;
    this.forgetRun();
    this.control = this.equip(this.machine);
    this.events.otherFuture.fire(this.machine.steps);
    this.show({ hart, reason: { kind: 'restored', snapshot } });
  }

  private forgetRun(): void {
    this.shown = undefined;
    this.last = undefined;
    this.stops.breakpoints.setTemporary([]);
  }

  async history(): Promise<History> {
    const { machine } = this;
    const { lost: missing, isPast } = machine;
    const places = { start: machine.start.steps, now: machine.steps, end: machine.endSteps };
    return { ...(missing === undefined ? {} : { missing }), isPast, ...places };
  }

  async dispose(): Promise<void> {
    await this.control.stop('silent');
    this.detach();
  }

  async setBreakpoints(breakpoints: readonly Breakpoint[]): Promise<void> {
    this.stops.setBreakpoints(breakpoints, this.machine);
  }

  async setDataBreakpoints(breakpoints: readonly DataBreakpoint[]): Promise<void> {
    this.stops.setDataBreakpoints(breakpoints, this.machine);
  }

  async setExitStops(stops: readonly ExitStop[]): Promise<void> {
    this.stops.setExitStops(stops, this.machine);
  }

  async readRegisters(
    hart: number,
    names: readonly string[],
  ): Promise<readonly (bigint | undefined)[]> {
    const cpu = this.cpu(hart);
    return names.map((name) => cpu.readRegister(name));
  }

  async writeRegister(hart: number, name: string, value: bigint): Promise<bigint> {
    const cpu = this.cpu(hart);
    const stoodAt = cpu.pc;
    const written = this.perform({ kind: 'register', hart, name, value }) as bigint | undefined;
    if (written === undefined) throw new UserError(`the hart has no register '${name}'`, name);
    // Who puts a hart at a breakpoint sees it there already.
    if (cpu.pc !== stoodAt) this.shown = { hart, pc: cpu.pc };
    return written;
  }

  async readMemory(
    hart: number,
    space: MemorySpace,
    address: bigint,
    size: number,
  ): Promise<Uint8Array> {
    return readSpace(this.machine, this.cpu(hart), space, address, size);
  }

  async writeMemory(
    hart: number,
    space: MemorySpace,
    address: bigint,
    bytes: Uint8Array,
  ): Promise<number> {
    this.cpu(hart);
    return this.perform({ kind: 'memory', hart, space, address, bytes: bytes.slice() }) as number;
  }

  async mappings(hart: number, query: MappingQuery): Promise<MappingTable> {
    return this.mappingWindows.read(this.cpu(hart), query);
  }

  async dirtyLog(action: DirtyLogAction): Promise<DirtyLogState | undefined> {
    if (action !== 'show') this.checkStays();
    return this.machine.recordedDirtyLog({ kind: 'dirtyLog', action });
  }

  async walk(hart: number, query: WalkQuery): Promise<AddressWalk | undefined> {
    return this.cpu(hart).walk?.(query);
  }

  async exits(after: number, max: number, newest = false): Promise<readonly ExitRecord[]> {
    return this.machine.exitsAfter(after, max, newest);
  }

  async recordExits(on: boolean): Promise<void> {
    this.sendExits();
    this.recorded = on ? 0 : undefined;
    this.machine.beforeExitsGo = on ? () => this.sendExits() : undefined;
    this.sendExits();
  }

  async exitsTaken(count: number): Promise<void> {
    return this.consoleTaken(count * EXIT_BYTES);
  }

  async statistics(): Promise<RunStatistics> {
    const engine = this.machine.engineCounters?.();
    return {
      instructions: this.machine.instructions,
      seconds: this.control.seconds,
      exits: { ...this.machine.exitCounts },
      ...(engine ? { engine } : {}),
    };
  }

  async waitingCall(): Promise<WaitingCall | undefined> {
    return this.machine.calls?.waiting;
  }

  async answerCall(answer: CallAnswer): Promise<void> {
    this.checkCalls();
    this.perform({ kind: 'answer', answer });
  }

  async callTable(): Promise<CallTable> {
    return this.machine.calls?.table() ?? { rows: [] };
  }

  async callQuery(extension: number, fn: number): Promise<CallTableRow | undefined> {
    return this.machine.calls?.query(extension, fn);
  }

  async overrideCalls(rule: CallOverride): Promise<void> {
    this.checkCalls();
    this.perform({ kind: 'override', rule });
  }

  async consoleTaken(count: number): Promise<void> {
    this.untaken -= count;
    if (!this.consoleIsFull) this.roomAgain?.();
  }

  async feedConsole(console: string, bytes: Uint8Array): Promise<void> {
    this.perform({ kind: 'console', console, bytes: bytes.slice() });
    this.control.inputArrived();
  }

  /** Whatever comes from outside goes through here: it is what a replay needs. */
  private perform(input: Input): unknown {
    this.checkStays();
    return this.machine.perform(input);
  }

  /** On a way back it stands now here, now there: what came then would make a new present of that. */
  private checkStays(): void {
    if (this.control.state !== 'running' || !(this.last?.plan instanceof ReversePlan)) return;
    throw new UserError('the guest is on its way back: pause it first');
  }

  private recordedMachine(): RecordedMachine {
    const observer = {
      replaced: () => this.listen(machine),
      present: (differences: readonly string[]) =>
        this.events.log.fire([historyEnds, ...differences].join('\n')),
      dropped: () => this.historyDropped(),
      lost: (why: string) => this.events.log.fire(why),
    };
    const off = this.options.reverse === false ? reverseIsOff : undefined;
    const machine = new RecordedMachine(this.createMachine, observer, { off });
    return machine;
  }

  /** What was handed on of the time that is no more is not the new time's. */
  private historyDropped(): void {
    const last = this.machine.exitsAfter(0, 1, true).at(-1)?.sequence ?? 0;
    if (this.recorded !== undefined) this.recorded = Math.min(this.recorded, last);
    this.events.otherFuture.fire(this.machine.steps);
    this.events.log.fire(historyDropped);
  }

  /** A past that was told of already is not told again. */
  private listen(machine: RecordedMachine): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
    this.subscriptions = machine.consoles.map((channel) =>
      channel.output.on((bytes) => {
        if (machine.isPast) return;
        this.untaken += bytes.length;
        this.events.console.fire({ console: channel.name, bytes });
      }),
    );
    const log = machine.log.on((line) => machine.isPast || this.events.log.fire(line));
    this.subscriptions.push(log);
  }

  private attach(machine: RecordedMachine): RunControl {
    this.listen(machine);
    if (this.recorded !== undefined) {
      this.recorded = 0;
      machine.beforeExitsGo = () => this.sendExits();
    }
    return this.equip(machine);
  }

  /** Gives a machine what the debugger has for it, and a loop to run in. */
  private equip(machine: Machine): RunControl {
    this.stops.install(machine);
    return new RunControl(
      this.host,
      {
        onSlice: () => {
          this.flush();
          this.saving.sliceEnded(this.machine);
        },
        hold: () => this.consoleRoom(),
        onStop: (stop) => this.show(stop),
        onEnd: (end) => {
          this.flush();
          this.events.end.fire(end);
        },
      },
      pacingOf(machine, this.options.pace),
    );
  }

  private detach(): void {
    this.flush();
    for (const unsubscribe of this.subscriptions) unsubscribe();
    this.subscriptions = [];
    this.machine.calls?.close();
  }

  private get consoleIsFull(): boolean {
    return this.untaken > (this.options.consoleWindow ?? Infinity);
  }

  private consoleRoom(): Promise<void> | undefined {
    if (!this.consoleIsFull) return undefined;
    return new Promise((resolve) => {
      this.roomAgain = resolve;
    });
  }

  private flush(): void {
    for (const channel of this.machine.consoles) channel.flush();
    this.sendExits();
  }

  /** A slice that fills the window ends, so that the guest can wait. */
  private sendExits(): void {
    if (this.recorded === undefined) return;
    const records = this.machine.exitsAfter(this.recorded, Number.MAX_SAFE_INTEGER);
    const last = records.at(-1);
    if (!last) return;
    this.recorded = last.sequence;
    this.untaken += records.length * EXIT_BYTES;
    this.events.exits.fire(records);
    if (this.consoleIsFull) for (const cpu of this.machine.harts) cpu.requestAttention();
  }

  private show(stop: StopEvent): void {
    this.stops.breakpoints.setTemporary([]);
    this.stops.breakpoints.apply(this.machine.harts);
    this.flush();
    const { hart, reason } = stop;
    const plan = this.last?.plan;
    const wentBack = plan instanceof ReversePlan;
    if (wentBack && reason.kind === 'pause') plan.giveUp();
    if (endsStep(stop)) this.last = undefined;
    const { pc } = this.cpu(hart);
    // Who went back to an access sees it made when going forward again.
    if (reason.kind !== 'data' || wentBack) this.shown = { hart, pc };
    else this.shown = reason.before ? { hart, pc, access: true } : { hart, pc: undefined };
    const call = this.machine.calls?.waiting;
    const isBehind = reason.kind === 'data' && !wentBack && !reason.before;
    const at = this.machine.steps - (isBehind ? 1 : 0);
    this.events.stop.fire({ ...stop, at, ...(call && { call }) });
  }

  private planOf(request: ResumeRequest): { readonly plan: Plan; readonly hart: number } {
    if (request.kind === 'proceed' && this.last) return this.last;
    const whole = request.kind === 'proceed' ? ({ kind: 'continue' } as const) : request;
    const hart = 'hart' in whole ? whole.hart : (this.shown?.hart ?? 0);
    const context = this.planContext();
    if (whole.kind !== 'reverseStep' && whole.kind !== 'reverseContinue') {
      return { plan: planFor(whole, context), hart };
    }
    if (this.machine.lost !== undefined) throw new UserError(this.machine.lost);
    return { plan: new ReversePlan(context, whole), hart };
  }

  private planContext(): ReverseContext {
    const { machine, stops } = this;
    const { breakpoints, data } = stops;
    const stackPointer = machine.isa.registers.find((r) => r.role === 'stackPointer');
    return {
      machine,
      breakpoints,
      data,
      stackPointer: defined(stackPointer, 'stack pointer').name,
      installStops: () => stops.install(machine),
      clearStops: () => stops.takeOut(machine),
    };
  }

  private checkCalls(): void {
    if (this.machine.calls) return;
    throw new UserError('no hypervisor of ours takes the calls of this machine');
  }

  private cpu(hart: number): Cpu {
    const cpu = this.machine.harts[hart];
    if (!cpu) throw new UserError(`there is no hart ${hart}`, 'hart');
    return cpu;
  }
}
