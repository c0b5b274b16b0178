/**
 * A machine that its guest owns from the reset vector on: harts, RAM and devices, and no
 * hypervisor of ours. Harts run in turn for fixed numbers of instructions, so the same inputs give
 * the same run, however `run` is cut into budgets.
 */
import { defined } from '../base/assert.ts';
import type { ConsoleChannel } from '../base/console.ts';
import { Emitter } from '../base/emitter.ts';
import {
  fields,
  flag,
  list,
  mustFit,
  optional,
  whole,
  within,
  type Persist,
} from '../base/persist.ts';
import { largeCount } from '../base/largeCount.ts';
import type { VirtualClock } from '../base/virtualClock.ts';
import type { EndEvent, ExitRecord, ExitStop } from '../debug/target.ts';
import type { TimedDevice } from '../devices/device.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { Isa } from '../isa/isa.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import { failureStop, trapStop } from './exitStops.ts';
import { DeviceDeadlines } from './deviceDeadlines.ts';
import type { Machine, MachineStop } from './machine.ts';
import { endShape } from './machineSnapshots.ts';
import { TrapLoop } from './trapLoop.ts';

/** Instructions a hart runs before the next one has its turn. */
const quantumOfMany = 20_000;
/** Nobody waits for its turn: only so long that V8 has new code for what runs soon run it. */
const quantumOfOne = 2_000_000;
/** After so many a word in memory is looked at with which the guest may end. */
const quantumWithToHost = 200_000;

/** Whose turn it is, and what has become of the machine. */
export interface BareMachineState {
  readonly current: number;
  readonly quantumLeft: number;
  readonly steps: number;
  readonly waiting: readonly boolean[];
  readonly trapsInRow: number;
  readonly ending: EndEvent | undefined;
  readonly failureShown: boolean;
}

export interface BareMachineOptions {
  readonly isa: Isa;
  readonly board: string;
  readonly memory: PhysicalMemory;
  readonly harts: readonly Cpu[];
  readonly clock: VirtualClock;
  readonly timed: readonly TimedDevice[];
  readonly consoles: readonly ConsoleChannel[];
  readonly entry: bigint;
  /** Physical address of the program's `tohost` word, by which tests report (HTIF). */
  readonly toHost?: number;
}

export class BareMachine implements Machine, Persist<BareMachineState> {
  readonly mode = 'machine';
  readonly isa: Isa;
  readonly board: string;
  readonly memory: PhysicalMemory;
  readonly harts: readonly Cpu[];
  readonly consoles: readonly ConsoleChannel[];
  readonly entry: bigint;
  readonly log = new Emitter<string>();
  skipLimit: number | undefined;
  engineCounters: Machine['engineCounters'];
  snapshots: Machine['snapshots'];
  exitStops: readonly ExitStop[] = [];
  /** Logged when the machine first runs: by then its owner listens. */
  notes: readonly string[] = [];
  readonly exitCounts = {};
  steps = largeCount;
  replaying = false;
  private readonly clock: VirtualClock;
  private readonly deadlines: DeviceDeadlines;
  private readonly toHost: number | undefined;
  private readonly hartMindsDeadlines: boolean;
  private readonly waiting: boolean[];
  private readonly trapLoop: TrapLoop;
  private current = 0;
  private readonly quantum: number;
  private quantumLeft: number;
  /** The hart of the slice in progress, and the count of instructions at which the slice ends. */
  private running = 0;
  private sliceEnd = largeCount;
  private ending: EndEvent | undefined;
  private failureShown = false;

  constructor(options: BareMachineOptions) {
    this.steps = this.sliceEnd = 0;
    this.isa = options.isa;
    this.board = options.board;
    this.memory = options.memory;
    this.harts = options.harts;
    this.clock = options.clock;
    this.consoles = options.consoles;
    this.entry = options.entry;
    this.toHost = options.toHost;
    this.waiting = options.harts.map(() => false);
    this.trapLoop = new TrapLoop(options.harts.length, quantumOfMany);
    const quantumAlone = this.toHost === undefined ? quantumOfOne : quantumWithToHost;
    this.quantum = options.harts.length === 1 ? quantumAlone : quantumOfMany;
    this.quantumLeft = this.quantum;
    this.deadlines = new DeviceDeadlines(options.clock, options.timed, options.memory.mmio);
    // A hart of several must let the others have their turns at the deadlines' time.
    const only = options.harts.length === 1 ? options.harts[0] : undefined;
    const minded = only?.mindDeadlines?.(this.deadlines);
    this.hartMindsDeadlines = minded !== undefined;
    this.memory.mmio.onWrite = minded ?? (() => this.mindDeadline());
  }

  get instructions(): number {
    return this.clock.instructions;
  }

  get virtualMilliseconds(): number {
    return (Number(this.clock.ticks()) * 1000) / this.clock.timebase;
  }

  get timeUse(): VirtualClock {
    return this.clock;
  }

  save(): BareMachineState {
    const { current, quantumLeft, steps, ending, failureShown } = this;
    const trapsInRow = this.trapLoop.inRow;
    const waiting = [...this.waiting];
    return { current, quantumLeft, steps, waiting, trapsInRow, ending, failureShown };
  }

