import {
  add,
  and,
  i32,
  i64,
  load,
  shrU32,
  sub32,
  zeroExtend,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder } from '../wasm/functionBuilder.ts';
import { hart, recordShift } from './layout.ts';
import type { RegisterWidth } from './semantics.ts';

/** pc of a record: the page's address, and a byte for every eight bytes of records. */
export function pcOf(base: Expr, rec: Expr): Expr {
  const distance = shrU32(sub32(rec, load('i32.load', base, hart.recordPage)), i32(recordShift));
  return add(load('i64.load', base, hart.pageAddress), zeroExtend(distance));
}

/** The record may be one of those past the page, which at the last page are at address 0. */
export function savePc(f: FunctionBuilder, xlen: RegisterWidth, base: Expr, rec: Expr): void {
  f.store('i64.store', base, inWidth(xlen, pcOf(base, rec)), hart.pc);
}

/** An address of the guest's width: it wraps there. */
export const inWidth = (xlen: RegisterWidth, address: Expr): Expr =>
  xlen === 32 ? and(address, i64(0xffff_ffffn)) : address;
