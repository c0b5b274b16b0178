/** Native conversions between the formats, to and from integers, after `../convert.ts`. */
import { floatUnit } from '../../../../engine/layout.ts';
import type { GiveUp, SemanticContext } from '../../../../engine/semantics.ts';
import {
  add,
  and32,
  choose,
  eq32,
  eqz32,
  i32,
  i64,
  ltS32,
  ltU,
  signExtend,
  wrap,
  zeroExtend,
  type Expr,
} from '../../../../wasm/expression.ts';
import {
  f32OfI64,
  f32OfU64,
  f64,
  f64OfI32,
  f64OfI64,
  f64OfU32,
  f64OfU64,
  i64OfF64,
  u64OfF64,
} from '../../../../wasm/floatExpression.ts';
import { rounding, type RoundingMode } from '../environment.ts';
import {
  exactUnlessSteady,
  nativeDouble,
  nativeSingle,
  need,
  needNearest,
  not,
  type Native,
  type Precision,
} from './precision.ts';

/** Exact for all but NaN, though a dynamic mode that is reserved is illegal here too. */
export const widening: Native = (c, giveUpIf) => {
  need(c, giveUpIf, floatUnit.rounding);
  const a = nativeSingle.read(c, giveUpIf, 'rs1');
  const result = c.keep(nativeSingle.asDouble(a));
  giveUpIf(f64.ne(result, result));
  c.wrWide(nativeDouble.bits(result));
};

export const narrowing: Native = (c, giveUpIf) => {
  const unit = needNearest(c, giveUpIf);
  const a = nativeDouble.read(c, giveUpIf, 'rs1');
  const result = c.keep(nativeSingle.ofDouble(a));
  c.when(not(nativeSingle.isNormal(result)), () => giveUpIf(f64.ne(a, f64.constant(0))));
  exactUnlessSteady(c, giveUpIf, unit, () => f64.ne(nativeSingle.asDouble(result), a));
  c.wrWide(nativeSingle.bits(result));
};

/** The integers of that magnitude are all in the format. */
const exactIntegers = { f32: 1n << 24n, f64: 1n << 53n } as const;

export const fromInteger =
  (p: Precision, width: 32 | 64, signed: boolean): Native =>
  (c, giveUpIf) => {
    if (width === 32 && p === nativeDouble) {
      need(c, giveUpIf, floatUnit.rounding);
      const word = wrap(c.rs1());
      c.wrWide(p.bits(signed ? f64OfI32(word) : f64OfU32(word)));
      return;
    }
    const unit = needNearest(c, giveUpIf);
    const value = c.keep(width === 64 ? c.rs1() : signed ? word(c.rs1()) : unsignedWord(c.rs1()));
    exactUnlessSteady(c, giveUpIf, unit, () => {
      const most = exactIntegers[p.ops.type];
      const inRange = signed
        ? ltU(add(value, i64(most)), i64(2n * most + 1n))
        : ltU(value, i64(most + 1n));
      return eqz32(inRange);
    });
    const convert = {
      f32: signed ? f32OfI64 : f32OfU64,
      f64: signed ? f64OfI64 : f64OfU64,
    }[p.ops.type];
    c.wrWide(p.bits(convert(value)));
  };

/** A double rounded to an integral value as the instruction's field says, and the unit's state. */
function integral(c: SemanticContext, giveUpIf: GiveUp, a: Expr): { whole: Expr; unit: Expr } {
  const unit = c.keep(c.floatUnit());
  giveUpIf(ltS32(unit, i32(floatUnit.nearest)));
  const mode = c.keep(c.roundingField());
  const { floor, ceil, nearest } = f64;
  const towardsZero = c.keep(f64.trunc(a));
  const byMode: readonly (readonly [RoundingMode, Expr])[] = [
    [rounding.RTZ, towardsZero],
    [rounding.RDN, floor(a)],
    [rounding.RUP, ceil(a)],
    [rounding.RMM, withTiesAway(a, towardsZero)],
  ];
  const whole = byMode.reduceRight(
    (otherwise, [which, value]) => choose(eq32(mode, i32(which)), value, otherwise),
    nearest(a),
  );
  return { whole: c.keep(whole), unit };
}

/** What is cut off is exact. */
function withTiesAway(a: Expr, towardsZero: Expr): Expr {
  const rest = f64.abs(f64.sub(a, towardsZero));
  const further = f64.add(towardsZero, f64.copysign(f64.constant(1), a));
  return choose(f64.ge(rest, f64.constant(0.5)), further, towardsZero);
}

/** What is out of range is left to TypeScript. */
export const toInteger =
  (p: Precision, width: 32 | 64, signed: boolean): Native =>
  (c, giveUpIf) => {
    const a = c.keep(p.asDouble(p.read(c, giveUpIf, 'rs1')));
    const { whole, unit } = integral(c, giveUpIf, a);
    const [least, most] = signed ? [-(2 ** (width - 1)), 2 ** (width - 1)] : [0, 2 ** width];
    giveUpIf(not(and32(f64.ge(whole, f64.constant(least)), f64.lt(whole, f64.constant(most)))));
    exactUnlessSteady(c, giveUpIf, unit, () => f64.ne(whole, a));
    const value = width === 64 && !signed ? u64OfF64(whole) : i64OfF64(whole);
    // Words are sign-extended, unsigned ones too.
    c.wr(width === 32 && !signed ? word(value) : value);
  };

/** FCVTMOD.W.D of what does not need the modulus; its field is no rounding mode. */
export const toIntegerModular: Native = (c, giveUpIf) => {
  const unit = c.keep(c.floatUnit());
  giveUpIf(ltS32(unit, i32(floatUnit.dirty)));
  const a = nativeDouble.read(c, giveUpIf, 'rs1');
  const whole = c.keep(f64.trunc(a));
  giveUpIf(not(f64.lt(f64.abs(whole), f64.constant(2 ** 31))));
  exactUnlessSteady(c, giveUpIf, unit, () => f64.ne(whole, a));
  c.wr(i64OfF64(whole));
};

/** FROUND and FROUNDNX: an integral value next to a number is in its format too. */
export const toIntegral =
  (p: Precision, raisesInexact: boolean): Native =>
  (c, giveUpIf) => {
    const a = c.keep(p.asDouble(p.read(c, giveUpIf, 'rs1')));
    const { whole, unit } = integral(c, giveUpIf, a);
    giveUpIf(f64.ne(whole, whole));
    if (raisesInexact) exactUnlessSteady(c, giveUpIf, unit, () => f64.ne(whole, a));
    c.wrWide(p.bits(p.ofDouble(whole)));
  };

const word = (value: Expr): Expr => signExtend(wrap(value));
const unsignedWord = (value: Expr): Expr => zeroExtend(wrap(value));
