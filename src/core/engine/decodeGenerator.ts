/**
 * Generated code that makes records from instruction words, by `EncodingTables`. What it cannot
 * tell is TypeScript's: words of no encoding, pages where somebody wants to stop, instructions
 * that go on in a page which is not in the fetch TLB.
 */
import {
  add,
  add32,
  and32,
  callValue,
  eq32,
  eqz32,
  i32,
  i64,
  load,
  local,
  ltU32,
  mul32,
  ne32,
  or32,
  rotl32,
  shl32,
  shrS32,
  shrU32,
  sub32,
  type Expr,
} from '../wasm/expression.ts';
import { FunctionBuilder, type Label } from '../wasm/functionBuilder.ts';
import {
  decoded,
  encodingEntry,
  encodingFlags,
  layoutEntry,
  listEnd,
  type EncodingTables,
} from './encodings.ts';
import { fetchEntryOf } from './fetchEntry.ts';
import { hart, pageBytes, record, recordShift, shared, special, zeroSink } from './layout.ts';
import { SequenceFinder } from './sequences.ts';
import { inWidth } from './recordPc.ts';
import type { RegisterWidth } from './semantics.ts';

/**
 * decode(record, word, offset in the page) → handler number with `decoded.goesOn`, the record filled in;
 * 0 where TypeScript has to look.
 */
export function generateDecode(tables: EncodingTables): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32', 'i32'], ['i32']);
  const [rec, word, offset] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const next = f.newLocal('i32');
  const number = f.newLocal('i32');
  const entry = f.newLocal('i32');
  const start = shl32(tables.set.bucketOf(word), i32(1));
  f.set(next, load('i32.load16_u', start, tables.buckets));
  const search = f.loop();
  f.set(number, load('i32.load16_u', local('i32', next), tables.lists));
  f.if(eq32(local('i32', number), i32(listEnd)));
  f.return(i32(0));
  f.end();
  f.set(next, add32(local('i32', next), i32(2)));
  f.set(entry, mul32(local('i32', number), i32(encodingEntry.bytes)));
  const field = (at: number): Expr => load('i32.load', local('i32', entry), tables.encodings + at);
  const byte = (at: number): Expr =>
    load('i32.load8_u', local('i32', entry), tables.encodings + at);
  f.branchIf(search, ne32(and32(word, field(encodingEntry.mask)), field(encodingEntry.match)));
  f.branchIf(search, eqz32(load('i32.load8_u', local('i32', number), tables.exists)));
  notExcepted(f, tables, word, entry, byte, search);
  f.end(); // search
  const flags = f.keep(byte(encodingEntry.flags));

  const layout = f.keep(add32(field(encodingEntry.layout), i32(tables.layouts)));
  const piece = f.newLocal('i32');
  f.set(piece, add32(layout, i32(layoutEntry.pieces)));
  const words = encodingEntry.base.map((at, w) => {
    const value = f.newLocal('i32');
    f.set(value, field(at));
    const end = f.keep(
      add32(
        add32(layout, i32(layoutEntry.pieces)),
        load('i32.load8_u', layout, layoutEntry.ends[w]),
      ),
    );
    const done = f.block();
    const more = f.loop();
    f.branchIf(done, eq32(local('i32', piece), end));
    const { mask, turn, bytes } = layoutEntry.piece;
    const turned = rotl32(word, load('i32.load', local('i32', piece), turn));
    const bits = and32(turned, load('i32.load', local('i32', piece), mask));
    f.set(value, or32(local('i32', value), bits));
    f.set(piece, add32(local('i32', piece), i32(bytes)));
    f.branch(more);
    f.end();
    f.end();
    return value;
  });
  const [first = 0, , third = 0] = words;
  const unused = f.keep(load('i32.load8_u', layout, layoutEntry.unused));
  f.set(third, shrS32(shl32(local('i32', third), unused), unused));
  // The second bit of a distance, as the flag.
  const byTarget = shl32(and32(local('i32', third), i32(2)), i32(2));
  const misaligned = and32(flags, or32(byTarget, i32(encodingFlags.anywhere)));
  f.if(and32(misaligned, load('i32.load', i32(0), shared.checkedFlags)));
  f.return(i32(0));
  f.end();
  // A destination that is always zero.
  f.if(eqz32(shrU32(local('i32', first), i32(16))));
  f.set(first, or32(local('i32', first), i32(zeroSink << 19)));
  f.end();
  // Targets in other pages have a handler of their own.
  f.if(and32(flags, i32(encodingFlags.direct)));
  const target = add32(offset, local('i32', third));
  const isFar = eqz32(ltU32(target, i32(pageBytes)));
  f.set(first, add32(local('i32', first), isFar));
  f.end();
  words.forEach((value, w) => f.store('i32.store', rec, local('i32', value), w * 4));
  const goesOn = mul32(and32(flags, i32(encodingFlags.goesOn)), i32(decoded.goesOn));
  f.return(or32(and32(local('i32', first), i32(decoded.handler)), goesOn));
  f.unreachable();
  return f;
}

