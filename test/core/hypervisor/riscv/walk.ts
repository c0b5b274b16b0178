/** A walk of G-stage tables that owes nothing to the code that makes them. */
import assert from 'node:assert/strict';
import type { PhysicalMemory } from '../../../../src/core/memory/physicalMemory.ts';

/**
 * The walk as the hypervisor chapter words it, from hgatp on, for any G-stage mode: the root has
 * four times the entries of other tables, leaves need U and alignment, pointers must have nothing but V.
 */
export function walk(memory: PhysicalMemory, hgatp: bigint, gpa: bigint, xlen: 32 | 64 = 64) {
  // Sv39x4 is 8 and has 3 levels, each next mode has one more; Sv32x4 has 2, with narrower entries.
  const levels = xlen === 32 ? Number(hgatp >> 31n) * 2 : Number(hgatp >> 60n) - 5;
  const indexBits = xlen === 32 ? 10 : 9;
  const read = (address: bigint): bigint =>
    xlen === 32 ? BigInt(memory.read32(Number(address)) >>> 0) : memory.read64(Number(address));
  let table = (hgatp & ((1n << (xlen === 32 ? 22n : 44n)) - 1n)) * 4096n;
  assert.equal(table % 16384n, 0n, 'the root is aligned to its size');
  assert.equal(gpa >> BigInt(12 + indexBits * levels + 2), 0n);
  for (let i = levels - 1; i >= 0; i--) {
    const shift = BigInt(12 + indexBits * i);
    const width = BigInt(i === levels - 1 ? indexBits + 2 : indexBits);
    const index = (gpa >> shift) & ((1n << width) - 1n);
    const pte = read(table + index * BigInt(xlen / 8));
    if ((pte & 1n) === 0n) return undefined;
    const ppn = (pte >> 10n) & ((1n << 44n) - 1n);
    if ((pte & 0b1110n) === 0n) {
      assert.equal(pte & 0b11110000n, 0n, 'a pointer has no A, D, U, G');
      table = ppn * 4096n;
      continue;
    }
    assert.equal((pte >> 4n) & 1n, 1n, 'leaves have U');
    assert.equal((ppn * 4096n) & ((1n << shift) - 1n), 0n, 'a superpage is aligned');
    return {
      address: Number(ppn * 4096n + (gpa & ((1n << shift) - 1n))),
      size: Number(1n << shift),
      flags: pte & 0xffn,
    };
  }
  assert.fail('a pointer at the last level');
}
