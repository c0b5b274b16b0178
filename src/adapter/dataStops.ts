/** What a stop at data says: which place, what was done to it, by whom. */
import type { StopReason } from '../core/debug/target.ts';
import type { Breakpoints } from './breakpoints.ts';
import { describeAccess } from './dataBreakpoints.ts';
import { hex, type Guest } from './guest.ts';

/** Undefined for other stops, and where nothing is known of what was there. */
export function describeDataStop(
  guest: Guest,
  breakpoints: Breakpoints,
  reason: StopReason,
): string | undefined {
  if (reason.kind !== 'data') return undefined;
  const { ids, access, changes, before: isNext = false } = reason;
  const change = changes.find(({ id }) => ids.includes(id)) ?? changes[0];
  const hit = breakpoints.touchedBy(access, ids).find(({ id }) => ids.includes(id));
  const place = hit?.resolved.data ?? { ...access, expression: hex(access.address) };
  return change && describeAccess(guest, place, access, change, isNext);
}
