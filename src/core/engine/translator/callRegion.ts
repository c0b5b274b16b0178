/** A guest's call as a WebAssembly call of the region that begins where it leads. */
import {
  and32,
  eqz32,
  i32,
  load,
  local,
  ltS32,
  ne,
  shrU32,
  sub32,
  type Expr,
} from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import { hart, hotWord, record } from '../layout.ts';
import type { CodeLookup } from './codeLookup.ts';

export interface CallPlace {
  readonly f: FunctionBuilder;
  readonly base: Expr;
  readonly pc: Expr;
  readonly budget: Expr;
  readonly depth: Expr;
  /** Locals of the former. */
  readonly parameters: { readonly pc: number; readonly budget: number };
  readonly lookup: CodeLookup;
  /** Number of the calling region. */
  readonly number: number;
  readonly typeIndex: number;
}

/** Calls the region at `pc`, whose record is `hotAt` if known. Control comes here again at `back` only. */
export function callRegion(
  { f, base, pc, budget, depth, parameters, lookup, number, typeIndex }: CallPlace,
  hotAt: number | undefined,
  back: Expr,
  returnToCaller: () => void,
): void {
  const word = f.newLocal('i32');
  if (hotAt === undefined) lookup.hotWord(word, pc);
  else f.set(word, load('i32.load', i32(hotAt), record.hot));
  // Without a region, or too deep: the interpreter goes on at pc.
  const found = f.block();
  const leave = f.block();
  f.branchIf(leave, eqz32(ltS32(local('i32', word), i32(0))));
  f.branchIf(found, depth);
  f.end();
  f.store('i32.store', base, i32(number), hart.exitSite);
  returnToCaller();
  f.end();
  const index = and32(shrU32(local('i32', word), i32(hotWord.indexShift)), i32(hotWord.indexMask));
  f.callIndirect(typeIndex, index, base, pc, budget, sub32(depth, i32(1)));
  f.setFromStack(parameters.budget);
  f.setFromStack(parameters.pc);
  f.if(ne(pc, back));
  returnToCaller();
  f.end();
}
