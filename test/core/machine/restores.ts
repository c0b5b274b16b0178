/** Runs that are made twice, from a snapshot, and compared in all that the machine's objects hold. */
import assert from 'node:assert/strict';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { assertSameState, wholeState, type WholeState } from './wholeState.ts';

export interface Round {
  readonly state: WholeState;
  readonly output: string;
  readonly stops: readonly string[];
}

/** Runs on for so many instructions, past what a debugger would be shown. */
export function goOn(machine: Machine, instructions: number): Round {
  const output: number[] = [];
  const stops: string[] = [];
  const unsubscribe = machine.consoles.map((console) =>
    console.output.on((bytes) => output.push(...bytes)),
  );
  const end = machine.instructions + instructions;
  while (machine.instructions < end) {
    const stop = machine.run(end - machine.instructions);
    stops.push(JSON.stringify(stop));
    if (stop.kind === 'ended' || stop.kind === 'idle') break;
  }
  for (const each of unsubscribe) each();
  return { state: wholeState(machine), output: String.fromCharCode(...output), stops };
}

/** Snapshots after each of `before`, each restored from `after` instructions later. */
export function checkRestores(machine: Machine, before: readonly number[], after: number): void {
  const { snapshots } = machine;
  assert.ok(snapshots);
  for (const count of before) {
    goOn(machine, count);
    const snapshot = snapshots.take();
    const then = wholeState(machine);
    const first = goOn(machine, after);
    snapshots.restore(snapshot);
    assertSameState(wholeState(machine), then, `restored at ${machine.instructions}`);
    const second = goOn(machine, after);
    assertSameState(second.state, first.state, `${after} instructions after`);
    assert.deepEqual([second.output, second.stops], [first.output, first.stops]);
  }
}
