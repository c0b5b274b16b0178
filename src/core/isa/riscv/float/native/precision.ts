/**
 * What native forms of floating-point rows are made of. A native form gives up unless it is sure of
 * result and flags: the row's exact arithmetic then does it. Sure it can be while the host rounds as
 * the guest asks, to nearest with ties to even, and while at most inexact can be raised, which either
 * has been raised before (`floatUnit.steady`) or is shown not to arise.
 */
import { floatUnit } from '../../../../engine/layout.ts';
import type { GiveUp, SemanticContext } from '../../../../engine/semantics.ts';
import {
  add32,
  and32,
  eqz32,
  i32,
  i64,
  ltS32,
  ltU,
  ltU32,
  or,
  or32,
  shl,
  shl32,
  sub,
  sub32,
  wrap,
  zeroExtend,
  type Expr,
} from '../../../../wasm/expression.ts';
import {
  asDouble,
  asSingle,
  demote,
  doubleBits,
  f32,
  f64,
  promote,
  singleBits,
  type FloatOperators,
} from '../../../../wasm/floatExpression.ts';

export type Source = 'rs1' | 'rs2' | 'rs3';
export type Native = (c: SemanticContext, giveUpIf: GiveUp) => void;

/** One of the two formats that the host has too. */
export interface Precision {
  readonly ops: FloatOperators;
  /** The value of a source; one that is not boxed counts as NaN, which is given up. */
  readonly read: (c: SemanticContext, giveUpIf: GiveUp, source: Source) => Expr;
  /** The register's bits for a value. */
  readonly bits: (value: Expr) => Expr;
  /**
   * The magnitude is above the least normal number and finite. The least one itself may have been
   * rounded up to, and was tiny then.
   */
  readonly isNormal: (value: Expr) => Expr;
  /** A NaN whose quiet bit is not set. */
  readonly isSignaling: (value: Expr) => Expr;
  readonly asDouble: (value: Expr) => Expr;
  readonly ofDouble: (value: Expr) => Expr;
  /** The least normal number. */
  readonly least: number;
}

const boxed = 0xffff_ffff_0000_0000n;

export const nativeSingle: Precision = {
  ops: f32,
  read: (c, giveUpIf, source) => {
    const bits = c.keep(c[source]());
    giveUpIf(ltU(bits, i64(boxed)));
    return c.keep(asSingle(wrap(bits)));
  },
  bits: (value) => or(zeroExtend(singleBits(value)), i64(boxed)),
  // The sign is shifted out; what is left lies in one interval.
  isNormal: (value) => {
    const magnitude = shl32(singleBits(value), i32(1));
    return ltU32(sub32(magnitude, i32(0x0100_0001)), i32(0xff00_0000 - 0x0100_0001));
  },
  isSignaling: (value) => {
    const magnitude = shl32(singleBits(value), i32(1));
    return ltU32(sub32(magnitude, i32(0xff00_0002)), i32(0x007f_fffe));
  },
  asDouble: promote,
  ofDouble: demote,
  least: 2 ** -126,
};

export const nativeDouble: Precision = {
  ops: f64,
  read: (c, _giveUpIf, source) => c.keep(asDouble(c[source]())),
  bits: doubleBits,
  isNormal: (value) => {
    const least = 0x0020_0000_0000_0001n;
    const magnitude = shl(doubleBits(value), i64(1));
    return ltU(sub(magnitude, i64(least)), i64(0xffe0_0000_0000_0000n - least));
  },
  isSignaling: (value) => {
    const magnitude = shl(doubleBits(value), i64(1));
    return ltU(sub(magnitude, i64(0xffe0_0000_0000_0002n)), i64(0x000f_ffff_ffff_fffen));
  },
  asDouble: (value) => value,
  ofDouble: (value) => value,
  least: 2 ** -1022,
};

/** Rounds to nearest, ties to even: by the field or by the unit. Gives the unit's state. */
export function needNearest(c: SemanticContext, giveUpIf: GiveUp): Expr {
  const unit = c.keep(c.floatUnit());
  // RNE is 0 and DYN 7: one more than either has no bit but the lowest among three.
  const other = and32(add32(c.roundingField(), i32(1)), i32(6));
  giveUpIf(or32(ltS32(unit, i32(floatUnit.nearest)), other));
  return unit;
}

/** The unit is in a state or beyond it. */
export function need(c: SemanticContext, giveUpIf: GiveUp, state: number): void {
  giveUpIf(ltS32(c.floatUnit(), i32(state)));
}

/** Gives up if inexact would be raised for the first time; the condition is not asked otherwise. */
export function exactUnlessSteady(
  c: SemanticContext,
  giveUpIf: GiveUp,
  unit: Expr,
  inexact: () => Expr,
): void {
  c.when(ltS32(unit, i32(floatUnit.steady)), () => giveUpIf(inexact()));
}

export const not = eqz32;

/** Neither infinite nor NaN. */
export const isFinite = ({ ops }: Precision, value: Expr): Expr =>
  ops.lt(ops.abs(value), ops.constant(Infinity));

/** What rounding took from `sum`, which is a + b rounded (Knuth's TwoSum): exact if finite. */
export function restOfSum(
  c: SemanticContext,
  { ops }: Precision,
  a: Expr,
  b: Expr,
  sum: Expr,
): Expr {
  const partOfB = c.keep(ops.sub(sum, a));
  const partOfA = ops.sub(sum, partOfB);
  return c.keep(ops.add(ops.sub(a, partOfA), ops.sub(b, partOfB)));
}
