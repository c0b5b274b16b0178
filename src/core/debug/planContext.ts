/**
 * What plans of `stepping.ts` are made of: their results, the machine they run, and what a stop of
 * the machine means to a debugger. Nothing here decides where a request ends.
 */
import { defined } from '../base/assert.ts';
import { watchedReturn, type Cpu } from '../isa/cpu.ts';
import type { DisassembledInstruction } from '../isa/isa.ts';
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { BreakpointSet } from './breakpoints.ts';
import { passAccess, stopBefore, type DataBreakpointSet } from './dataBreakpoints.ts';
import { runWatching, type WatchedStop } from './registerWatch.ts';
import type { EndEvent, StopEvent, StopReason } from './target.ts';
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
  /** It looks for something in the past: no wall clock is to be waited for. */
  readonly isUnpaced?: boolean;
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

export const MORE: SliceResult = { kind: 'more' };

/** The stop that a hart at a breakpoint of the client's makes, undefined when it has none at pc. */
export function breakpointStop(context: PlanContext, hart: number): StopEvent | undefined {
  const ids = context.breakpoints.idsAt(cpuOf(context, hart).pc);
  return ids.length === 0 ? undefined : { hart, reason: { kind: 'breakpoint', ids } };
}

/** The end of a step, which is a breakpoint's stop when it landed on one. */
export function stepStop(context: PlanContext, hart: number): StopEvent {
  const ids = context.breakpoints.idsAt(cpuOf(context, hart).pc);
  if (ids.length === 0) return { hart, reason: { kind: 'step' } };
  return { hart, reason: { kind: 'breakpoint', ids, stepEnded: true } };
}

/** Whether nothing is left to do of the step that stopped here. */
export function endsStep({ reason }: StopEvent): boolean {
  return reason.kind === 'step' || (reason.kind === 'breakpoint' && reason.stepEnded === true);
}

/** Runs every hart but one, and time when there is no other, so that what a hart waits for happens. */
export function letTheWorldGoOn(
  context: PlanContext,
  hart: number,
  budget: number,
  alone = false,
): SliceResult {
  const { machine } = context;
  if (machine.hartState(hart) !== 'running') {
    // In a recorded run nobody but the record says who runs, and the hart may be next.
    const turn = machine.replaying ? 1 : budget;
    return resultOf(context, runIn(context, turn, alone ? hart : undefined));
  }
  if (alone || machine.replaying) return MORE;
  for (let other = 0; other < machine.harts.length; other++) {
    if (other === hart || machine.hartState(other) !== 'running') continue;
    const result = resultOf(context, runIn(context, budget, other));
    if (result.kind === 'stop' || result.kind === 'end') return result;
  }
  return MORE;
}

/** Registers that are watched are looked at on the way. */
export function runIn(context: PlanContext, budget: number, only?: number): WatchedStop {
  const { machine, data } = context;
  return runWatching(machine, data.registers, budget, only, data.held);
}

export function resultOf(context: PlanContext, stop: WatchedStop): SliceResult {
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
      // Somebody watched returns who does not run any more.
      if (stop.name === watchedReturn) return MORE;
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

export function eventReason({ name, text, details }: MachineStop & { kind: 'event' }): StopReason {
  return { kind: 'event', name, text, ...(details && { details }) };
}

export function instructionAt(machine: Machine, cpu: Cpu): DisassembledInstruction | undefined {
  const bytes = readVirtual(machine, cpu, cpu.pc, 8, 'fetch');
  return bytes.length === 0 ? undefined : machine.isa.disassemble(bytes, cpu.pc);
}

export function stackPointerOf(context: PlanContext, cpu: Cpu): bigint {
  return defined(cpu.readRegister(context.stackPointer), 'stack pointer');
}

export function cpuOf(context: PlanContext, hart: number): Cpu {
  return defined(context.machine.harts[hart], `hart ${hart}`);
}
