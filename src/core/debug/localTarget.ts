/**
 * A live machine in this thread as a debugger sees it. Everything is answered between slices, so
 * registers and memory may be read while the machine runs. What a resume request does is in
 * `stepping.ts`, the loop in `runControl.ts`; nothing here names an instruction set.
 */
import { defined } from '../base/assert.ts';
import { Emitter, type Unsubscribe } from '../base/emitter.ts';
import { UserError } from '../base/userError.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { CallControl, Machine } from '../machine/machine.ts';
import { pacedTime, type Pace } from '../machine/waitedTime.ts';
import { BreakpointSet } from './breakpoints.ts';
import { DataBreakpointSet } from './dataBreakpoints.ts';
import { RunControl, type Pacing, type RunHost } from './runControl.ts';
import { endsStep, type Plan, type PlanContext } from './planContext.ts';
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
  ConsoleEvent,
  DataBreakpoint,
  DebugTarget,
  EndEvent,
  ExitRecord,
  ExitStop,
  HartInfo,
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
import { readSpace, writeSpace } from './targetMemory.ts';

/** Milliseconds of waiting that a paced machine skips in a row: no key is kept waiting for longer. */
const PACED_SKIP = 10;
/** What a recorded exit counts for in the window of console output. */
const EXIT_BYTES = 128;

export interface LocalTargetOptions {
  /**
   * Bytes of console output that may be on their way: the machine waits while more are, until
   * `consoleTaken` tells that they arrived. Without it nobody has to tell.
   */
  readonly consoleWindow?: number;
  readonly pace: Pace;
}

export class LocalTarget implements DebugTarget {
  private readonly createMachine: () => Machine;
  private readonly host: RunHost;
  private readonly options: LocalTargetOptions;
  private readonly breakpoints = new BreakpointSet();
  private readonly data = new DataBreakpointSet();
  private readonly kept = new KeptSnapshots({
    machine: () => this.machine,
    stand: () => this.control.stop('silent'),
    restored: ({ name }) => this.restored(name),
  });
  private readonly mappingWindows = new MappingWindows((at) => this.machine.backingName(at));
  private exitStops: readonly ExitStop[] = [];
  private readonly stopEvents = new Emitter<StopEvent>();
  private readonly endEvents = new Emitter<EndEvent>();
  private readonly consoleEvents = new Emitter<ConsoleEvent>();
  private readonly exitEvents = new Emitter<readonly ExitRecord[]>();
  private readonly logEvents = new Emitter<string>();

  private machine: Machine;
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

  readonly onStop = this.stopEvents.on;
  readonly onEnd = this.endEvents.on;
  readonly onConsole = this.consoleEvents.on;
  readonly onExits = this.exitEvents.on;
  readonly onLog = this.logEvents.on;

  constructor(createMachine: () => Machine, host: RunHost, options: LocalTargetOptions) {
    this.createMachine = createMachine;
    this.host = host;
    this.options = options;
    this.machine = createMachine();
    this.control = this.attach(this.machine);
  }

