/**
 * A machine that is put back to a snapshot is the machine that it was: all that its objects hold is
 * compared, right after and after the same instructions were run again.
 */
import assert from 'node:assert/strict';
import { makeMachine, type Launch } from '../../firmware/machine.ts';
import type { LaunchConfig } from '../../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import type { Persist } from '../../../src/core/base/persist.ts';
import { UserError } from '../../../src/core/base/userError.ts';
import type { MachineSnapshots } from '../../../src/core/machine/machineSnapshots.ts';
import { singleEngine } from '../../engine.ts';
import { busyMachine } from './busyGuest.ts';
import { checkRestores, goOn } from './restores.ts';
import { assertSameState, wholeState } from './wholeState.ts';

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

const worlds: Readonly<Record<string, Partial<LaunchConfig>>> = {
  'two harts': {},
  'two harts, without Sstc': { isa: 'rv64gch' },
  'two harts, AIA in the hypervisor': { aia: { controllers: 'aplic-imsic', guests: 0 } },
  'two harts, AIA with guest files': { aia: { controllers: 'aplic-imsic', guests: 2 } },
};

function componentsOf(snapshots: MachineSnapshots | undefined) {
  const { parts } = snapshots as unknown as {
    parts: { components: Record<string, Persist<unknown>> };
  };
  return parts.components;
}

/** With something else than what is in the first place that is no list and no group. */
function spoilt(state: unknown): unknown {
  if (typeof state !== 'object' || state === null) return Symbol.iterator;
  if (ArrayBuffer.isView(state)) return [];
  const [name] = Object.keys(state);
  if (name === undefined) return 'spoilt';
  const whole = state as Readonly<Record<string, unknown>>;
  if (Array.isArray(state)) return [...state, spoilt(state[0])];
  return { ...whole, [name]: spoilt(whole[name]) };
}

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

  it('while pages that are written are logged, with large pages split', () => {
    const machine = busyMachine({});
    machine.dirtyLog?.('start');
    checkRestores(machine, [1, 5000], 20_000);
    const { snapshots } = machine;
    const snapshot = snapshots!.take();
    machine.dirtyLog?.('stop');
    goOn(machine, 5000);
    snapshots!.restore(snapshot);
    assert.equal(machine.dirtyLog?.('show').logging, true);
  });

  it('the guest does not notice that they are taken', () => {
    const makes: readonly (() => Machine)[] = [
      () => busyMachine({}),
      () => busyMachine({ engine: 'jit' }),
      () =>
        makeMachine({ memory: 8 << 20, ...guests['hello-dbcn, guest']!, engine: 'interpreter' }),
      () => makeMachine({ memory: 8 << 20, ...guests['sv39']!, engine: 'interpreter' }),
    ];
    for (const make of makes) {
      const [machine, alone] = [make(), make()];
      for (let i = 0; i < 40; i++) {
        machine.snapshots!.take();
        for (const each of [machine, alone]) each.run(497);
      }
      assertSameState(wholeState(machine), wholeState(alone), 'forty snapshots and none');
    }
  });

  it('at loads that are half done, and at calls that a person is to answer', () => {
    const program = 'media/samples/hello-dbcn/hello-dbcn.elf';
    const rule = { extension: [dbcn, dbcn], action: 'break' } as const;
    const config = { memory: 8 << 20, mode: 'guest', program, calls: [rule] } as const;
    const machine = makeMachine({ ...config, engine: singleEngine });
    checkAtStops(machine, 3, 'call', 3000);
    const other = busyMachine({});
    other.exitStops = [{ kind: 'guest-page-fault-load' }, { kind: 'guest-page-fault-store' }];
    for (const hart of other.harts) hart.setTrapStops?.(other.exitStops);
    checkAtStops(other, 3, 'guest-page-fault-store', 3000);
  });

  it('a component whose state is forgotten is found', () => {
    const names = ['clock', 'uart0', 'plic', 'vm', 'vcpu0', 'vcpu1', 'hart0', 'hart1', 'machine'];
    for (const name of names) {
      const machine = busyMachine({});
      const component = componentsOf(machine.snapshots)[name];
      assert.ok(component, name);
      component.restore = () => {};
      machine.dirtyLog?.('start');
      assert.throws(() => checkRestores(machine, [1], 20_000), /differences/, name);
    }
  });

  it('a machine that is built otherwise refuses, says what differs, and stays as it is', () => {
    const snapshot = busyMachine({}).snapshots?.take();
    assert.ok(snapshot);
    const others: readonly (readonly [Partial<LaunchConfig>, RegExp])[] = [
      [{ harts: 1 }, /its harts: 2, this machine's: 1$/],
      [{ memory: 16 << 20 }, /its memory: 8M, this machine's: 16M$/],
      [{ isa: 'rv64gch' }, /its instruction set: .*\bsstc\b.*, this machine's: nothing else$/],
      [
        { aia: { controllers: 'aplic-imsic', guests: 0 } },
        /its interrupt controller: plic, this machine's: aplic-imsic,/,
      ],
    ];
    for (const [config, message] of others) {
      const machine = busyMachine(config);
      goOn(machine, 1000);
      const before = wholeState(machine);
      assert.throws(() => machine.snapshots?.restore(snapshot), { name: 'UserError', message });
      assertSameState(wholeState(machine), before, 'refused');
    }
  });

  it('a state that does not fit is refused, and what was restored before it is undone', () => {
    const machine = busyMachine({});
    const snapshot = machine.snapshots!.take();
    goOn(machine, 30_000);
    const before = wholeState(machine);
    for (const name of Object.keys(snapshot.components)) {
      const wrong = (component: { version: number; state: unknown }): void => {
        const components = { ...snapshot.components, [name]: component };
        const restore = () => machine.snapshots?.restore({ ...snapshot, components });
        assert.throws(restore, UserError, name);
        assertSameState(wholeState(machine), before, name);
      };
      wrong({ version: 99, state: snapshot.components[name]!.state });
      wrong({ version: 1, state: spoilt(snapshot.components[name]!.state) });
    }
  });

  it('takes up the pages alone that were written since', () => {
    const machine = busyMachine({});
    const { snapshots } = machine;
    goOn(machine, 20_000);
    const first = snapshots!.take().memory.newBytes;
    assert.equal(snapshots!.take().memory.newBytes, 0);
    goOn(machine, 20_000);
    const second = snapshots!.take().memory.newBytes;
    assert.ok(second > 0 && second < first && second <= 4 * 4096, `${second} of ${first} bytes`);
  });
});
