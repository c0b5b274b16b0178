/**
 * What the requests that go back do: they look through the recorded run for the place wanted, and
 * then go there. See `target.ts` for what each request means.
 */
import { Bug, defined } from '../../base/assert.ts';
import type { Cpu } from '../../isa/cpu.ts';
import type { DisassembledInstruction } from '../../isa/isa.ts';
import type { MachineStop } from '../../machine/machine.ts';
import { passAccess } from '../dataBreakpoints.ts';
import { runWatching } from '../registerWatch.ts';
import {
  breakpointStop,
  eventReason,
  stackPointerOf,
  type Plan,
  type PlanContext,
  type SliceResult,
} from '../planContext.ts';
import type { ResumeRequest, StopEvent } from '../target.ts';
import { readVirtual } from '../targetMemory.ts';
import type { Position } from './journal.ts';
import type { RecordedMachine } from './recordedMachine.ts';
import { atSteps, findLast, type Met, type Wanted } from './search.ts';
import { isSite, predecessor, siteAddresses, type CallSite, type HartMoment } from './stepsBack.ts';

type ReverseStep = ResumeRequest & { kind: 'reverseStep' };
export type ReverseRequest = ReverseStep | (ResumeRequest & { kind: 'reverseContinue' });

/** What the way back works on. */
export interface ReverseContext extends PlanContext {
  readonly machine: RecordedMachine;
  /** Brings the client's stops into the machine and takes them out. */
  readonly installStops: () => void;
  readonly clearStops: () => void;
}

/** Steps that are looked at one by one: first these, then these, then more and more. */
const firstWindow = 24;
const usualWindow = 2000;
const growth = 16;
/** So many moments are enough for one look, and four times as many are never held. */
const manyMoments = 20_000;
/** Turns of one step each between two looks at the surroundings. */
const turnsInARow = 2000;

export class ReversePlan implements Plan {
  readonly isUnpaced = true;
  private readonly context: ReverseContext;
  private readonly request: ReverseRequest;
  private origin: Position | undefined;
  private search: Generator<void, StopEvent> | undefined;
  /** What stands where, as far as it was asked for. */
  private readonly known = new Map<string, DisassembledInstruction | undefined>();

  constructor(context: ReverseContext, request: ReverseRequest) {
    this.context = context;
    this.request = request;
  }

  /** A part of the way. After a stop it may be called again and then goes on. */
  slice(): SliceResult {
    const { machine, installStops } = this.context;
    this.search ??= this.begin();
    const { search } = this;
    this.search = undefined;
    machine.searching = true;
    try {
      const { done, value } = search.next();
      if (done) {
        installStops();
        return { kind: 'stop', stop: value };
      }
    } finally {
      machine.searching = false;
    }
    this.search = search;
    return { kind: 'more' };
  }

  /** Somebody has had enough: back to where it began. */
  giveUp(): void {
    const { search, origin } = this;
    if (!search || !origin) return;
    const { machine, clearStops, installStops } = this.context;
    this.search = undefined;
    machine.searching = true;
    clearStops();
    for (const way = machine.goTo(origin); !way.next().done;);
    machine.searching = false;
    installStops();
  }

  private begin(): Generator<void, StopEvent> {
    this.origin = this.context.machine.position;
    this.context.clearStops();
    const { request } = this;
    return request.kind === 'reverseStep' ? this.step(request) : this.toLastStop();
  }

  private *toLastStop(): Generator<void, StopEvent> {
    const { machine } = this.context;
    const found = yield* findLast(machine, machine.position, this.usersStops());
    yield* machine.goTo(found?.at ?? machine.start);
    return found?.what ?? { hart: 0, reason: { kind: 'historyStart' } };
  }

  private *step(request: ReverseStep): Generator<void, StopEvent> {
    const { machine } = this.context;
    const place = yield* this.placeOf(request);
    yield* machine.goTo(place ?? machine.start);
    return { hart: request.hart, reason: { kind: place ? 'step' : 'historyStart' } };
  }

  /** Where the step goes to; undefined: history begins before that. */
  private *placeOf({ hart, over, within }: ReverseStep): Generator<void, Position | undefined> {
    const { machine } = this.context;
    const isWithin = (pc: bigint) => within?.some(({ start, end }) => pc >= start && pc < end);
    let from = machine.position;
    for (let window = firstWindow; ;) {
      const first = Math.max(machine.start.steps, from.steps - window);
      const { moments, isCut } = yield* this.trace(hart, first, from);
      const isAll = first === machine.start.steps && !isCut;
      let index = moments.length - 1;
      for (;;) {
        const before = predecessor(moments, index, over);
        // Who was in the first moment may have been in it for longer.
        if (
          before.kind === 'unknown' ||
          (before.kind === 'moment' && before.index === 0 && !isAll)
        ) {
          break;
        }
        let met: Met<bigint>;
        let isCaller = false;
        if (before.kind === 'moment') {
          const { at, pc, instruction } = defined(moments[before.index], 'moment');
          const now = defined(moments[index], 'moment').pc;
          isCaller = instruction?.flow === 'call' && before.index === index - 1;
          isCaller &&= now !== pc + BigInt(instruction?.size ?? 0);
          met = { at, what: pc };
        } else {
          const site = yield* this.findSite(hart, before.last.at, before.site);
          met = site ?? { at: before.last.at, what: before.last.pc };
        }
        if (!within) return met.at;
        if (isCaller || !isWithin(met.what)) return from;
        from = met.at;
        if (before.kind !== 'moment') break;
        index = before.index;
      }
      if (isAll) return within ? from : undefined;
      if (isCut || window < usualWindow) window = usualWindow;
      else if (moments.length < manyMoments) window *= growth;
    }
  }

