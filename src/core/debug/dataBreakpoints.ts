/**
 * Data breakpoints on the harts' watchpoints. A hart stops before the access; here it makes the
 * access, so that whoever looks sees what it did, and what was there before is told with it. This
 * module does not decide whether a stop counts.
 */
import { defined } from '../base/assert.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { WatchHit } from '../isa/watchpoints.ts';
import type { Machine, MachineStop } from '../machine/machine.ts';
import type { HeldEvent } from './registerWatch.ts';
import type { DataAccess, DataBreakpoint, StopEvent } from './target.ts';
import { readSpace } from './targetMemory.ts';

/** More than a word is not told whole. */
const MOST_TOLD = 8;

/** An access to what a hypervisor has yet to map, or to a device, takes some turns. */
const MOST_TURNS = 16;

export class DataBreakpointSet {
  /** For `runWatching`. */
  readonly held: HeldEvent = {};
  private list: readonly DataBreakpoint[] = [];
  /** Where those are in the machine that are not watched by virtual address. */
  private readonly physical = new Map<DataBreakpoint, bigint>();

  /** Replaces them; `apply` brings them into the harts. */
  replace(breakpoints: readonly DataBreakpoint[]): void {
    this.list = breakpoints;
  }

  apply(machine: Machine): void {
    this.held.event = undefined;
    this.physical.clear();
    const watchpoints = this.list.flatMap((breakpoint) => {
      const { address, size, access, space = 'virtual', register } = breakpoint;
      if (register !== undefined) return [];
      const wanted = access === 'readWrite' ? ('both' as const) : access;
      if (space === 'virtual') return [{ address, size, access: wanted }];
      const host = space === 'physical' ? address : machine.guestToHost(address);
      // Nothing is there that could be accessed.
      if (host === undefined) return [];
      this.physical.set(breakpoint, BigInt(host));
      return [{ address: BigInt(host), size, access: wanted, physical: true }];
    });
    for (const hart of machine.harts) hart.setWatchpoints(watchpoints);
  }

  /** Those of registers. */
  get registers(): readonly DataBreakpoint[] {
    return this.list.filter(({ register }) => register !== undefined);
  }

  touchedBy(hit: WatchHit): readonly DataBreakpoint[] {
    return this.list.filter((breakpoint) => {
      const address = this.physical.get(breakpoint);
      if (address === undefined) return isTouched(breakpoint, hit);
      return isTouched({ ...breakpoint, address, space: 'physical' }, hit);
    });
  }
}

/** Whether an access is one that a data breakpoint is for. */
export function isTouched(
  { address, size, access, space, register }: Omit<DataBreakpoint, 'id'>,
  made: Omit<DataAccess, 'pc'>,
): boolean {
  const concerns = (made.read && access !== 'write') || (made.write && access !== 'read');
  if (register !== undefined || made.register !== undefined) {
    return register === made.register && concerns;
  }
  const at = space === undefined || space === 'virtual' ? made.address : made.physical;
  if (at === undefined) return false;
  return concerns && at < address + BigInt(size) && address < at + BigInt(made.size);
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
  const { address, size, read, write, physical } = hit;
  const access = { pc: cpu.pc, address, size, read, write, physical };
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
  const touched = set.touchedBy(hit).map(({ id, address, size, space = 'virtual' }) => {
    const isWhole = size <= MOST_TOLD;
    const told = isWhole ? { address, size } : hit;
    const memory = isWhole ? space : 'virtual';
    const read = () => readSpace(machine, cpu, memory, told.address, told.size).slice();
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
  const { address, size, read, write, physical } = hit;
  return {
    kind: 'stop',
    stop: {
      hart,
      reason: {
        kind: 'data',
        ids: touched.map(({ id }) => id),
        access: { pc, address, size, read, write, physical },
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
