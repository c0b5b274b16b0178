/**
 * Data breakpoints on the harts' watchpoints. A hart stops before the access; here it makes the
 * access, so that whoever looks sees what it did, and what was there before is told with it. This
 * module does not decide whether a stop counts.
 */
import { defined } from '../base/assert.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { WatchHit } from '../isa/watchpoints.ts';
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { DataBreakpoint, StopEvent } from './target.ts';
import { readSpace } from './targetMemory.ts';

/** More than a word is not told whole. */
const MOST_TOLD = 8;

/** An access to what a hypervisor has yet to map, or to a device, takes some turns. */
const MOST_TURNS = 16;

export class DataBreakpointSet {
  private list: readonly DataBreakpoint[] = [];

  /** Replaces them; `apply` brings them into the harts. */
  replace(breakpoints: readonly DataBreakpoint[]): void {
    this.list = breakpoints;
  }

  apply(harts: readonly Cpu[]): void {
    const watchpoints = this.list.map(({ address, size, access }) => ({
      address,
      size,
      access: access === 'readWrite' ? ('both' as const) : access,
    }));
    for (const hart of harts) hart.setWatchpoints(watchpoints);
  }

  touchedBy(hit: WatchHit): readonly DataBreakpoint[] {
    return this.list.filter((breakpoint) => isTouched(breakpoint, hit));
  }
}

/** Whether an access is one that a data breakpoint is for. */
export function isTouched(
  { address, size, access }: Pick<DataBreakpoint, 'address' | 'size' | 'access'>,
  made: Pick<WatchHit, 'address' | 'size' | 'read' | 'write'>,
): boolean {
  const overlaps =
    made.address < address + BigInt(size) && address < made.address + BigInt(made.size);
  if (!overlaps) return false;
  return (made.read && access !== 'write') || (made.write && access !== 'read');
}

/** The stop before an access, where all who watch it want that; else the access is to be made. */
export function stopBefore(
  machine: Machine,
  hart: number,
  hit: WatchHit,
  set: DataBreakpointSet,
): StopEvent | undefined {
  const touched = set.touchedBy(hit);
  if (touched.length === 0 || touched.some(({ before }) => !before)) return undefined;
  const cpu = defined(machine.harts[hart], `hart ${hart}`);
  const { address, size, read, write } = hit;
  const access = { pc: cpu.pc, address, size, read, write };
  const ids = touched.map(({ id }) => id);
  return { hart, reason: { kind: 'data', before: true, ids, access, changes: [] } };
}

/**
 * Has the hart make the access that it stopped before. It makes none when the instruction traps:
 * then it comes back to it, if ever, and stops again.
 */
export function passAccess(
  machine: Machine,
  hart: number,
  hit: WatchHit,
  set: DataBreakpointSet,
):
  | { readonly kind: 'stop'; readonly stop: StopEvent }
  | { readonly kind: 'passed'; readonly stop: MachineStop } {
  const cpu = defined(machine.harts[hart], `hart ${hart}`);
  const { pc, instructions } = cpu;
  const next = pc + BigInt(sizeOfInstruction(machine, cpu));
  const touched = set.touchedBy(hit).map(({ id, address, size }) => {
    const told = size > MOST_TOLD ? hit : { address, size };
    const read = () => readSpace(machine, cpu, 'virtual', told.address, told.size).slice();
    return { id, address: told.address, before: read(), read };
  });
  let stop: MachineStop = { kind: 'budget' };
  for (let turn = 0; turn < MOST_TURNS && cpu.pc === pc; turn++) {
    cpu.skipBreakpointOnce();
    cpu.skipWatchpointsOnce();
    stop = machine.run(1, hart);
    if (stop.kind !== 'budget' && stop.kind !== 'breakpoint') return { kind: 'passed', stop };
  }
  // What is emulated, as an access to a device, moves pc without an instruction that retires.
  const made = cpu.instructions !== instructions || cpu.pc === next;
  if (!made || touched.length === 0) return { kind: 'passed', stop };
  const { address, size, read, write } = hit;
  return {
    kind: 'stop',
    stop: {
      hart,
      reason: {
        kind: 'data',
        ids: touched.map(({ id }) => id),
        access: { pc, address, size, read, write },
        changes: touched.map((each) => ({
          id: each.id,
          address: each.address,
          before: each.before,
          after: each.read(),
        })),
      },
    },
  };
}

function sizeOfInstruction(machine: Machine, cpu: Cpu): number {
  const bytes = readSpace(machine, cpu, 'virtual', cpu.pc, 8);
  return bytes.length === 0 ? 0 : machine.isa.disassemble(bytes, cpu.pc).size;
}
