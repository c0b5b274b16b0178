import assert from 'node:assert/strict';
import { UserError } from '../../../src/core/base/userError.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import type { MachineSnapshot } from '../../../src/core/machine/machineSnapshots.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../src/core/machine/snapshotFile.ts';
import { Random } from '../../differential/random.ts';
import { busyMachine } from './busyGuest.ts';
import { goOn } from './restores.ts';
import { assertSameState, wholeState } from './wholeState.ts';

const aia = { aia: { controllers: 'aplic-imsic', guests: 1 } } as const;

function taken(machine: Machine): MachineSnapshot {
  goOn(machine, 12_345);
  const snapshot = machine.snapshots?.take();
  assert.ok(snapshot);
  machine.snapshots?.complete(snapshot);
  return snapshot;
}

describe('core/machine/snapshotFile', function () {
  this.timeout(60_000);

  it('goes on in another machine that is built alike', () => {
    for (const config of [{}, aia, { isa: 'rv64gch' }] as const) {
      const machine = busyMachine(config);
      const bytes = encodeSnapshot(taken(machine));
      const then = wholeState(machine);
      const first = goOn(machine, 20_000);
      const other = busyMachine(config);
      goOn(other, 777);
      other.snapshots!.restore(decodeSnapshot(bytes, 'a file'));
      assertSameState(wholeState(other), then, 'in another machine');
      assertSameState(goOn(other, 20_000).state, first.state, '20,000 instructions later');
    }
  });

  it('refuses a file of another machine, and what is none, with what is wrong', () => {
    const bytes = encodeSnapshot(taken(busyMachine({})));
    const other = busyMachine({ harts: 1 }).snapshots!;
    assert.throws(() => other.check(decodeSnapshot(bytes, 'a file')), /its harts: 2/);
    const decode = (part: Uint8Array) => () => decodeSnapshot(part, 'a file');
    assert.throws(decode(Buffer.from('#!/bin/sh, and more')), /a file: this is no snapshot/);
    assert.throws(decode(new Uint8Array()), /this is no snapshot/);
    assert.throws(decode(bytes.subarray(0, bytes.length - 4096)), /damaged or cut short/);
    const newer = bytes.slice();
    newer[8] = 9;
    assert.throws(decode(newer), /a snapshot of version 9; this Trapline reads 1/);
    const random = new Random(5);
    for (let i = 0; i < 200; i++) {
      const damaged = bytes.slice();
      damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
      assert.throws(decode(damaged), UserError);
    }
  });

  it('refuses more memory than any machine has', () => {
    const snapshot = taken(busyMachine({}));
    const [region] = snapshot.memory.regions;
    assert.ok(region);
    for (const size of [-1, 2 ** 40, 2 ** 52]) {
      const memory = { ...snapshot.memory, regions: [{ ...region, size }] };
      const file = encodeSnapshot({ ...snapshot, memory });
      assert.throws(() => decodeSnapshot(file, 'a file'), UserError, `${size}`);
    }
    const regions = Array<typeof region>(64).fill({ ...region, size: 2 ** 32, chunks: [] });
    const file = encodeSnapshot({ ...snapshot, memory: { ...snapshot.memory, regions } });
    assert.throws(() => decodeSnapshot(file, 'a file'), UserError);
  });

  it('takes no state over that has something wrong anywhere', () => {
    const machine = busyMachine(aia);
    const snapshot = taken(machine);
    const before = wholeState(machine);
    const places: (readonly (string | number)[])[] = [];
    list(snapshot.components, [], places);
    assert.ok(places.length > 1000);
    const random = new Random(7);
    const wrong = [undefined, 'x', -1, 1.5, 2 ** 40, NaN, -5n, [], {}, new Uint8Array(3), true];
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const place = places[random.below(places.length)]!;
      const value = wrong[random.below(wrong.length)];
      const components = withValue(snapshot.components, place, value);
      const spoilt = { ...snapshot, components } as MachineSnapshot;
      try {
        machine.snapshots!.restore(decodeSnapshot(encodeSnapshot(spoilt), 'a file'));
        machine.snapshots!.restore(snapshot);
      } catch (error) {
        assert.ok(
          error instanceof UserError,
          `${place.join('.')} ${String(value)}: ${String(error)}`,
        );
        refused++;
        if (refused % 25 === 0) assertSameState(wholeState(machine), before, place.join('.'));
      }
    }
    assert.ok(refused > 70, `${refused} refused`);
  });
});

function list(
  value: unknown,
  place: readonly (string | number)[],
  places: (readonly (string | number)[])[],
): void {
  places.push(place);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  for (const [name, each] of Object.entries(value)) list(each, [...place, name], places);
}

function withValue(
  whole: unknown,
  [first, ...rest]: readonly (string | number)[],
  value: unknown,
): unknown {
  if (first === undefined) return value;
  const copy = Array.isArray(whole) ? [...(whole as unknown[])] : { ...(whole as object) };
  const fields = copy as Record<string | number, unknown>;
  fields[first] = withValue(fields[first], rest, value);
  return copy;
}
