/**
 * Which departures from a guest stop it for the debugger. Kinds are those of `ExitRecord` and two
 * that are no exits of their own: a call that nobody answers, and an end that is a failure.
 */
import type { EndEvent, ExitStop } from '../debug/target.ts';
import type { MachineStop } from './machine.ts';

/** A call to the hypervisor that neither it nor a handler answers. */
export const unansweredCall = 'unanswered-call';
/** The guest ends itself with a failure; bare machines have this one only. */
export const failedEnd = 'crash';

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
