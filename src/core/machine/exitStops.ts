/**
 * Which departures from a guest stop it for the debugger. Kinds are those of `ExitRecord`, two that
 * are no exits of their own: a call that nobody answers, and an end that is a failure; and kinds of
 * traps, which the harts themselves look for.
 */
import type { EndEvent, ExitStop } from '../debug/target.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { MachineStop } from './machine.ts';

/** A call to the hypervisor that neither it nor a handler answers. */
export const unansweredCall = 'unanswered-call';
/** Traps, by what the instruction set calls them. */
export const trapKinds = [
  ...['guest-page-fault-fetch', 'guest-page-fault-load', 'guest-page-fault-store', 'page-fault'],
  ...[
    'access-fault',
    'illegal-instruction',
    'virtual-instruction',
    'misaligned',
    'ebreak',
    'ecall',
  ],
  ...['interrupt', 'trap-entry', 'trap-return'],
] as const;

/** The guest ends itself with a failure; bare machines have this one only. */
export const failedEnd = 'crash';

/** The stop that a trap of a hart's makes, if it was one to stop at. */
export function trapStop(hart: Cpu | undefined, index: number): MachineStop | undefined {
  const hit = hart?.takeTrapHit?.();
  if (!hit) return undefined;
  const { kind: name, text, details } = hit;
  return { kind: 'event', hart: index, name, text, details };
}

/** The stop that an exit makes; `text` is only asked for when it matters. */
export function exitStop(
  stops: readonly ExitStop[],
  hart: number,
  name: string,
  text: () => string,
): (MachineStop & { kind: 'event' }) | undefined {
  const wanted = stops.filter(({ kind }) => kind === name);
  if (wanted.length === 0) return undefined;
  const whole = text();
  const folded = whole.toLowerCase();
  const matches = wanted.some((stop) => folded.includes((stop.text ?? '').toLowerCase()));
  return matches ? { kind: 'event', hart, name, text: whole } : undefined;
}

export function unansweredStop(stops: readonly ExitStop[], hart: number, call: () => string) {
  return exitStop(stops, hart, unansweredCall, () => `${call()} has nobody to answer it`);
}

/** Before a failed machine is gone its owner may look at it. */
export function failureStop(stops: readonly ExitStop[], hart: number, end: EndEvent) {
  if (end.reason !== 'crash' && end.reason !== 'failure') return undefined;
  return exitStop(stops, hart, failedEnd, () => end.text);
}
