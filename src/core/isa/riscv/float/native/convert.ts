/** Native conversions between the formats, to and from integers, after `../convert.ts`. */
import { floatUnit } from '../../../../engine/layout.ts';
import {
  add,
  add32,
  and32,
  eq32,
  eqz32,
  i32,
  i64,
  ltS32,
  ltU,
  or32,
  select,
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
import { rounding } from '../environment.ts';
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

/**
 * By the modes that compilers write: to nearest, and towards zero as C's conversions do. What is out
 * of range is left to TypeScript.
 */
export const toInteger =
  (p: Precision, width: 32 | 64, signed: boolean): Native =>
  (c, giveUpIf) => {
    const unit = c.keep(c.floatUnit());
    const mode = c.keep(c.roundingField());
    const isTruncated = eq32(mode, i32(rounding.RTZ));
    // RNE is 0 and DYN 7.
    const isNearest = eqz32(and32(add32(mode, i32(1)), i32(6)));
    giveUpIf(or32(ltS32(unit, i32(floatUnit.nearest)), eqz32(or32(isTruncated, isNearest))));
    const a = c.keep(p.asDouble(p.read(c, giveUpIf, 'rs1')));
    const whole = c.keep(select(f64.trunc(a), f64.nearest(a), isTruncated));
    const [least, most] = signed ? [-(2 ** (width - 1)), 2 ** (width - 1)] : [0, 2 ** width];
    giveUpIf(not(and32(f64.ge(whole, f64.constant(least)), f64.lt(whole, f64.constant(most)))));
    exactUnlessSteady(c, giveUpIf, unit, () => f64.ne(whole, a));
    const value = width === 64 && !signed ? u64OfF64(whole) : i64OfF64(whole);
    // Words are sign-extended, unsigned ones too.
    c.wr(width === 32 && !signed ? word(value) : value);
  };

const word = (value: Expr): Expr => signExtend(wrap(value));
const unsignedWord = (value: Expr): Expr => zeroExtend(wrap(value));
