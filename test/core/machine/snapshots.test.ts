/**
 * A machine that is put back to a snapshot is the machine that it was: all that its objects hold is
 * compared, right after and after the same instructions were run again.
 */
import assert from 'node:assert/strict';
import { eagerTranslation } from '../../engine.ts';
import { makeMachine, type Launch } from '../../firmware/machine.ts';
import type { LaunchConfig } from '../../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import { createMachine } from '../../../src/core/registry.ts';
import { busyBase, busyGuest } from './busyGuest.ts';
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

/** Likewise at each of so many stops that a debugger would show. */
function checkAtStops(machine: Machine, count: number, name: string, after: number): void {
  const { snapshots } = machine;
  assert.ok(snapshots);
  for (let found = 0, runs = 0; found < count; runs++) {
    assert.ok(runs < 1000, `${found} stops of ${name}`);
    const stop = machine.run(1_000_000);
    if (stop.kind !== 'event' || stop.name !== name) {
      continue;
    }
    found++;
    const snapshot = snapshots.take();
    const then = wholeState(machine);
    const waiting = machine.calls?.waiting;
    const first = goOn(machine, after);
    snapshots.restore(snapshot);
    assertSameState(wholeState(machine), then, `restored at stop ${found}`);
    assert.deepEqual(machine.calls?.waiting, waiting);
    const second = goOn(machine, after);
    assertSameState(second.state, first.state, `${after} instructions after stop ${found}`);
    assert.deepEqual([second.output, second.stops], [first.output, first.stops]);
    snapshots.restore(snapshot);
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
  'hello-asm, guest': { program: 'media/samples/hello-asm/hello-asm.elf', mode: 'guest' },
  'hello-dbcn, guest': { program: 'media/samples/hello-dbcn/hello-dbcn.elf', mode: 'guest' },
  'rv32, guest': { program: 'test/guests/rv32-supervisor.elf', mode: 'guest' },
};

const dbcn = 0x4442_434e;

const hexadecimal = (address: number): string => `0x${address.toString(16)}`;

function busyMachine(config: Partial<LaunchConfig>): Machine {
  const name = `busy.bin@${hexadecimal(busyBase)}`;
  return createMachine(
    {
      ...{ board: 'virt', mode: 'guest', isa: '', program: name, harts: 2, memory: 8 << 20 },
      ...{ loadFiles: [], calls: [], engine: 'interpreter', time: 'virtual' },
      ...config,
    },
    new Map([[name, busyGuest()]]),
    eagerTranslation,
  );
}

const worlds: Readonly<Record<string, Partial<LaunchConfig>>> = {
  'two harts': {},
  'two harts, without Sstc': { isa: 'rv64gch' },
  'two harts, AIA in the hypervisor': { aia: { controllers: 'aplic-imsic', guests: 0 } },
  'two harts, AIA with guest files': { aia: { controllers: 'aplic-imsic', guests: 2 } },
};

describe('core/machine/snapshots', function () {
  this.timeout(60_000);
  for (const [name, launch] of Object.entries(guests)) {
    for (const engine of ['interpreter', 'jit'] as const) {
      it(`${name}, ${engine}`, () => {
        const machine = makeMachine({ memory: 8 << 20, ...launch, engine });
        checkRestores(machine, [10, 490, 3000, 10_000], 1500);
      });
    }
  }

  for (const [name, config] of Object.entries(worlds)) {
    for (const engine of ['interpreter', 'jit'] as const) {
      it(`${name}, ${engine}`, () => {
        checkRestores(busyMachine({ ...config, engine }), [1, 99, 5000, 40_003], 7777);
      });
    }
  }

  it('at loads that are half done, and at calls that a person is to answer', () => {
    const program = 'media/samples/hello-dbcn/hello-dbcn.elf';
    const rule = { extension: [dbcn, dbcn], action: 'break' } as const;
    const machine = makeMachine({ memory: 8 << 20, mode: 'guest', program, calls: [rule] });
    checkAtStops(machine, 3, 'call', 3000);
    const other = busyMachine({});
    other.exitStops = [{ kind: 'guest-page-fault-load' }, { kind: 'guest-page-fault-store' }];
    for (const hart of other.harts) hart.setTrapStops?.(other.exitStops);
    checkAtStops(other, 3, 'guest-page-fault-store', 3000);
  });
});
