/**
 * Stops behind instructions that change or read registers: no hardware watches these, so the machine
 * runs instruction by instruction and is looked at around each. Slow, and only when somebody asked.
 * A register is read by who names it as an operand, and not while a trap is taken.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { DataBreakpoint, StopEvent } from './target.ts';
import { readVirtual } from './targetMemory.ts';

export type WatchedStop = MachineStop | { readonly kind: 'changed'; readonly stop: StopEvent };

/** An event of an instruction that also touched a register: it is told when that has been. */
export interface HeldEvent {
  event?: MachineStop | undefined;
}

/** `machine.run`, but that it ends behind an instruction that touched a watched register. */
export function runWatching(
  machine: Machine,
  watched: readonly DataBreakpoint[],
  budget: number,
  only: number | undefined,
  held: HeldEvent = {},
): WatchedStop {
  const { event } = held;
  held.event = undefined;
  if (event) return event;
  if (watched.length === 0) return machine.run(budget, only);
  for (let step = 0; step < budget; step++) {
    const before = machine.harts.map((cpu) => look(machine, cpu, watched));
    const stop = machine.run(1, only);
    const touched = touchedIn(machine, watched, before);
    if (touched && stop.kind !== 'ended') {
      if (stop.kind === 'event') held.event = stop;
      return { kind: 'changed', stop: touched };
    }
    if (stop.kind !== 'budget') return stop;
  }
  return { kind: 'budget' };
}

/** A hart before an instruction. */
interface Look {
  readonly pc: bigint;
  readonly instructions: number;
  readonly values: readonly (bigint | undefined)[];
  /** What the instruction reads, as far as somebody asked. */
  readonly reads: readonly string[];
}

function look(machine: Machine, cpu: Cpu, watched: readonly DataBreakpoint[]): Look {
  const { pc, instructions } = cpu;
  return {
    pc,
    instructions,
    values: valuesOf(cpu, watched),
    reads: readsAt(machine, cpu, watched),
  };
}

function readsAt(
  machine: Machine,
  cpu: Cpu,
  watched: readonly DataBreakpoint[],
): readonly string[] {
  const { registersRead } = machine.isa;
  if (!registersRead || watched.every(({ access }) => access === 'write')) return [];
  return registersRead(readVirtual(machine, cpu, cpu.pc, 8, 'fetch'), cpu.modeName);
}

function valuesOf(cpu: Cpu, watched: readonly DataBreakpoint[]): Look['values'] {
  return watched.map(({ register = '', mask }) => {
    const value = cpu.readRegister(register);
    return value === undefined || mask === undefined ? value : value & mask;
  });
}

/** The stop for the first hart that touched some. */
function touchedIn(
  machine: Machine,
  watched: readonly DataBreakpoint[],
  before: readonly Look[],
): StopEvent | undefined {
  for (const [hart, cpu] of machine.harts.entries()) {
    const old = before[hart];
    if (!old) continue;
    const after = valuesOf(cpu, watched);
    const retired = cpu.instructions !== old.instructions;
    const touches = watched.flatMap((breakpoint, i) => {
      const write = breakpoint.access !== 'read' && after[i] !== old.values[i];
      const isRead = retired && old.reads.includes(breakpoint.register ?? '');
      const read = breakpoint.access !== 'write' && isRead;
      if (!write && !read) return [];
      return [{ breakpoint, write, read, before: old.values[i], after: after[i] }];
    });
    const [first] = touches;
    if (!first) continue;
    const bytes = machine.isa.xlen / 8;
    const told = (value: bigint | undefined) => littleEndian(value ?? 0n, bytes);
    const read = touches.some((touch) => touch.read);
    const write = touches.some((touch) => touch.write);
    const { register } = first.breakpoint;
    return {
      hart,
      reason: {
        kind: 'data',
        ids: touches.map(({ breakpoint }) => breakpoint.id),
        access: { pc: old.pc, address: 0n, size: bytes, read, write, register },
        changes: touches.map((touch) => ({
          id: touch.breakpoint.id,
          address: 0n,
          before: told(touch.before),
          after: told(touch.after),
        })),
      },
    };
  }
  return undefined;
}

function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(i * 8)) & 0xffn));
}
