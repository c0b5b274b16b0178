/**
 * A machine with a past: what comes to it from outside is kept in a journal, and any moment since
 * its start can be had again, by running from a saved state with the journal for the outside. To
 * its owner it is one machine, in the present or in the past; going on in the past leads through
 * what was recorded back to the present, and an input that was not recorded makes a new present of
 * where it comes. Nothing here decides where to go.
 */
import { Bug, defined } from '../../base/assert.ts';
import { UserError } from '../../base/userError.ts';
import type { Machine, MachineStop } from '../../machine/machine.ts';
import type { MachineSnapshot, MachineSnapshots } from '../../machine/machineSnapshots.ts';
import type { DirtyLogState, ExitStop } from '../target.ts';
import { writeSpace } from '../targetMemory.ts';
import { isBefore, Journal, type Entry, type Input, type Position } from './journal.ts';
import { RecordedCalls } from './recordedCalls.ts';
import { SavedStates, type SavedState } from './savedStates.ts';

/** With `again` it is to go the way of one that was before: without a user's handlers. */
export type MakeMachine = (again?: boolean) => Machine;

export interface HistoryObserver {
  /** Another machine stands for it: who listened to the old one listens to this. */
  replaced(): void;
  /** What was recorded ends here. */
  present(differences: readonly string[]): void;
  /** What was recorded behind this place is void. */
  dropped(): void;
  /** No way leads back any more. */
  lost(why: string): void;
}

export interface RecordedOptions {
  /** What the journal may take. */
  readonly journalBytes?: number;
  /** What saved states may take. */
  readonly stateBytes?: number;
  /** Why nothing is recorded. */
  readonly off?: string | undefined;
}

const usualJournalBytes = 64 << 20;
const usualStateBytes = 12 << 20;
/** Steps of a way to somewhere, from one look at the surroundings to the next. */
const stride = 5_000_000;

export class RecordedMachine implements Machine {
  private inner: Machine;
  private readonly make: MakeMachine;
  private readonly observer: HistoryObserver;
  private readonly journalBytes: number;
  private readonly journal = new Journal();
  private readonly states: SavedStates;
  private readonly recordedCalls: RecordedCalls;
  /** The first entry that the machine has not come to; in the present there is none. */
  private next = 0;
  /** In the past: where the recorded run ends, and what the harts were then. */
  private end: { readonly at: Position; readonly harts: readonly string[] } | undefined;
  private why: string | undefined;
  /** The one hart that runs. */
  private only: number | undefined;
  private limit: number | undefined;
  /** It goes to and fro to find something: nobody is to hear where. */
  searching = false;

  constructor(make: MakeMachine, observer: HistoryObserver, options: RecordedOptions = {}) {
    this.make = make;
    this.observer = observer;
    this.journalBytes = options.journalBytes ?? usualJournalBytes;
    this.why = options.off;
    this.states = new SavedStates(options.stateBytes ?? usualStateBytes);
    this.inner = make();
    const calls = this.inner.calls;
    this.recordedCalls = new RecordedCalls(this, calls?.script);
    if (calls?.script) calls.use(this.recordedCalls.script());
  }

  get isPast(): boolean {
    return this.end !== undefined;
  }

  /** Why there is no past; undefined while there is one. */
  get lost(): string | undefined {
    return this.why;
  }

  get position(): Position {
    const { steps, timeUse } = this.inner;
    return { steps, skipped: timeUse?.skippedMilliseconds ?? 0 };
  }

  /** The first moment that can be had. */
  get start(): Position {
    return this.states.first?.at ?? { steps: 0, skipped: 0 };
  }

  /** Makes the way back to here shorter, where the machine can be saved at this moment. */
  saveState(): void {
    const { snapshots } = this.inner;
    if (!snapshots || this.why !== undefined) return;
    const { position: at, next, only } = this;
    const taken = whereAllowed(() => snapshots.take());
    if (taken) this.states.add({ at, next, only, snapshot: taken });
  }

  get isAnsweredByHand(): boolean {
    const entry = this.journal.entry(this.next);
    return entry?.input.kind === 'answer' && entry.at.steps === this.inner.steps;
  }

  /** As `position`, where the recorded run ends. */
  get endSteps(): number {
    return (this.end?.at ?? this.position).steps;
  }

  /** No past from now on. */
  forget(why: string): void {
    this.dropFuture();
    this.why = why;
    this.journal.truncate(0);
    this.states.clear();
    this.recordedCalls.truncate(-1);
    this.next = 0;
    this.observer.lost(why);
  }

  /** What was before is another run's; the way back ends here. */
  private restore(snapshots: MachineSnapshots, snapshot: MachineSnapshot): void {
    snapshots.restore(snapshot);
    this.goLive();
    this.journal.truncate(0);
    this.states.clear();
    this.recordedCalls.truncate(-1);
    this.next = 0;
    const { position: at, only } = this;
    this.states.add({ at, next: 0, only, snapshot });
  }

