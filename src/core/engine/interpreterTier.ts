/**
 * What an interpreter does to work with the translator: counters of jumps, and entry to regions. A
 * region is entered like an instruction, by its record, and interpreted code goes on where it ends.
 */
import {
  add,
  add32,
  and32,
  eq,
  eq32,
  eqz32,
  i32,
  i64,
  load,
  local,
  ltS32,
  shrU32,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder, FunctionType, Label } from '../wasm/functionBuilder.ts';
import { hart, hotWord, nowhere, record, regionExit, shared, special } from './layout.ts';
import type { LoopState } from './loopState.ts';
import { pcOf } from './recordPc.ts';

/** region(hart, pc, budget, depth) → pc, remaining budget. */
export const regionType: FunctionType = {
  parameters: ['i32', 'i64', 'i32', 'i32'],
  results: ['i64', 'i32'],
};

/** So many calls of the guest may be calls of regions at once; deeper ones begin anew. */
export const callDepth = 200;

/** One more jump led to a record. */
export function countEntry(f: FunctionBuilder, hot: number, state: LoopState): void {
  const { base, record: rec } = state;
  f.temporary('i32', (word) => {
    f.set(word, add32(load('i32.load', rec, record.hot), i32(1)));
    // Where a region begins the word is negative.
    f.if(eqz32(ltS32(local('i32', word), i32(0))));
    f.store('i32.store', rec, local('i32', word), record.hot);
    f.if(eqz32(and32(local('i32', word), load('i32.load', i32(0), shared.hotMask))));
    state.around(() => f.call(hot, base, rec));
    f.end();
    f.end();
  });
}

/** A region was left for a place where another begins: some such ways should be inside one. */
export function countTransfer(f: FunctionBuilder, hot: number, state: LoopState): void {
  const { base, record: rec } = state;
  f.if(load('i32.load', base, hart.exitSite));
  f.temporary('i32', (word) => {
    f.set(word, add32(load('i32.load', base, hart.transfers), i32(1)));
    f.store('i32.store', base, local('i32', word), hart.transfers);
    f.if(eqz32(and32(local('i32', word), i32(transferPeriod - 1))));
    state.around(() => f.call(hot, base, rec));
    f.end();
  });
  f.end();
}

const transferPeriod = 1024;

export interface RegionEntry {
  readonly state: LoopState;
  /** A local. */
  readonly handler: number;
  /** Runs the handler whose number is in `handler`. */
  readonly dispatch: Label;
  readonly next: Label;
  /** Ends the run; pc is saved. */
  readonly left: Label;
  readonly goTo: (pc: Expr) => void;
  /** Counts that a jump led to the record that is now set, and goes on there. */
  readonly jumped: Label;
  readonly countTransfer: () => void;
  /** Tells the translator that a region, in `exitSite`, was left because it assumed too much. */
  readonly surprise: () => void;
}

export function enterRegion(f: FunctionBuilder, typeIndex: number, entry: RegionEntry): void {
  const {
    state,
    handler,
    dispatch,
    next,
    left,
    goTo,
    jumped,
    countTransfer: transfer,
    surprise,
  } = entry;
  const { base, record: rec } = state;
  const word = load('i32.load', rec, record.hot);
  const index = and32(shrU32(word, i32(hotWord.indexShift)), i32(hotWord.indexMask));
  f.store('i32.store', base, i32(regionExit.goOn), hart.regionExit);
  f.store('i32.store', base, i32(0), hart.exitSite);
  countUp(f, base, hart.regionEntries);
  f.temporary('i64', (pc) => {
    f.temporary('i32', (left) => {
      state.around(() => {
        f.callIndirect(typeIndex, index, base, pcOf(base, rec), state.budget, i32(callDepth));
        f.setFromStack(left);
        f.setFromStack(pc);
      });
      state.setRetired(local('i32', left));
    });
    f.branchIf(left, eq(local('i64', pc), i64(nowhere)));
    goTo(local('i64', pc));
  });
  f.if(eq32(load('i32.load', base, hart.regionExit), i32(regionExit.goOn)));
  f.branchIf(jumped, eqz32(ltS32(load('i32.load', rec, record.hot), i32(0))));
  transfer();
  f.branch(next);
  f.end();
  countUp(f, base, hart.regionLeaves);
  f.if(load('i32.load', base, hart.exitSite));
  surprise();
  f.end();
  f.set(handler, load('i32.load16_u', rec, record.handler));
  f.if(eq32(local('i32', handler), i32(special.translated)));
  f.set(handler, load('i32.load16_u', rec, record.hot));
  f.end();
  f.branch(dispatch);
}

function countUp(f: FunctionBuilder, base: Expr, counter: number): void {
  f.store('i64.store', base, add(load('i64.load', base, counter), i64(1)), counter);
}
