/** The software TLB as generated code sees it: a direct-mapped entry, a test, an addend. */
import {
  add32,
  and,
  and32,
  eq,
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
 */
export function tlbHit(set: Expr, address: Expr, entry: number, kind: Kind, size: number): Expr {
  const tag = load('i64.load', tee(entry, entryOf(set, address)), tlb[kind] + tlb.tag);
  return ltU(sub(address, tag), i64(pageBytes - size + 1));
}

/** As `tlbHit`, and the address is a multiple of `size`. */
export function alignedTlbHit(
  set: Expr,
  address: Expr,
  entry: number,
  kind: Kind,
  size: number,
): Expr {
  const tag = load('i64.load', tee(entry, entryOf(set, address)), tlb[kind] + tlb.tag);
  return eq(tag, and(address, i64(-pageBytes | (size - 1))));
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
