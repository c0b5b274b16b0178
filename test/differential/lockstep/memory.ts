/** Compares a program's memory with what QEMU left, by sums of pages or by bytes. */
import { part } from './layout.ts';
import { pageSums, type MemorySums } from './tracer.ts';

/** A bits that QEMU alone set count as this, where the bytes are there. */
export const setSpeculatively =
  'A bits of accesses that fault later (“Updates of the A bit may be performed as a result of speculation, even if the associated memory access ultimately is not performed architecturally”)';

const A = 0x40n;
const pageBytes = 4096;

export interface MemoryComparison {
  readonly difference: string | undefined;
  /** Entries of page tables that only QEMU has accessed. */
  readonly accessed: number;
}

export function compareMemory(
  own: Uint8Array,
  { sums, bytes }: MemorySums,
  base: number,
): MemoryComparison {
  const ownSums = pageSums(own);
  let accessed = 0;
  for (let page = 0; page < sums.length; page++) {
    if (ownSums[page] === sums[page]) continue;
    const at = page * pageBytes;
    if (!bytes) return { difference: `memory of page ${hex(base + at)}`, accessed };
    const [ours, theirs] = [words(own, at), words(bytes, at)];
    for (let i = 0; i < pageBytes / 8; i++) {
      const changed = ours[i]! ^ theirs[i]!;
      if (changed === 0n) continue;
      const speculative = at >= part.tables && changed === A && (theirs[i]! & A) !== 0n;
      if (speculative) accessed++;
      else {
        const where = hex(base + at + i * 8);
        const values = `ours ${hex(ours[i]!)}, QEMU ${hex(theirs[i]!)}`;
        return { difference: `memory ${where}: ${values}`, accessed };
      }
    }
  }
  return { difference: undefined, accessed };
}

const words = (bytes: Uint8Array, at: number): BigUint64Array =>
  new BigUint64Array(bytes.slice(at, at + pageBytes).buffer);

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
