/**
 * Instructions that often follow one another. The record of the first leads to a handler that
 * carries out all of them: one jump to a handler, which the host hardly foresees in code that runs
 * seldom, is one for up to four instructions then. The records of the others stay as they are, and
 * are not asked what they are: where one of them changes, the first is decoded anew (`CodePages`).
 */
import { assert } from '../base/assert.ts';
import {
  add32,
  i32,
  load,
  local,
  mul32,
  or32,
  select,
  shl32,
  shrU32,
  type Expr,
} from '../wasm/expression.ts';
import type { FunctionBuilder } from '../wasm/functionBuilder.ts';
import { record } from './layout.ts';
import type { EngineRow } from './semantics.ts';

/** What a sequence is made of: an instruction, or one of several that one code carries out. */
export interface Step {
  readonly name: string;
  readonly row: EngineRow;
  /** Of the handlers whose instructions it stands for. */
  readonly numbers: readonly number[];
  /** Of the handler for it alone in the shorter length, and how far from there the longer is. */
  readonly alone: number;
  readonly perLong: number;
}

export interface Sequence {
  readonly steps: readonly Step[];
  /** Of its handlers' numbers the first; of their distance to it bit n says that the n-th is long. */
  readonly base: number;
}

export const mostSteps = 4;
/** From the first byte of a sequence to that of its last instruction at most. */
export const sequenceReach = (mostSteps - 1) * 4;

/** Where in memory the tables are that `packSequences` made. */
export interface SequenceTables {
  /** By handler number a byte: which step it is, 0 for none. */
  readonly steps: number;
  /** By what has come and the next step, a byte: what has come then. It is 0 where nothing has. */
  readonly ways: number;
  readonly stepCount: number;
  /** By what has come, 16 bits: the `base` of that sequence. */
  readonly bases: number;
}

export interface PackedSequences {
  readonly steps: Uint8Array;
  readonly ways: Uint8Array;
  readonly bases: Uint8Array;
  /** With the one that is none. */
  readonly stepCount: number;
}

/** Tables for handler numbers below `end`. */
export function packSequences(sequences: readonly Sequence[], end: number): PackedSequences {
  const distinct = [...new Set(sequences.flatMap(({ steps }) => steps))];
  const steps = new Uint8Array(end);
  distinct.forEach(({ numbers }, i) => numbers.forEach((number) => (steps[number] = i + 1)));
  const none = Array<number>(distinct.length + 1).fill(0);
  const ways = [[...none]];
  const bases = [0];
  for (const { steps: list, base } of sequences) {
    let at = 0;
    for (const each of list) {
      const step = distinct.indexOf(each) + 1;
      let next = ways[at]![step]!;
      if (next === 0) {
        next = ways.push([...none]) - 1;
        ways[at]![step] = next;
      }
      at = next;
    }
    bases[at] = base;
  }
  assert(ways.length <= 256 && distinct.length < 256, 'too many sequences for bytes');
  return {
    steps,
    ways: Uint8Array.from(ways.flat()),
    bases: new Uint8Array(Uint16Array.from(ways, (_, i) => bases[i] ?? 0).buffer),
    stepCount: none.length,
  };
}

/** What generated code that decodes remembers of the instructions before. */
export class SequenceFinder {
  private readonly f: FunctionBuilder;
  private readonly tables: SequenceTables;
  /** Record of the first instruction, and what has come since; that is 0 where nothing has. */
  private readonly first: number;
  private readonly came: number;
  /** Of the instructions: bits of their lengths, and how many there are. */
  private readonly bits: number;
  private readonly count: number;

  constructor(f: FunctionBuilder, tables: SequenceTables) {
    this.f = f;
    this.tables = tables;
    this.first = f.newLocal('i32');
    this.came = f.newLocal('i32');
    this.bits = f.newLocal('i32');
    this.count = f.newLocal('i32');
  }

  /** An instruction of 2 or 4 bytes was decoded, behind the one before. */
  notice(rec: Expr, number: Expr, length: Expr): void {
    const { f, tables } = this;
    const came = local('i32', this.came);
    const bits = local('i32', this.bits);
    const count = local('i32', this.count);
    const step = f.keep(load('i32.load8_u', number, tables.steps));
    const after = (what: Expr): Expr =>
      load('i32.load8_u', add32(mul32(what, i32(tables.stepCount)), step), tables.ways);
    const isLong = shrU32(length, i32(2));
    f.temporary('i32', (next) => {
      const longer = local('i32', next);
      f.set(next, select(after(came), i32(0), came));
      f.if(longer);
      f.set(this.bits, or32(bits, shl32(isLong, count)));
      f.set(this.count, add32(count, i32(1)));
      const base = load('i32.load16_u', shl32(longer, i32(1)), tables.bases);
      f.store('i32.store16', local('i32', this.first), add32(base, bits), record.handler);
      f.else();
      f.set(next, after(i32(0)));
      f.set(this.first, rec);
      f.set(this.bits, isLong);
      f.set(this.count, i32(1));
      f.end();
      f.set(this.came, longer);
    });
  }
}