/** Goes on with the search where the word is none of the encoding for all that it matches. */
function notExcepted(
  f: FunctionBuilder,
  tables: EncodingTables,
  word: Expr,
  entry: number,
  byte: (at: number) => Expr,
  search: ReturnType<FunctionBuilder['loop']>,
): void {
  f.temporary('i32', (left) => {
    f.temporary('i32', (at) => {
      f.set(left, byte(encodingEntry.exceptions));
      const first = load(
        'i32.load16_u',
        local('i32', entry),
        tables.encodings + encodingEntry.firstException,
      );
      f.set(at, shl32(first, i32(3)));
      const done = f.block();
      const more = f.loop();
      f.branchIf(done, eqz32(local('i32', left)));
      const mask = load('i32.load', local('i32', at), tables.exceptions);
      const match = load('i32.load', local('i32', at), tables.exceptions + 4);
      f.branchIf(search, eq32(and32(word, mask), match));
      f.set(at, add32(local('i32', at), i32(8)));
      f.set(left, sub32(local('i32', left), i32(1)));
      f.branch(more);
      f.end();
      f.end();
    });
  });
}

/**
 * resolve(hart, record, budget) → as `InterpreterImports.resolve`. Decodes straight on behind the
 * instruction, up to a jump or what is known: that is executed next as a rule. Of a sequence the first's
 * record gets the handler for all. An instruction that goes on in the next page is decoded each time.
 */
export function generateResolve(
  tables: EncodingTables,
  decode: number,
  outside: number,
  xlen: RegisterWidth,
): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32', 'i32'], ['i32']);
  const [base, rec, budget] = [f.parameter(0), f.parameter(1), f.parameter(2)];
  const { isLong } = tables.set;
  const handler = f.newLocal('i32');
  const result = f.newLocal('i32');
  const at = f.newLocal('i32');
  const offset = f.newLocal('i32');
  const word = f.newLocal('i32');
  const length = f.newLocal('i32');
  const finder = new SequenceFinder(f, tables.sequences);
  const page = f.keep(load('i32.load', base, hart.recordPage));
  const code = f.keep(load('i32.load', page, record.code));
  f.set(at, rec);
  f.set(offset, shrU32(sub32(rec, page), i32(recordShift)));
  const over = f.block();
  f.branchIf(over, eqz32(code));
  const here = add32(code, local('i32', offset));
  const isLast = eq32(local('i32', offset), i32(pageBytes - 2));
  f.if(and32(isLast, isLong(load('i32.load16_u', here))));
  const second = halfOfNextPage(f, base, xlen, over);
  f.set(word, or32(load('i32.load16_u', here), shl32(second, i32(16))));
  f.set(result, callValue('i32', decode, rec, local('i32', word), local('i32', offset)));
  // Another page may be behind this one the next time.
  f.store('i32.store16', rec, i32(special.resolve), record.handler);
  f.set(handler, and32(local('i32', result), i32(decoded.handler)));
  f.branch(over);
  f.end();
  const next = f.loop();
  f.set(word, load('i32.load16_u', here));
  f.set(length, i32(2));
  f.if(isLong(local('i32', word)));
  f.branchIf(over, isLast);
  f.set(word, load('i32.load', here));
  f.set(length, i32(4));
  f.end();
  f.set(
    result,
    callValue('i32', decode, local('i32', at), local('i32', word), local('i32', offset)),
  );
  f.branchIf(over, eqz32(local('i32', result)));
  f.if(eqz32(local('i32', handler)));
  f.set(handler, and32(local('i32', result), i32(decoded.handler)));
  f.end();
  const number = and32(local('i32', result), i32(decoded.handler));
  finder.notice(local('i32', at), f.keep(number), local('i32', length));
  f.branchIf(over, ltU32(local('i32', result), i32(decoded.goesOn)));
  f.set(offset, add32(local('i32', offset), local('i32', length)));
  f.set(at, add32(local('i32', at), shl32(local('i32', length), i32(recordShift))));
  const known = load('i32.load16_u', local('i32', at), record.handler);
  // Behind the page are records that are never of this kind.
  f.branchIf(next, eq32(known, i32(special.resolve)));
  f.end(); // next
  f.end(); // over
  f.if(local('i32', handler));
  f.return(local('i32', handler));
  f.end();
  callValue('i32', outside, base, rec, budget).emit(f);
  return f;
}

/** The first two bytes of the page behind the one being executed, if the fetch TLB leads there. */
function halfOfNextPage(
  f: FunctionBuilder,
  base: Expr,
  xlen: RegisterWidth,
  isUnknown: Label,
): Expr {
  const behind = add(load('i64.load', base, hart.pageAddress), i64(pageBytes));
  const page = fetchEntryOf(f, load('i32.load', base, hart.tlbSet), f.keep(inWidth(xlen, behind)));
  f.branchIf(isUnknown, eqz32(page.isThere));
  const code = f.keep(load('i32.load', page.records, record.code));
  f.branchIf(isUnknown, eqz32(code));
  return load('i32.load16_u', code);
}
