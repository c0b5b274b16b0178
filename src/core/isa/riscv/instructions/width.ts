/**
 * What a row of both register widths says where the width matters (see `SemanticContext`): on 64 bits
 * each of these is the plain 64-bit operation.
 */
import type { SemanticContext } from '../../../engine/semantics.ts';
import { and, i64, type Expr } from '../../../wasm/expression.ts';

type Unary = (a: Expr) => Expr;
type Binary = (a: Expr, b: Expr) => Expr;

/** A register's value as an unsigned number. */
export const unsigned = (c: SemanticContext, value: Expr): Expr =>
  c.xlen === 32 ? and(value, i64(0xffff_ffffn)) : value;

/** The bits of a shift amount that count. WebAssembly takes amounts modulo 64, as RV64 does. */
export const amount = (c: SemanticContext, value: Expr): Expr =>
  c.xlen === 32 ? and(value, i64(31)) : value;

/** The expression for registers of 32 bits, or that for 64. */
export const byWidth = <F extends Unary | Binary>(c: SemanticContext, narrow: F, wide: F): F =>
  c.xlen === 32 ? narrow : wide;
