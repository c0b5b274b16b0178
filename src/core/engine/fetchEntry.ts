/** How the interpreter finds code by the fetch TLB. */
import {
  add32,
  and,
  and32,
  eq,
  i32,
  i64,
  load,
  shl32,
  shrU32,
  wrap,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder } from '../wasm/functionBuilder.ts';
import { hart, pageBytes, recordShift, tlb } from './layout.ts';

export interface FetchEntry {
  readonly isThere: Expr;
  /** Of the page, where that is there. */
  readonly records: Expr;
  /** Goes on in the page, whose entry that is: gives the record of pc. */
  readonly enter: (base: Expr) => Expr;
}

/** The entry of the fetch TLB for the page of a pc. */
export function fetchEntryOf(f: FunctionBuilder, set: Expr, pc: Expr): FetchEntry {
  const page = f.keep(and(pc, i64(-pageBytes)));
  const entryMask = (tlb.fetchEntries - 1) * tlb.entryBytes;
  const entry = f.keep(add32(set, and32(shrU32(wrap(pc), i32(8)), i32(entryMask))));
  const records = load('i32.load', entry, tlb.fetch + tlb.addend);
  return {
    isThere: eq(page, load('i64.load', entry, tlb.fetch + tlb.tag)),
    records,
    enter: (base) => {
      const found = f.keep(records);
      f.store('i32.store', base, found, hart.recordPage);
      f.store('i64.store', base, page, hart.pageAddress);
      const offset = and32(wrap(pc), i32(pageBytes - 2));
      return add32(found, shl32(offset, i32(recordShift)));
    },
  };
}