  /** Something from outside. What was recorded behind this place does not come any more. */
  perform(input: Input): unknown {
    const wasPast = this.isPast;
    const result = this.apply(input);
    if (wasPast) this.dropFuture();
    this.record(input);
    if (wasPast) this.observer.dropped();
    return result;
  }

  run(budget: number, only?: number): MachineStop {
    if (this.end) return this.replay(budget, this.end.at);
    if (only !== this.only && this.harts.length > 1) this.record({ kind: 'only', hart: only });
    this.only = only;
    const stop = this.inner.run(budget, only);
    this.checkRoom();
    return stop;
  }

  /**
   * Goes to a place of the recorded run, or to the first one behind it that exists; comes back now
   * and then on the way. Whoever asks has taken all stops out.
   */
  *goTo(place: Position): Generator<void, void> {
    this.enterPast();
    const saved = this.states.before(place);
    const isAhead = !isBefore(place, this.position);
    const isShorter = saved && isBefore(this.position, saved.at);
    if (!isAhead || isShorter) this.rewind(saved);
    while (this.end && isBefore(this.position, place)) {
      const stop = this.replay(stride, place);
      if (stop.kind === 'ended' || stop.kind === 'idle') throw new Bug(`replay: ${stop.kind}`);
      yield;
    }
  }

  private enterPast(): void {
    if (this.end) return;
    if (this.why !== undefined) throw new UserError(this.why);
    this.end = { at: this.position, harts: this.hartStates() };
    this.next = this.journal.length;
    this.inner.replaying = true;
    // Also without handlers: a person's answers come back through it.
    this.inner.calls?.use(this.recordedCalls.script());
  }

  /** To a saved state; without one, to a machine as it was at the start. */
  private rewind(saved: SavedState | undefined): void {
    if (saved?.snapshot && this.inner.snapshots) this.inner.snapshots.restore(saved.snapshot);
    else this.replaceMachine();
    this.inner.replaying = true;
    this.next = saved?.next ?? 0;
    this.only = saved?.only;
    this.restoreOverrides();
  }

  /** Who answers calls is the debugger's to say, and in no snapshot. */
  private restoreOverrides(): void {
    const inputs = this.journal.inputs.filter((input) => input.kind === 'override');
    for (const { rule } of inputs)
      this.apply({ kind: 'override', rule: { ...rule, action: undefined } });
    for (const input of this.journal.inputs.slice(0, this.next)) {
      if (input.kind === 'override') this.apply(input);
    }
  }

  private replaceMachine(): void {
    this.inner = this.make(true);
    this.inner.calls?.use(this.recordedCalls.script());
    this.inner.skipLimit = this.limit;
    this.observer.replaced();
  }

  /** Runs with the recorded inputs, but not beyond a place. */
  private replay(budget: number, limit: Position): MachineStop {
    const entry = this.comeTo();
    const place = entry && isBefore(entry.at, limit) ? entry.at : limit;
    const { steps, skipped } = this.position;
    let stop: MachineStop;
    if (entry?.input.kind === 'answer' && !isBefore(this.position, entry.at)) {
      stop = this.inner.run(1, this.only);
    } else if (steps < place.steps) {
      stop = this.inner.run(Math.min(budget, place.steps - steps), this.only);
    } else if (skipped < place.skipped) {
      this.inner.skipLimit = place.skipped - skipped;
      stop = this.inner.run(1, this.only);
      this.inner.skipLimit = this.limit;
    } else stop = { kind: 'budget' };
    if (stop.kind === 'pending') {
      if (!this.isAnsweredByHand) throw new Bug('replay: a call has no recorded answer');
      stop = { kind: 'budget' };
    }
    this.comeTo();
    this.leavePastAtEnd();
    return stop;
  }

  /** Applies the inputs that are due; the first that is not. */
  private comeTo(): Entry | undefined {
    for (;;) {
      const entry = this.journal.entry(this.next);
      if (!entry || isBefore(this.position, entry.at)) return entry;
      if (entry.input.kind === 'answer' && !this.inner.calls?.waiting) return entry;
      this.next++;
      this.apply(entry.input);
    }
  }

  private leavePastAtEnd(): void {
    const { end } = this;
    if (!end || isBefore(this.position, end.at) || this.next < this.journal.length) return;
    const now = this.hartStates();
    this.goLive();
    const differences = now.filter((state, hart) => state !== end.harts[hart]);
    if (differences.length > 0) differences.unshift('this is not where it was:');
    if (!this.searching) this.observer.present(differences);
  }

  private dropFuture(): void {
    if (!this.end) return;
    this.journal.truncate(this.next);
    this.states.truncate(this.position);
    this.recordedCalls.truncate(this.inner.instructions);
    this.goLive();
  }

  private goLive(): void {
    this.end = undefined;
    this.inner.replaying = false;
  }