  async info(): Promise<TargetInfo> {
    const { machine } = this;
    return {
      isa: machine.isa.name,
      mode: machine.mode,
      board: machine.board,
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
    }));
  }

  async resume(request: ResumeRequest): Promise<void> {
    if (this.control.state === 'running') throw new UserError('the guest is running already');
    if (this.control.state === 'ended') throw new UserError('the guest has ended');
    const { shown } = this;
    const next = this.planOf(request);
    this.shown = undefined;
    if (shown && this.cpu(shown.hart).pc === shown.pc) {
      this.cpu(shown.hart).skipBreakpointOnce();
      if (shown.access) this.cpu(shown.hart).skipWatchpointsOnce();
    }
    this.breakpoints.apply(this.machine.harts);
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
    this.detach();
    this.forgetRun();
    this.machine = this.createMachine();
    this.control = this.attach(this.machine);
  }

  get snapshots(): Snapshots | undefined {
    return this.machine.snapshots && this.kept;
  }

  /** The machine is another one than it was; what is the debugger's holds for it too. */
  private restored(snapshot: string): void {
    const hart = this.shown?.hart ?? 0;
    this.forgetRun();
    this.control = this.equip(this.machine);
    this.show({ hart, reason: { kind: 'restored', snapshot } });
  }

  private forgetRun(): void {
    this.shown = undefined;
    this.last = undefined;
    this.breakpoints.setTemporary([]);
  }

  async dispose(): Promise<void> {
    await this.control.stop('silent');
    this.detach();
  }

  async setBreakpoints(breakpoints: readonly Breakpoint[]): Promise<void> {
    this.breakpoints.replace(breakpoints);
    this.breakpoints.apply(this.machine.harts);
  }

  async setDataBreakpoints(breakpoints: readonly DataBreakpoint[]): Promise<void> {
    this.data.replace(breakpoints);
    this.data.apply(this.machine);
  }

  async setExitStops(stops: readonly ExitStop[]): Promise<void> {
    this.exitStops = stops;
    this.installExitStops(this.machine);
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
    const written = cpu.writeRegister(name, value);
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
    return writeSpace(this.machine, this.cpu(hart), space, address, bytes);
  }

  async mappings(hart: number, query: MappingQuery): Promise<MappingTable> {
    return this.mappingWindows.read(this.cpu(hart), query);
  }

  async dirtyLog(action: DirtyLogAction): Promise<DirtyLogState | undefined> {
    return this.machine.dirtyLog?.(action);
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
    this.callControl.answer(answer);
  }

  async callTable(): Promise<CallTable> {
    return this.machine.calls?.table() ?? { rows: [] };
  }

  async callQuery(extension: number, fn: number): Promise<CallTableRow | undefined> {
    return this.machine.calls?.query(extension, fn);
  }

  async overrideCalls({ action, ...range }: CallOverride): Promise<void> {
    if (action === undefined) this.callControl.withdraw(range);
    else this.callControl.override({ ...range, action });
  }

  async consoleTaken(count: number): Promise<void> {
    this.untaken -= count;
    if (!this.consoleIsFull) this.roomAgain?.();
  }

  async feedConsole(console: string, bytes: Uint8Array): Promise<void> {
    const channel = this.machine.consoles.find((candidate) => candidate.name === console);
    if (!channel) throw new UserError(`there is no console '${console}'`, console);
    channel.feed(bytes);
    this.control.inputArrived();
  }

  private attach(machine: Machine): RunControl {
    this.subscriptions = machine.consoles.map((channel) =>
      channel.output.on((bytes) => {
        this.untaken += bytes.length;
        this.consoleEvents.fire({ console: channel.name, bytes });
      }),
    );
    this.subscriptions.push(machine.log.on((line) => this.logEvents.fire(line)));
    if (this.recorded !== undefined) {
      this.recorded = 0;
      machine.beforeExitsGo = () => this.sendExits();
    }
    return this.equip(machine);
  }

  /** Gives a machine what the debugger has for it, and a loop to run in. */
  private equip(machine: Machine): RunControl {
    this.breakpoints.apply(machine.harts);
    this.data.apply(machine);
    this.installExitStops(machine);
    return new RunControl(
      this.host,
      {
        onSlice: () => this.flush(),
        hold: () => this.consoleRoom(),
        onStop: (stop) => this.show(stop),
        onEnd: (end) => {
          this.flush();
          this.endEvents.fire(end);
        },
      },
      pacingOf(machine, this.options.pace),
    );
  }

  private installExitStops(machine: Machine): void {
    machine.exitStops = this.exitStops;
    for (const cpu of machine.harts) cpu.setTrapStops?.(this.exitStops);
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
    this.exitEvents.fire(records);
    if (this.consoleIsFull) for (const cpu of this.machine.harts) cpu.requestAttention();
  }

  private show(stop: StopEvent): void {
    this.breakpoints.setTemporary([]);
    this.breakpoints.apply(this.machine.harts);
    this.flush();
    if (endsStep(stop)) this.last = undefined;
    const { hart, reason } = stop;
    const { pc } = this.cpu(hart);
    if (reason.kind !== 'data') this.shown = { hart, pc };
    else this.shown = reason.before ? { hart, pc, access: true } : { hart, pc: undefined };
    const call = this.machine.calls?.waiting;
    this.stopEvents.fire(call ? { ...stop, call } : stop);
  }

  private planOf(request: ResumeRequest): { readonly plan: Plan; readonly hart: number } {
    if (request.kind === 'proceed' && this.last) return this.last;
    const whole = request.kind === 'proceed' ? ({ kind: 'continue' } as const) : request;
    const hart = whole.kind === 'continue' ? (this.shown?.hart ?? 0) : whole.hart;
    return { plan: planFor(whole, this.planContext()), hart };
  }

  private planContext(): PlanContext {
    const { machine, breakpoints, data } = this;
    const stackPointer = machine.isa.registers.find((r) => r.role === 'stackPointer');
    return {
      machine,
      breakpoints,
      data,
      stackPointer: defined(stackPointer, 'stack pointer').name,
    };
  }

  private get callControl(): CallControl {
    const { calls } = this.machine;
    if (!calls) throw new UserError('no hypervisor of ours takes the calls of this machine');
    return calls;
  }

  private cpu(hart: number): Cpu {
    const cpu = this.machine.harts[hart];
    if (!cpu) throw new UserError(`there is no hart ${hart}`, 'hart');
    return cpu;
  }
}

function pacingOf(machine: Machine, pace: Pace): Pacing | undefined {
  const virtualTime = pacedTime(machine, pace);
  if (!virtualTime) return undefined;
  machine.skipLimit = PACED_SKIP;
  return { virtualTime };
}
