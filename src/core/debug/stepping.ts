/**
 * How each kind of resuming runs a machine, one slice at a time: a plan says after every slice
 * whether to go on, to wait for the outside, or that the machine has stopped or ended. Plans know
 * the instruction set only through `Isa` and register roles; they know nothing of time, of events
 * to listeners or of the host. See `target.ts` for what each request means.
 */
import { defined } from '../base/assert.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { DisassembledInstruction } from '../isa/isa.ts';
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { BreakpointSet } from './breakpoints.ts';
import { runWatching, type WatchedStop } from './registerWatch.ts';
import { passAccess, stopBefore, type DataBreakpointSet } from './dataBreakpoints.ts';
import type { EndEvent, ResumeRequest, StopEvent, StopReason } from './target.ts';
import { readVirtual } from './targetMemory.ts';

/** What a slice came to. */
export type SliceResult =
  | { readonly kind: 'more' }
  /** Only input from outside can go on. */
  | { readonly kind: 'idle' }
  /** No time passes until then. */
  | { readonly kind: 'pending'; readonly until: Promise<void> }
  | { readonly kind: 'stop'; readonly stop: StopEvent }
  | { readonly kind: 'end'; readonly end: EndEvent };

export interface Plan {
  /** Runs about `budget` instructions. After a stop it may be called again and then goes on. */
  slice(budget: number): SliceResult;
}

/** What plans work on. */
export interface PlanContext {
  readonly machine: Machine;
  readonly breakpoints: BreakpointSet;
  readonly data: DataBreakpointSet;
  /** Name of the stack pointer. */
  readonly stackPointer: string;
}

const MORE: SliceResult = { kind: 'more' };

/**
 * Instructions of one hart stepped in a row before the others get as many: a line that spins on
 * a lock is only left when the lock's holder runs too.
 */
const STEPS_IN_A_ROW = 2000;

/** What a request asks for by itself; what `proceed` goes on with is the target's to know. */
export type PlanRequest = Exclude<ResumeRequest, { kind: 'proceed' }>;

export function planFor(request: PlanRequest, context: PlanContext): Plan {
  switch (request.kind) {
    case 'continue':
      return new ContinuePlan(context, request.only);
    case 'stepInstruction':
      return new StepInstructionPlan(context, request);
    case 'stepRange':
      return new StepRangePlan(context, request);
    case 'runTo':
      return new RunToPlan(context, {
        hart: request.hart,
        addresses: [request.address],
        stackAtLeast: request.stackAtLeast,
        mode: request.mode,
        alone: request.alone,
      });
  }
}

/** The stop that a hart at a breakpoint of the client's makes, undefined when it has none at pc. */
export function breakpointStop(context: PlanContext, hart: number): StopEvent | undefined {
  const ids = context.breakpoints.idsAt(cpuOf(context, hart).pc);
  return ids.length === 0 ? undefined : { hart, reason: { kind: 'breakpoint', ids } };
}

class ContinuePlan implements Plan {
  private readonly context: PlanContext;
  private readonly only: number | undefined;

  constructor(context: PlanContext, only: number | undefined) {
    this.context = context;
    this.only = only;
  }

  slice(budget: number): SliceResult {
    return resultOf(this.context, runIn(this.context, budget, this.only));
  }
}

class StepInstructionPlan implements Plan {
  private readonly context: PlanContext;
  private readonly hart: number;
  private readonly cpu: Cpu;
  private readonly alone: boolean;
  private readonly start: { readonly pc: bigint; readonly instructions: number };

  constructor(
    context: PlanContext,
    { hart, alone = false }: ResumeRequest & { kind: 'stepInstruction' },
  ) {
    this.context = context;
    this.hart = hart;
    this.alone = alone;
    this.cpu = cpuOf(context, hart);
    this.start = { pc: this.cpu.pc, instructions: this.cpu.instructions };
  }

  slice(): SliceResult {
    // Another hart's stop came first, and meanwhile this one has moved.
    if (this.moved) return { kind: 'stop', stop: stepStop(this.context, this.hart) };
    this.cpu.skipBreakpointOnce();
    const stepped = resultOf(this.context, runIn(this.context, 1, this.hart));
    if (stepped.kind === 'stop' || stepped.kind === 'end') return stepped;
    if (this.moved) return { kind: 'stop', stop: stepStop(this.context, this.hart) };
    // A hart that waits has not stepped: something must wake it first.
    const waited = letTheWorldGoOn(this.context, this.hart, 1, this.alone);
    if (waited.kind === 'stop' || waited.kind === 'end' || !this.moved) return waited;
    return { kind: 'stop', stop: stepStop(this.context, this.hart) };
  }

  private get moved(): boolean {
    return this.cpu.pc !== this.start.pc || this.cpu.instructions !== this.start.instructions;
  }
}

interface Destination {
  readonly hart: number;
  readonly addresses: readonly bigint[];
  readonly stackAtLeast?: bigint | undefined;
  /** The mode the hart must be in, for returns from a trap. */
  readonly mode?: string | undefined;
  /** No other hart runs meanwhile. */
  readonly alone?: boolean | undefined;
}

