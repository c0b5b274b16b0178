/**
 * Pairs of instructions that often follow one another. The record of the first says so, by a handler
 * that carries out both: one jump to a handler, which the host hardly foresees in code that runs
 * seldom, is one for two instructions then. Nothing relies on it: the record of the second is as it
 * always is, and what it says is looked at before.
 */
import { add32, i32, load, mul32, shl32, type Expr } from '../wasm/expression.ts';

/** By handler number. */
export interface NumberedPair {
  readonly first: number;
  readonly second: number;
  /** Of the handler that carries out both. */
  readonly both: number;
}

/** Where in memory the tables are that `packPairs` made. */
export interface PairTables {
  /** By handler number a byte: which first of a pair it is, and which second; 0 for none. */
  readonly firsts: number;
  readonly seconds: number;
  /** By first and second, 16 bits: the number of the handler for both, or 0. */
  readonly both: number;
  readonly secondsCount: number;
}

export interface PackedPairs {
  readonly firsts: Uint8Array;
  readonly seconds: Uint8Array;
  readonly both: Uint8Array;
  /** Of distinct seconds, with the one that is none. */
  readonly secondsCount: number;
}

/** Tables for handler numbers below `end`. */
export function packPairs(pairs: readonly NumberedPair[], end: number): PackedPairs {
  const numbered = (numbers: readonly number[]): Uint8Array => {
    const table = new Uint8Array(end);
    [...new Set(numbers)].forEach((number, i) => (table[number] = i + 1));
    return table;
  };
  const firsts = numbered(pairs.map((pair) => pair.first));
  const seconds = numbered(pairs.map((pair) => pair.second));
  const secondsCount = Math.max(...seconds) + 1;
  const both = new Uint16Array((Math.max(...firsts) + 1) * secondsCount);
  for (const pair of pairs) {
    both[firsts[pair.first]! * secondsCount + seconds[pair.second]!] = pair.both;
  }
  return { firsts, seconds, both: new Uint8Array(both.buffer), secondsCount };
}

/** Number of the handler for two instructions, given the numbers of theirs; 0 where they are no pair. */
export function numberOfBoth(tables: PairTables, first: Expr, second: Expr): Expr {
  const row = mul32(load('i32.load8_u', first, tables.firsts), i32(tables.secondsCount));
  const place = add32(row, load('i32.load8_u', second, tables.seconds));
  return load('i32.load16_u', shl32(place, i32(1)), tables.both);
}
