/**
 * Accesses to control registers that, in the mode that the hart is in, always succeed and do nothing
 * besides: regions of that mode make them by themselves.
 */
import { and, i64, load, or, xor, type Expr } from '../../wasm/expression.ts';
import type { FunctionBuilder } from '../../wasm/functionBuilder.ts';
import type { RowFacts } from './rowFacts.ts';

/** An access of 64 bits in the hart's area; what is there before is what rd becomes. */
export interface ControlWord {
  /** In the hart's area. */
  readonly offset: number;
  readonly how: 'read' | 'write' | 'set' | 'clear';
  /** Other bits read as 0, and stay as they are. */
  readonly readable: bigint;
  readonly writable: bigint;
  /** Taken instead of rs1. */
  readonly immediate: number | undefined;
}

/** What the translator needs to know of the instruction. */
export const factsOfWord = (facts: RowFacts, { how, immediate }: ControlWord): RowFacts => ({
  ...facts,
  flow: 'next',
  readsRs1: how !== 'read' && immediate === undefined,
  writesRd: true,
});

const all64 = 0xffff_ffff_ffff_ffffn;
const masked = (value: Expr, mask: bigint): Expr =>
  mask === all64 ? value : and(value, i64(mask));

/** Makes the access; gives what was read, to be used once. */
export function accessWord(
  f: FunctionBuilder,
  base: Expr,
  { offset, how, readable, writable, immediate }: ControlWord,
  rs1: () => Expr,
): Expr {
  const stored = f.keep(load('i64.load', base, offset));
  const old = masked(stored, readable);
  if (how === 'read') return old;
  const source = immediate === undefined ? rs1() : i64(immediate);
  const value =
    how === 'write' ? source : how === 'set' ? or(old, source) : and(old, xor(source, i64(-1)));
  const kept = and(stored, i64(all64 ^ writable));
  const next = writable === all64 ? value : or(kept, and(value, i64(writable)));
  f.store('i64.store', base, next, offset);
  return old;
}
