/**
 * How each kind of resuming runs a machine, one slice at a time: a plan says after every slice
 * whether to go on, to wait for the outside, or that the machine has stopped or ended. Plans know
 * the instruction set only through `Isa` and register roles; they know nothing of time, of events
 * to listeners or of the host. See `target.ts` for what each request means.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { DisassembledInstruction, Isa } from '../isa/isa.ts';
import {
  MORE,
  breakpointStop,
  cpuOf,
  endsStep,
  instructionAt,
  letTheWorldGoOn,
  resultOf,
  runIn,
  stackPointerOf,
  stepStop,
  type Plan,
  type PlanContext,
  type SliceResult,
} from './planContext.ts';
import { StepWorld, type StepFrame } from './stepFrame.ts';
import type { ResumeRequest } from './target.ts';
import { TrapDetour, type TrapTaken } from './trapDetour.ts';

/**
 * Instructions of one hart stepped in a row before the others get as many: a line that spins on
 * a lock is only left when the lock's holder runs too.
 */
const STEPS_IN_A_ROW = 2000;

/** What a request asks for by itself; what `proceed` goes on with is the target's to know. */
export type PlanRequest = Exclude<
  ResumeRequest,
  { kind: 'proceed' | 'reverseStep' | 'reverseContinue' }
>;

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
        stackBelow: request.stackBelow,
        mode: request.mode,
        alone: request.alone,
      });
  }
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
  readonly stackBelow?: bigint | undefined;
  /** What must go on there. */
  readonly frame?: StepFrame | undefined;
  /** The mode the hart must be in, for returns from a trap. */
  readonly mode?: string | undefined;
  /** No other hart runs meanwhile. */
  readonly alone?: boolean | undefined;
}

/** All harts run until one of them is at its destination; other harts pass through it. */
class RunToPlan implements Plan {
  private readonly context: PlanContext;
  private readonly destination: Destination;
  /** In which the addresses are. */
  private readonly start: StepWorld;

  constructor(context: PlanContext, destination: Destination, start?: StepWorld) {
    this.context = context;
    this.destination = destination;
    this.start = start ?? new StepWorld(context, cpuOf(context, destination.hart));
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
    const { hart, addresses, frame, stackAtLeast, stackBelow, mode } = this.destination;
    if (cpu.id !== cpuOf(this.context, hart).id || !addresses.includes(cpu.pc)) return false;
    if (mode !== undefined && cpu.modeName !== mode) return false;
    if (frame) return frame.isThatOf(cpu);
    // Other processes have code at the same address.
    if ((mode ?? this.start.mode) === this.start.mode && !this.start.isThatOf(cpu)) return false;
    const stackPointer = stackPointerOf(this.context, cpu);
    if (stackBelow !== undefined && stackPointer >= stackBelow) return false;
    return stackAtLeast === undefined || stackPointer >= stackAtLeast;
  }
}

/** Steps instruction by instruction inside a range and runs through what it must not show. */
class StepRangePlan implements Plan {
  private readonly context: PlanContext;
  private readonly request: ResumeRequest & { kind: 'stepRange' };
  /** The call or trap that is being run through. */
  private detour: RunToPlan | TrapDetour | undefined;
  private world: StepWorld | undefined;
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

  private continueDetour(detour: RunToPlan | TrapDetour, budget: number): SliceResult {
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
    const frame = this.worldOf(cpu).frame(stackPointerOf(this.context, cpu));
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
      cpu.modeName !== frame.world.mode && instruction?.flow !== 'trapReturn'
        ? true
        : leftUnexpectedly(instruction, next, cpu, instructions);
    if (wasTrap) {
      const kind = trapKind(machine.isa, cpu, instruction);
      // An ecall is an instruction like a call: stepping in means to see its handler. An interrupt
      // or a fault in the middle of a line is nothing that the line says.
      if (over || kind !== 'call') {
        return this.runThrough(
          new TrapDetour(this.context, { hart, kind, pc, next, frame, alone }),
        );
      }
    }
    if (over && instruction?.flow === 'call' && cpu.pc !== next) {
      // What links elsewhere than functions do may move the stack pointer: it saves registers for
      // the function that calls it.
      const own = links(machine.isa, cpu, next) ? { frame } : {};
      const destination = { hart, addresses: [next], ...own, alone };
      return this.runThrough(new RunToPlan(this.context, destination, frame.world));
    }
    // Recursion comes back to the same addresses in another frame, so both of these end the step.
    const changedFrame = instruction?.flow === 'return' || instruction?.flow === 'call';
    if ((changedFrame && cpu.pc !== next) || !this.inRange()) return this.done();
    return this.stopAtBreakpointInside();
  }

  private worldOf(cpu: Cpu): StepWorld {
    if (this.world?.mode !== cpu.modeName) this.world = new StepWorld(this.context, cpu);
    return this.world;
  }

  private runThrough(detour: RunToPlan | TrapDetour): SliceResult {
    this.detour = detour;
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

function trapKind(
  { traps = [] }: Isa,
  cpu: Cpu,
  instruction: DisassembledInstruction | undefined,
): TrapTaken['kind'] {
  const registers = traps.find(({ mode }) => mode === cpu.modeName);
  const cause = registers && cpu.readRegister(registers.cause);
  if (cause !== undefined && registers?.isInterrupt(cause)) return 'interrupt';
  return instruction?.flow === 'trap' ? 'call' : 'fault';
}

/** Whether a call has left its return address where functions expect it. */
function links({ registers }: Isa, cpu: Cpu, next: bigint): boolean {
  const link = registers.find(({ role }) => role === 'returnAddress');
  return link === undefined || cpu.readRegister(link.name) === next;
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
