/**
 * Runs through a trap that came in the way of a step, until the frame that the step is in goes on.
 * Handlers need not come back to where the trap was taken: one that mends a fault goes on at its
 * fix-up, a timer's goes on with another task, one that raises a signal goes on in the signal's
 * handler. So besides the places where a handler that minds its own business comes back, every
 * return to the frame's mode is looked at:
 *
 * - in the frame, wherever that is: the detour ends;
 * - from a fault to further out on what looks like the same stack: the frame is gone, or its task,
 *   and the step ends with a stop that says so;
 * - anywhere else another task has its turn, or the frame has been put aside: it is waited for, and
 *   what does not come back in a long time of the guest's ends the step likewise.
 */
import { watchedReturn, type Cpu } from '../isa/cpu.ts';
import {
  MORE,
  breakpointStop,
  cpuOf,
  resultOf,
  runIn,
  stepStop,
  type Plan,
  type PlanContext,
  type SliceResult,
} from './planContext.ts';
import type { StepFrame } from './stepFrame.ts';

/** Milliseconds of the guest's time: what nobody asked for should be over soon, a call may wait. */
const patience = { fault: 2000, interrupt: 2000, call: 10_000 } as const;

export interface TrapTaken {
  readonly hart: number;
  readonly kind: 'call' | 'fault' | 'interrupt';
  /** Of the instruction at which it was taken, and of the one behind. */
  readonly pc: bigint;
  readonly next: bigint;
  /** As it was before. */
  readonly frame: StepFrame;
  /** No other hart runs meanwhile. */
  readonly alone: boolean | undefined;
}

export class TrapDetour implements Plan {
  private readonly context: PlanContext;
  private readonly trap: TrapTaken;
  private readonly began: number;
  /** Of the handler; its returns to the frame's mode are those that count. */
  private handlerMode: string;
  /** Where a return led that was not to the frame. */
  private elsewhere: bigint | undefined;

  constructor(context: PlanContext, trap: TrapTaken) {
    this.context = context;
    this.trap = trap;
    this.began = this.time;
    this.handlerMode = cpuOf(context, trap.hart).modeName;
  }

  slice(budget: number): SliceResult {
    const { context, trap } = this;
    this.prepare();
    const stop = runIn(context, budget, trap.alone ? trap.hart : undefined);
    if (stop.kind === 'event' && stop.name === watchedReturn) return this.returned(stop.text);
    if (stop.kind === 'breakpoint' && !cpuOf(context, stop.hart).watchHit) {
      return this.reached(stop.hart);
    }
    const result = resultOf(context, stop);
    return result.kind === 'more' ? this.goOn() : result;
  }

  private prepare(): void {
    const { breakpoints, machine } = this.context;
    if (breakpoints.hasTemporary) return;
    const { hart, pc, next, frame } = this.trap;
    breakpoints.setTemporary([pc, next], { hart, mode: frame.world.mode });
    breakpoints.apply(machine.harts);
  }

  private reached(hart: number): SliceResult {
    const cpu = cpuOf(this.context, hart);
    const { pc, next, frame } = this.trap;
    const isHome = hart === this.trap.hart && (cpu.pc === pc || cpu.pc === next);
    if (isHome && frame.isThatOf(cpu)) return this.arrived();
    const users = breakpointStop(this.context, hart);
    if (users) return { kind: 'stop', stop: users };
    cpu.skipBreakpointOnce();
    return MORE;
  }

  /** The hart has just come from `mode` to that of the frame. */
  private returned(mode: string): SliceResult {
    const { frame, hart, kind } = this.trap;
    // Traps of the handler itself come back to it.
    if (this.handlerMode === frame.world.mode && mode !== frame.world.mode) return MORE;
    const cpu = cpuOf(this.context, hart);
    if (this.isHandlerOf(frame.world.mode, cpu)) {
      // A higher privilege has handed the trap down to the frame's own.
      this.handlerMode = frame.world.mode;
      return MORE;
    }
    if (frame.isThatOf(cpu)) return this.arrived();
    const isFirst = this.elsewhere === undefined && this.handlerMode !== frame.world.mode;
    if (isFirst && kind === 'fault' && frame.isInside(cpu)) {
      return this.left(`went on at ${hex(cpu.pc)}, further out on the stack`);
    }
    this.elsewhere ??= cpu.pc;
    return this.goOn();
  }

  private isHandlerOf(mode: string, cpu: Cpu): boolean {
    const { traps = [] } = this.context.machine.isa;
    const registers = traps.find((candidate) => candidate.mode === mode);
    const vector = registers && cpu.readRegister(registers.vector);
    return vector !== undefined && cpu.pc === (vector & ~registers!.vectorFlags);
  }

  private arrived(): SliceResult {
    const { breakpoints, machine } = this.context;
    breakpoints.setTemporary([]);
    breakpoints.apply(machine.harts);
    return { kind: 'stop', stop: stepStop(this.context, this.trap.hart) };
  }

  private goOn(): SliceResult {
    const { kind } = this.trap;
    if (this.time - this.began < patience[kind]) return MORE;
    const way =
      this.elsewhere === undefined
        ? `in ${this.handlerMode} has not come back`
        : `went on at ${hex(this.elsewhere)} and nobody has come back`;
    return this.left(`${way} within ${patience[kind] / 1000} s of the guest's time`);
  }

  /** The step ends where nobody has asked for; `way` says what the handler did. */
  private left(way: string): SliceResult {
    const { hart, kind, pc } = this.trap;
    const text = `the step was left by the ${kind} at ${hex(pc)}: its handler ${way}`;
    return { kind: 'stop', stop: { hart, reason: { kind: 'event', name: 'step', text } } };
  }

  private get time(): number {
    return this.context.machine.virtualMilliseconds ?? 0;
  }
}

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}