/** All harts run until one of them is at its destination; other harts pass through it. */
class RunToPlan implements Plan {
  private readonly context: PlanContext;
  private readonly destination: Destination;

  constructor(context: PlanContext, destination: Destination) {
    this.context = context;
    this.destination = destination;
  }

  slice(budget: number): SliceResult {
    const { breakpoints, machine } = this.context;
    if (!breakpoints.hasTemporary) {
      breakpoints.setTemporary(this.destination.addresses);
      breakpoints.apply(machine.harts);
    }
    const { alone, hart } = this.destination;
    const stop = runIn(this.context, budget, alone ? hart : undefined);
    if (stop.kind !== 'breakpoint') return resultOf(this.context, stop);
    const cpu = cpuOf(this.context, stop.hart);
    if (cpu.watchHit) return resultOf(this.context, stop);
    if (this.arrived(cpu)) {
      this.leave();
      return { kind: 'stop', stop: stepStop(this.context, stop.hart) };
    }
    const users = breakpointStop(this.context, stop.hart);
    if (users) return { kind: 'stop', stop: users };
    cpu.skipBreakpointOnce();
    return MORE;
  }

  /** Takes the temporary breakpoints out again. */
  leave(): void {
    this.context.breakpoints.setTemporary([]);
    this.context.breakpoints.apply(this.context.machine.harts);
  }

  private arrived(cpu: Cpu): boolean {
    const { hart, addresses, stackAtLeast, mode } = this.destination;
    if (cpu.id !== cpuOf(this.context, hart).id || !addresses.includes(cpu.pc)) return false;
    if (mode !== undefined && cpu.modeName !== mode) return false;
    return stackAtLeast === undefined || stackPointerOf(this.context, cpu) >= stackAtLeast;
  }
}

/** Steps instruction by instruction inside a range and runs through what it must not show. */
class StepRangePlan implements Plan {
  private readonly context: PlanContext;
  private readonly request: ResumeRequest & { kind: 'stepRange' };
  /** The call or trap that is being run through. */
  private detour: RunToPlan | undefined;
  /** Something stopped it on the way: where it stands now may be the end of the step. */
  private interrupted = false;

  constructor(context: PlanContext, request: ResumeRequest & { kind: 'stepRange' }) {
    this.context = context;
    this.request = request;
  }

  slice(budget: number): SliceResult {
    const result = this.advance(budget);
    this.interrupted = result.kind === 'stop';
    return result;
  }

  private advance(budget: number): SliceResult {
    if (this.detour) return this.continueDetour(this.detour, budget);
    const { hart } = this.request;
    if (this.interrupted && !this.inRange()) return this.done();
    for (let step = 0; step < Math.min(budget, STEPS_IN_A_ROW); step++) {
      const result = this.stepOnce();
      if (result.kind !== 'more' || this.detour) return result;
    }
    return letTheWorldGoOn(this.context, hart, STEPS_IN_A_ROW, this.request.alone);
  }

  private continueDetour(detour: RunToPlan, budget: number): SliceResult {
    const result = detour.slice(budget);
    if (result.kind !== 'stop' || !endsStep(result.stop)) return result;
    this.detour = undefined;
    // A breakpoint of the client's may stand exactly where the call returns to; then it counts.
    return this.inRange() ? this.stopAtBreakpointInside() : this.done();
  }

  private stepOnce(): SliceResult {
    const { machine } = this.context;
    const { hart, over, alone } = this.request;
    const cpu = cpuOf(this.context, hart);
    const pc = cpu.pc;
    const instructions = cpu.instructions;
    const mode = cpu.modeName;
    const stackPointer = stackPointerOf(this.context, cpu);
    const instruction = instructionAt(machine, cpu);
    cpu.skipBreakpointOnce();
    const result = resultOf(this.context, runIn(this.context, 1, hart));
    if (result.kind === 'stop' || result.kind === 'end') return result;
    const stands = () => cpu.pc === pc && cpu.instructions === instructions;
    if (stands()) {
      // It waits. What wakes it may move it too, into a trap's handler.
      const waited = letTheWorldGoOn(this.context, hart, 1, alone);
      if (waited.kind === 'stop' || waited.kind === 'end' || stands()) return waited;
    }
    const next = pc + BigInt(instruction?.size ?? 0);
    const wasTrap =
      cpu.modeName !== mode && instruction?.flow !== 'trapReturn'
        ? true
        : leftUnexpectedly(instruction, next, cpu, instructions);
    // An ecall is an instruction like a call: stepping in means to see its handler. An interrupt or
    // a fault in the middle of a line is nothing that the line says.
    if (wasTrap && (over || instruction?.flow !== 'trap')) {
      return this.runThrough({
        hart,
        addresses: [pc, next],
        mode,
        stackAtLeast: stackPointer,
        alone,
      });
    }
    if (over && instruction?.flow === 'call' && cpu.pc !== next) {
      return this.runThrough({ hart, addresses: [next], stackAtLeast: stackPointer, alone });
    }
    // Recursion comes back to the same addresses in another frame, so both of these end the step.
    const changedFrame = instruction?.flow === 'return' || instruction?.flow === 'call';
    if ((changedFrame && cpu.pc !== next) || !this.inRange()) return this.done();
    return this.stopAtBreakpointInside();
  }