  restore(state: BareMachineState): void {
    const harts = this.harts.length;
    const turn = {
      current: within(0, harts - 1),
      quantumLeft: whole,
      steps: whole,
      trapsInRow: whole,
    };
    const end = { ending: optional(endShape), failureShown: flag };
    mustFit('the machine', state, fields({ ...turn, ...end, waiting: list(flag, harts) }));
    const { current, quantumLeft, ending, failureShown } = state;
    this.current = current;
    this.quantumLeft = quantumLeft;
    this.steps = state.steps;
    this.ending = ending;
    this.failureShown = failureShown;
    state.waiting.forEach((waits, hart) => (this.waiting[hart] = waits));
    this.trapLoop.inRow = state.trapsInRow;
    this.deadlines.forget();
  }

  /** For a device that switches the machine off: the slice in progress ends after the store. */
  end(event: EndEvent): void {
    this.ending ??= event;
    for (const hart of this.harts) hart.requestAttention();
  }

  run(budget: number, only?: number): MachineStop {
    for (const note of this.notes) this.log.fire(note);
    this.notes = [];
    this.deadlines.forget();
    const stop = this.runSlices(budget, only);
    for (const console of this.consoles) console.flush();
    return stop;
  }

  hartState(hart: number): 'running' | 'waiting' | 'stopped' {
    return this.isWaiting(hart) ? 'waiting' : 'running';
  }

  guestToHost(address: bigint): number {
    return Number(address);
  }

  backingName(address: number): string {
    const region = this.memory.regionAt(address, 1);
    return region?.name ?? this.memory.mmio.find(address, 1)?.device.name ?? '';
  }

  exitsAfter(): readonly ExitRecord[] {
    return [];
  }

  private runSlices(budget: number, only: number | undefined): MachineStop {
    for (let left = budget; left > 0;) {
      if (this.ending) return this.ended(this.ending);
      this.deadlines.advance();
      const index = this.nextHart(only);
      if (index === undefined) {
        if (!this.skipToDeadline()) return { kind: 'idle' };
        if (this.skipLimit !== undefined) return { kind: 'budget' };
        // A device that never stops asking must not keep `run` from coming back.
        left--;
        continue;
      }
      const slice = this.slice(left);
      this.running = index;
      this.sliceEnd = this.clock.instructions + slice;
      const hart = defined(this.harts[index], 'hart');
      const { stop, steps, retired } = hart.run(slice);
      left -= steps;
      this.steps += steps;
      this.quantumLeft -= steps;
      this.waiting[index] = stop === 'waiting';
      if (stop === 'breakpoint') return { kind: 'breakpoint', hart: index };
      const trap = trapStop(hart, index);
      if (trap) return trap;
      this.checkToHost();
      if (this.replaying) continue;
      const stuck = this.trapLoop.note(hart, retired, steps);
      if (stuck !== undefined) return this.crash(index, stuck);
    }
    return this.ending ? this.ended(this.ending) : { kind: 'budget' };
  }

  private ended(end: EndEvent): MachineStop {
    const failure = this.failureShown ? undefined : failureStop(this.exitStops, this.running, end);
    this.failureShown = true;
    return failure ?? { kind: 'ended', end };
  }

  /** The debugger may look at it first; whoever runs on has seen enough. */
  private crash(hart: number, text: string): MachineStop {
    this.ending ??= { reason: 'crash', code: 125, text };
    this.failureShown = true;
    return { kind: 'event', hart, name: 'crash', text };
  }

  private isWaiting(index: number): boolean {
    return this.waiting[index] === true && !defined(this.harts[index], 'hart').wouldWake;
  }

  /** The hart whose turn it is, or the next one that has something to run. */
  private nextHart(only: number | undefined): number | undefined {
    if (only !== undefined) {
      if (this.isWaiting(only)) return undefined;
      if (only !== this.current) this.turnTo(only);
      return only;
    }
    const first = this.quantumLeft > 0 ? 0 : 1;
    for (let i = first; i < this.harts.length + first; i++) {
      const index = (this.current + i) % this.harts.length;
      if (this.isWaiting(index)) continue;
      if (i > 0) this.turnTo(index);
      return index;
    }
    return undefined;
  }

  /** What another hart stores, nobody's reservation outlives. */
  private turnTo(index: number): void {
    if (index !== this.current) this.harts[this.current]?.loseReservation();
    this.current = index;
    this.quantumLeft = this.quantum;
  }

  private slice(left: number): number {
    const turn = Math.min(left, this.quantumLeft > 0 ? this.quantumLeft : this.quantum);
    if (this.hartMindsDeadlines) return turn;
    return Math.max(1, Math.min(turn, this.deadlines.next() - this.clock.instructions));
  }

  /** A timer set within a slice may be due before the slice ends. */
  private mindDeadline(): void {
    const due = this.deadlines.next();
    if (due >= this.sliceEnd) return;
    this.sliceEnd = due;
    defined(this.harts[this.running], 'hart').requestAttention(due);
  }

  private skipToDeadline(): boolean {
    const deadlines = [this.deadlines.nextTick(), ...this.harts.map((hart) => hart.nextTimer())];
    const deadline = earliest(deadlines);
    if (deadline === undefined) return false;
    this.clock.skipTo(deadline, this.skipLimit);
    return true;
  }

  /** HTIF as the RISC-V tests use it: 1 is success, another odd value a failure's number. */
  private checkToHost(): void {
    if (this.toHost === undefined || this.ending) return;
    const value = this.memory.read64(this.toHost);
    if ((value & 1n) === 0n) return;
    const code = Number(value >> 1n);
    const text = code === 0 ? 'tohost: passed' : `tohost: failed, test ${code}`;
    this.ending = { reason: code === 0 ? 'shutdown' : 'failure', code, text };
  }
}

function earliest(deadlines: readonly (bigint | undefined)[]): bigint | undefined {
  let first: bigint | undefined;
  for (const deadline of deadlines) {
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}
