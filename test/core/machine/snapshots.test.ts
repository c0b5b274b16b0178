/**
 * A machine that is put back to a snapshot is the machine that it was: all that its objects hold is
 * compared, right after and after the same instructions were run again.
 */
import assert from 'node:assert/strict';
import { makeMachine, type Launch } from '../../firmware/machine.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { assertSameState, wholeState, type WholeState } from './wholeState.ts';

interface Round {
  readonly state: WholeState;
  readonly output: string;
  readonly stops: readonly string[];
}

/** Runs on for so many instructions, past what a debugger would be shown. */
function goOn(machine: Machine, instructions: number): Round {
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
function checkRestores(machine: Machine, before: readonly number[], after: number): void {
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

const guests: Readonly<Record<string, Launch>> = {
  traps: { program: 'test/guests/traps.elf', mode: 'machine' },
  sv39: { program: 'test/guests/sv39.elf', mode: 'machine' },
  twostage: { program: 'test/guests/twostage.elf', mode: 'machine' },
  delegation: { program: 'test/guests/delegation.elf', mode: 'machine' },
  virtual: { program: 'test/guests/virtual.elf', mode: 'machine' },
  'aia, machine': {
    program: 'test/guests/aia.elf',
    mode: 'machine',
    aia: { controllers: 'aplic-imsic', guests: 1 },
  },
};

describe('core/machine/snapshots', function () {
  this.timeout(60_000);
  for (const [name, launch] of Object.entries(guests)) {
    for (const engine of ['interpreter', 'jit'] as const) {
      it(`${name}, ${engine}`, () => {
        const machine = makeMachine({ memory: 4 << 20, ...launch, engine });
        checkRestores(machine, [10, 490, 3000, 10_000], 1500);
      });
    }
  }
});