  private runThrough(destination: Destination): SliceResult {
    this.detour = new RunToPlan(this.context, destination);
    const atOnce = breakpointStop(this.context, this.request.hart);
    return atOnce ? { kind: 'stop', stop: atOnce } : MORE;
  }

  private inRange(): boolean {
    const { pc } = cpuOf(this.context, this.request.hart);
    return pc >= this.request.start && pc < this.request.end;
  }

  private stopAtBreakpointInside(): SliceResult {
    const stop = breakpointStop(this.context, this.request.hart);
    return stop ? { kind: 'stop', stop } : MORE;
  }

  private done(): SliceResult {
    return { kind: 'stop', stop: stepStop(this.context, this.request.hart) };
  }
}

/** The end of a step, which is a breakpoint's stop when it landed on one. */
function stepStop(context: PlanContext, hart: number): StopEvent {
  const ids = context.breakpoints.idsAt(cpuOf(context, hart).pc);
  if (ids.length === 0) return { hart, reason: { kind: 'step' } };
  return { hart, reason: { kind: 'breakpoint', ids, stepEnded: true } };
}

/** Whether nothing is left to do of the step that stopped here. */
export function endsStep({ reason }: StopEvent): boolean {
  return reason.kind === 'step' || (reason.kind === 'breakpoint' && reason.stepEnded === true);
}

/** Whether control went where the instruction itself cannot have sent it. */
function leftUnexpectedly(
  instruction: DisassembledInstruction | undefined,
  next: bigint,
  cpu: Cpu,
  instructionsBefore: number,
): boolean {
  // An instruction that traps does not retire.
  if (cpu.instructions === instructionsBefore) return cpu.pc !== next;
  if (!instruction) return true;
  const { flow, target } = instruction;
  if (flow === 'next') return cpu.pc !== next;
  if (flow === 'branch' || target !== undefined) return cpu.pc !== next && cpu.pc !== target;
  return false;
}

/** Runs every hart but one, and time when there is no other, so that what a hart waits for happens. */
function letTheWorldGoOn(
  context: PlanContext,
  hart: number,
  budget: number,
  alone = false,
): SliceResult {
  const { machine } = context;
  if (machine.hartState(hart) !== 'running') {
    return resultOf(context, runIn(context, budget, alone ? hart : undefined));
  }
  if (alone) return MORE;
  for (let other = 0; other < machine.harts.length; other++) {
    if (other === hart || machine.hartState(other) !== 'running') continue;
    const result = resultOf(context, runIn(context, budget, other));
    if (result.kind === 'stop' || result.kind === 'end') return result;
  }
  return MORE;
}

/** Registers that are watched are looked at on the way. */
function runIn(context: PlanContext, budget: number, only?: number): WatchedStop {
  return runWatching(context.machine, context.data.registers, budget, only);
}

function resultOf(context: PlanContext, stop: WatchedStop): SliceResult {
  switch (stop.kind) {
    case 'changed':
      return { kind: 'stop', stop: stop.stop };
    case 'budget':
      return MORE;
    case 'idle':
      return { kind: 'idle' };
    case 'pending':
      return stop;
    case 'ended':
      return { kind: 'end', end: stop.end };
    case 'event':
      return {
        kind: 'stop',
        stop: { hart: stop.hart, reason: eventReason(stop) },
      };
    case 'breakpoint': {
      const { watchHit } = cpuOf(context, stop.hart);
      if (watchHit) {
        const before = stopBefore(context.machine, stop.hart, watchHit, context.data);
        if (before) return { kind: 'stop', stop: before };
        const passed = passAccess(context.machine, stop.hart, watchHit, context.data);
        if (passed.kind === 'stop') return passed;
        return passed.stop.kind === 'breakpoint' ? MORE : resultOf(context, passed.stop);
      }
      const users = breakpointStop(context, stop.hart);
      if (users) return { kind: 'stop', stop: users };
      // A temporary breakpoint of another hart's way: pass through it.
      cpuOf(context, stop.hart).skipBreakpointOnce();
      return MORE;
    }
  }
}

function eventReason({ name, text, details }: MachineStop & { kind: 'event' }): StopReason {
  return { kind: 'event', name, text, ...(details && { details }) };
}

function instructionAt(machine: Machine, cpu: Cpu): DisassembledInstruction | undefined {
  const bytes = readVirtual(machine, cpu, cpu.pc, 8, 'fetch');
  return bytes.length === 0 ? undefined : machine.isa.disassemble(bytes, cpu.pc);
}

function stackPointerOf(context: PlanContext, cpu: Cpu): bigint {
  return defined(cpu.readRegister(context.stackPointer), 'stack pointer');
}

function cpuOf(context: PlanContext, hart: number): Cpu {
  return defined(context.machine.harts[hart], `hart ${hart}`);
}
