/**
 * Memory of a stopped machine as a debugger reads and writes it: by any of the three address
 * spaces, without side effects. Device registers are never touched, so addresses behind which a
 * device stands read as absent.
 */
import type { AccessKind, Cpu } from '../isa/cpu.ts';
import type { Machine } from '../machine/machine.ts';
import type { MemorySpace } from './target.ts';

/** Translation is looked up once per piece of this size; no ISA has smaller pages. */
const PAGE = 4096n;

/** As many bytes as can be read from a virtual address on. */
export function readVirtual(
  machine: Machine,
  cpu: Cpu,
  address: bigint,
  size: number,
  access: AccessKind,
): Uint8Array {
  return gather(machine, address, size, (a) => cpu.debugTranslate(a, 'virtual', access));
}

export function readSpace(
  machine: Machine,
  cpu: Cpu,
  space: MemorySpace,
  address: bigint,
  size: number,
): Uint8Array {
  return gather(machine, address, size, translator(machine, cpu, space));
}

/** Number of bytes written before the first that could not be. */
export function writeSpace(
  machine: Machine,
  cpu: Cpu,
  space: MemorySpace,
  address: bigint,
  bytes: Uint8Array,
): number {
  const translate = translator(machine, cpu, space);
  let done = 0;
  for (const piece of pieces(address, bytes.length)) {
    const physical = translate(piece.address);
    if (physical === undefined) break;
    if (!machine.memory.load(physical, bytes.subarray(done, done + piece.size))) break;
    done += piece.size;
  }
  return done;
}

type Translate = (address: bigint) => number | undefined;

function translator(machine: Machine, cpu: Cpu, space: MemorySpace): Translate {
  switch (space) {
    case 'virtual':
      // A guest's memory is there before the G-stage maps it: what backs it is asked, not the table.
      return (address) => {
        const first = cpu.debugTranslate(address, 'first', 'load');
        return first === undefined ? undefined : machine.guestToHost(BigInt(first));
      };
    case 'guestPhysical':
      return (address) => machine.guestToHost(address);
    case 'physical':
      return (address) =>
        address <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(address) : undefined;
  }
}

function gather(machine: Machine, address: bigint, size: number, translate: Translate): Uint8Array {
  const result = new Uint8Array(size);
  let done = 0;
  for (const piece of pieces(address, size)) {
    const physical = translate(piece.address);
    const bytes = physical === undefined ? undefined : readable(machine, physical, piece.size);
    if (!bytes) break;
    result.set(bytes, done);
    done += bytes.length;
    if (bytes.length < piece.size) break;
  }
  return result.subarray(0, done);
}

/** A piece may end beyond the last byte of RAM: then what is there counts. */
function readable(machine: Machine, physical: number, size: number): Uint8Array | undefined {
  const whole = machine.memory.view8(physical, size);
  if (whole) return whole;
  const region = machine.memory.regionAt(physical, 1);
  return region && machine.memory.view8(physical, region.base + region.size - physical);
}

/** Cuts a range at page borders. Addresses stay below 2^64: what would wrap around is left out. */
function* pieces(address: bigint, size: number): Generator<{ address: bigint; size: number }> {
  const end = address + BigInt(size);
  const limit = end > 1n << 64n ? 1n << 64n : end;
  for (let at = address; at < limit;) {
    const pageEnd = (at / PAGE + 1n) * PAGE;
    const next = pageEnd < limit ? pageEnd : limit;
    yield { address: at, size: Number(next - at) };
    at = next;
  }
}