  private hartStates(): readonly string[] {
    return this.harts.map(
      ({ pc, instructions }, hart) =>
        `hart ${hart} at 0x${pc.toString(16)} after ${instructions} instructions`,
    );
  }

  private record(input: Input): void {
    if (this.why !== undefined) return;
    this.journal.add(this.position, input);
    this.next = this.journal.length;
    this.checkRoom();
  }

  private checkRoom(): void {
    if (this.why !== undefined) return;
    if (this.journal.bytes + this.recordedCalls.bytes <= this.journalBytes) return;
    const limit = this.journalBytes >> 20;
    this.forget(`the inputs of this run take more than ${limit} MiB, so there is no way back`);
  }

  private apply(input: Input): unknown {
    const { inner } = this;
    switch (input.kind) {
      case 'console': {
        const channel = inner.consoles.find(({ name }) => name === input.console);
        if (!channel) throw new UserError(`there is no console '${input.console}'`, input.console);
        return channel.feed(input.bytes);
      }
      case 'register':
        return defined(inner.harts[input.hart], 'hart').writeRegister(input.name, input.value);
      case 'memory': {
        const cpu = defined(inner.harts[input.hart], 'hart');
        return writeSpace(inner, cpu, input.space, input.address, input.bytes);
      }
      case 'answer':
        return inner.calls?.answer(input.answer);
      case 'override': {
        const { action, ...range } = input.rule;
        if (action === undefined) return inner.calls?.withdraw(range);
        return inner.calls?.override({ ...range, action });
      }
      case 'dirtyLog':
        return inner.dirtyLog?.(input.action);
      case 'only':
        this.only = input.hart;
    }
    return undefined;
  }

  // As its owner sees it.

  get isa(): Machine['isa'] {
    return this.inner.isa;
  }
  get mode(): Machine['mode'] {
    return this.inner.mode;
  }
  get board(): string {
    return this.inner.board;
  }
  get harts(): Machine['harts'] {
    return this.inner.harts;
  }
  get memory(): Machine['memory'] {
    return this.inner.memory;
  }
  get consoles(): Machine['consoles'] {
    return this.inner.consoles;
  }
  get entry(): bigint {
    return this.inner.entry;
  }
  get instructions(): number {
    return this.inner.instructions;
  }
  get steps(): number {
    return this.inner.steps;
  }
  get replaying(): boolean {
    return this.isPast;
  }
  get virtualMilliseconds(): number {
    return this.inner.virtualMilliseconds ?? 0;
  }
  get timeUse(): NonNullable<Machine['timeUse']> {
    return this.inner.timeUse ?? { looks: 0, skippedMilliseconds: 0 };
  }
  get engineCounters(): Machine['engineCounters'] {
    return this.inner.engineCounters;
  }
  get snapshots(): Machine['snapshots'] {
    const { snapshots } = this.inner;
    if (!snapshots) return undefined;
    const { identity } = snapshots;
    const check = (snapshot: MachineSnapshot) => snapshots.check(snapshot);
    const restore = (snapshot: MachineSnapshot) => this.restore(snapshots, snapshot);
    const complete = (snapshot: MachineSnapshot) => snapshots.complete(snapshot);
    return { identity, take: () => snapshots.take(), complete, check, restore };
  }
  get calls(): Machine['calls'] {
    return this.inner.calls;
  }
  get log(): Machine['log'] {
    return this.inner.log;
  }
  get exitCounts(): Machine['exitCounts'] {
    return this.inner.exitCounts;
  }
  get skipLimit(): number | undefined {
    return this.limit;
  }
  set skipLimit(value: number | undefined) {
    this.limit = this.inner.skipLimit = value;
  }
  get exitStops(): readonly ExitStop[] {
    return this.inner.exitStops;
  }
  set exitStops(value: readonly ExitStop[]) {
    this.inner.exitStops = value;
  }
  set beforeExitsGo(listener: (() => void) | undefined) {
    this.inner.beforeExitsGo = listener;
  }

  hartState(hart: number): 'running' | 'waiting' | 'stopped' {
    return this.inner.hartState(hart);
  }
  guestToHost(address: bigint): number | undefined {
    return this.inner.guestToHost(address);
  }
  backingName(address: number): string {
    return this.inner.backingName(address);
  }
  exitsAfter(...args: Parameters<Machine['exitsAfter']>): ReturnType<Machine['exitsAfter']> {
    return this.inner.exitsAfter(...args);
  }
  /** Absent in effect where the machine has none. */
  recordedDirtyLog(input: Input & { kind: 'dirtyLog' }): DirtyLogState | undefined {
    if (!this.inner.dirtyLog) return undefined;
    if (input.action === 'show') return this.inner.dirtyLog('show');
    return this.perform(input) as DirtyLogState;
  }
}

/** Undefined at a moment of which there is no snapshot: somebody outside is at work. */
function whereAllowed<T>(take: () => T): T | undefined {
  try {
    return take();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
