/** How a machine that is to keep to the wall clock does so. */
import type { Machine } from '../machine/machine.ts';
import { pacedTime, type Pace } from '../machine/waitedTime.ts';
import type { Pacing } from './runControl.ts';

/** Milliseconds of waiting that a paced machine skips in a row: no key is kept waiting for longer. */
const PACED_SKIP = 10;

export function pacingOf(machine: Machine, pace: Pace): Pacing | undefined {
  const virtualTime = pacedTime(machine, pace);
  if (!virtualTime) return undefined;
  machine.skipLimit = PACED_SKIP;
  return { virtualTime };
}
