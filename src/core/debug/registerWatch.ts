/**
 * Stops after changes of registers: no hardware watches these, so the machine runs instruction by
 * instruction and is looked at after each. Slow, and only when somebody asked.
 */
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { DataBreakpoint, StopEvent } from './target.ts';

export type WatchedStop = MachineStop | { readonly kind: 'changed'; readonly stop: StopEvent };

/** `machine.run`, but that it ends behind an instruction that changed a watched register. */
export function runWatching(
  machine: Machine,
  watched: readonly DataBreakpoint[],
  budget: number,
  only: number | undefined,
): WatchedStop {
  if (watched.length === 0) return machine.run(budget, only);
  let before = valuesOf(machine, watched);
  for (let step = 0; step < budget; step++) {
    const pcs = machine.harts.map((cpu) => cpu.pc);
    const stop = machine.run(1, only);
    const after = valuesOf(machine, watched);
    const changed = after.findIndex((value, index) => value !== before[index]);
    if (changed >= 0 && stop.kind !== 'ended') {
      return { kind: 'changed', stop: changeOf(machine, watched, { before, after, pcs }) };
    }
    before = after;
    if (stop.kind !== 'budget') return stop;
  }
  return { kind: 'budget' };
}

/** Of each hart in turn all that are watched. */
type Values = readonly (bigint | undefined)[];

function valuesOf(machine: Machine, watched: readonly DataBreakpoint[]): Values {
  return machine.harts.flatMap((cpu) =>
    watched.map(({ register = '', mask }) => {
      const value = cpu.readRegister(register);
      return value === undefined || mask === undefined ? value : value & mask;
    }),
  );
}

function changeOf(
  machine: Machine,
  watched: readonly DataBreakpoint[],
  seen: { readonly before: Values; readonly after: Values; readonly pcs: readonly bigint[] },
): StopEvent {
  const { before, after, pcs } = seen;
  const indexes = after.flatMap((value, index) => (value === before[index] ? [] : [index]));
  const hart = Math.floor((indexes[0] ?? 0) / watched.length);
  const own = indexes.filter((index) => Math.floor(index / watched.length) === hart);
  const bytes = machine.isa.xlen / 8;
  const changes = own.flatMap((index) => {
    const breakpoint = watched[index % watched.length];
    if (!breakpoint) return [];
    const { id } = breakpoint;
    const told = (value: bigint | undefined) => littleEndian(value ?? 0n, bytes);
    return [{ id, address: 0n, before: told(before[index]), after: told(after[index]) }];
  });
  const first = watched[(own[0] ?? 0) % watched.length];
  return {
    hart,
    reason: {
      kind: 'data',
      ids: changes.map(({ id }) => id),
      access: {
        ...{ pc: pcs[hart] ?? 0n, address: 0n, size: bytes, read: false, write: true },
        register: first?.register,
      },
      changes,
    },
  };
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 0xffn));
}
