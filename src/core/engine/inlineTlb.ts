/** The software TLB as generated code sees it: a direct-mapped entry, a test, an addend. */
import {
  add32,
  and,
  and32,
  eq,
  geU,
  i32,
  i64,
  load,
  local,
  ltU,
  shrU32,
  sub,
  tee,
  wrap,
  type Expr,
} from '../wasm/expression.ts';
import { pageBytes, tlb } from './layout.ts';

type Kind = 'read' | 'write';

/**
 * Condition of a hit for `size` bytes at `address`; leaves the entry's offset in local `entry`.
 * One comparison covers the page and its end, so unaligned accesses within the page hit too.
 *
 * What is compared is the complement of the offset in the page. With the tag on the left of the
 * subtraction V8 loads it once: on the right it would become an operand in memory, and as a load
 * that may trap is never left out, be loaded into a register as well.
 */
export function tlbHit(set: Expr, address: Expr, entry: number, kind: Kind, size: number): Expr {
  return geU(complement(set, address, entry, kind), i64(-(pageBytes - size + 1)));
}

/** The opposite of `tlbHit`, which leaves the entry's offset as well. */
export function tlbMiss(set: Expr, address: Expr, entry: number, kind: Kind, size: number): Expr {
  return ltU(complement(set, address, entry, kind), i64(-(pageBytes - size + 1)));
}

/** As `tlbHit`, and the address is a multiple of `size`. */
export function alignedTlbHit(
  set: Expr,
  address: Expr,
  entry: number,
  kind: Kind,
  size: number,
): Expr {
  const expected = and(address, i64(-pageBytes | (size - 1)));
  return eq(complement(set, address, entry, kind, expected), i64(-1));
}

/** The entry's tag, which is one less than the page's address, less the value. */
function complement(
  set: Expr,
  address: Expr,
  entry: number,
  kind: Kind,
  value: Expr = address,
): Expr {
  return sub(load('i64.load', tee(entry, entryOf(set, address)), tlb[kind] + tlb.tag), value);
}

/** Offset in memory of an address that hit. */
export function tlbOffset(address: Expr, entry: number, kind: Kind): Expr {
  return add32(wrap(address), load('i32.load', local('i32', entry), tlb[kind] + tlb.addend));
}

function entryOf(set: Expr, address: Expr): Expr {
  // Entries are 16 bytes, pages 4096: shifting by 8 and masking gives the byte offset at once.
  const mask = (tlb.dataEntries - 1) * tlb.entryBytes;
  return add32(set, and32(shrU32(wrap(address), i32(8)), i32(mask)));
}