  /** What the hart's state was from a count of steps on until a place; of very many the last. */
  private *trace(
    hart: number,
    first: number,
    to: Position,
  ): Generator<void, { readonly moments: readonly HartMoment[]; readonly isCut: boolean }> {
    const { machine } = this.context;
    yield* machine.goTo(atSteps(first));
    const moments = [this.moment(hart)];
    let isCut = false;
    for (let turn = 1; machine.steps < to.steps; turn++) {
      checkRuns(machine.run(1));
      const last = defined(moments.at(-1), 'moment');
      const { pc, instructions } = this.cpu(hart);
      if (pc !== last.pc || instructions !== last.instructions) moments.push(this.moment(hart));
      if (moments.length >= 4 * manyMoments) {
        moments.splice(0, moments.length - manyMoments);
        isCut = true;
      }
      if (turn % turnsInARow === 0) yield;
    }
    return { moments, isCut };
  }

  private moment(hart: number): HartMoment {
    const cpu = this.cpu(hart);
    const { position: at } = this.context.machine;
    return { at, instructions: cpu.instructions, ...this.stateOf(cpu) };
  }

  private stateOf(cpu: Cpu) {
    const { pc, modeName: mode } = cpu;
    const stackPointer = stackPointerOf(this.context, cpu);
    return { pc, mode, stackPointer, instruction: this.instructionAt(cpu) };
  }

  private instructionAt(cpu: Cpu): DisassembledInstruction | undefined {
    const { pc, modeName } = cpu;
    const key = `${modeName} ${pc}`;
    if (this.known.has(key)) return this.known.get(key);
    const { machine } = this.context;
    const bytes = readVirtual(machine, cpu, pc, 8, 'fetch');
    const instruction = bytes.length === 0 ? undefined : machine.isa.disassemble(bytes, pc);
    this.known.set(key, instruction);
    return instruction;
  }

  /** The call or trap that came back, and its pc. */
  private findSite(hart: number, before: Position, site: CallSite) {
    const { machine } = this.context;
    return findLast<bigint>(machine, before, {
      install: () => this.cpu(hart).setBreakpoints(siteAddresses(site)),
      clear: () => this.cpu(hart).setBreakpoints([]),
      go: (budget) => {
        const stop = checkRuns(machine.run(budget));
        const at = machine.position;
        if (stop.kind !== 'breakpoint') return undefined;
        const cpu = this.cpu(hart);
        cpu.skipBreakpointOnce();
        return isSite(this.stateOf(cpu), site) ? { at, what: cpu.pc } : undefined;
      },
    });
  }

  private usersStops(): Wanted<StopEvent> {
    const { context } = this;
    const { machine, data } = context;
    return {
      install: context.installStops,
      clear: context.clearStops,
      go: (budget) => {
        const { registers } = data;
        const before = machine.position;
        // By single instructions, so that it is known which one changed a register.
        const stop =
          registers.length > 0 ? runWatching(machine, registers, 1, undefined) : undefined;
        if (stop?.kind === 'changed') return { at: before, what: asBefore(stop.stop) };
        const other = checkRuns(stop ?? machine.run(budget));
        const at = machine.position;
        const what = this.seen(other);
        return what && { at, what };
      },
    };
  }

  private seen(stop: MachineStop): StopEvent | undefined {
    const { machine, data } = this.context;
    if (stop.kind === 'event') return { hart: stop.hart, reason: eventReason(stop) };
    if (stop.kind !== 'breakpoint') return undefined;
    const cpu = this.cpu(stop.hart);
    if (!cpu.watchHit) {
      cpu.skipBreakpointOnce();
      return breakpointStop(this.context, stop.hart);
    }
    const passed = passAccess(machine, stop.hart, cpu.watchHit, data);
    return passed.kind === 'stop' ? asBefore(passed.stop) : undefined;
  }

  private cpu(hart: number): Cpu {
    return defined(this.context.machine.harts[hart], `hart ${hart}`);
  }
}

/** Going back one stands before what was done. */
function asBefore(stop: StopEvent): StopEvent {
  const { reason } = stop;
  return reason.kind === 'data' ? { ...stop, reason: { ...reason, before: true } } : stop;
}

/** A recorded run went on wherever it goes on again. */
function checkRuns<S extends MachineStop>(stop: S): S {
  if (stop.kind === 'ended' || stop.kind === 'idle') throw new Bug(`replay: ${stop.kind}`);
  return stop;
}
