/** How a region finds code by the fetch TLB: pages of its own, and regions elsewhere. */
import {
  add32,
  and,
  and32,
  eq,
  eq32,
  eqz32,
  i32,
  i64,
  load,
  local,
  shl32,
  shrU32,
  wrap,
  type Expr,
} from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import { pageBytes, record, recordShift, tlb } from '../layout.ts';

export interface LookupPlace {
  readonly f: FunctionBuilder;
  /** Offset of the TLB set in use. */
  readonly set: Expr;
  /** The address of a place in the region's code. */
  addressAt(place: number): Expr;
  /** As in `Discovered`. */
  readonly pages: ReadonlyMap<number, number>;
}

export class CodeLookup {
  private readonly place: LookupPlace;

  constructor(place: LookupPlace) {
    this.place = place;
  }

  /** Does something unless the fetch TLB leads to the pages that were translated. */
  unlessMapped(pages: readonly number[], then: () => void): void {
    if (pages.length === 0) return;
    const { f } = this.place;
    f.if(eqz32(pages.map((page) => this.isMapped(page)).reduce(and32)));
    then();
    f.end();
  }

  /** What the TLB says holds for all calls. */
  private isMapped(page: number): Expr {
    const { f, addressAt, pages } = this.place;
    const address = f.keep(addressAt(page * pageBytes));
    const entry = f.newLocal('i32');
    f.set(entry, this.entryOf(address));
    const tag = load('i64.load', local('i32', entry), tlb.fetch + tlb.tag);
    const addend = load('i32.load', local('i32', entry), tlb.fetch + tlb.addend);
    return and32(eq(tag, address), eq32(addend, i32(pages.get(page)!)));
  }

  /** Into a local the `hot` word of the record at `pc`, or 0 when its page is not in the fetch TLB. */
  hotWord(word: number, pc: Expr): void {
    const { f } = this.place;
    const entry = f.newLocal('i32');
    f.set(entry, this.entryOf(pc));
    f.set(word, i32(0));
    const tag = load('i64.load', local('i32', entry), tlb.fetch + tlb.tag);
    f.if(eq(tag, and(pc, i64(-pageBytes))));
    const records = load('i32.load', local('i32', entry), tlb.fetch + tlb.addend);
    const offset = shl32(and32(wrap(pc), i32(pageBytes - 2)), i32(recordShift));
    f.set(word, load('i32.load', add32(records, offset), record.hot));
    f.end();
  }

  private entryOf(address: Expr): Expr {
    const mask = (tlb.fetchEntries - 1) * tlb.entryBytes;
    return add32(this.place.set, and32(shrU32(wrap(address), i32(8)), i32(mask)));
  }
}
