/**
 * Native addition, multiplication, division, square root and their fusion, after
 * `../arithmetic.ts`. That a result was exact follows from error-free transformations.
 */
import { floatUnit } from '../../../../engine/layout.ts';
import type { GiveUp, SemanticContext } from '../../../../engine/semantics.ts';
import {
  add,
  and,
  and32,
  ctz,
  eq,
  i32,
  i64,
  ltS32,
  ltU,
  or,
  or32,
  select,
  shrS,
  xor,
  type Expr,
} from '../../../../wasm/expression.ts';
import { asDouble, demote, doubleBits, f64, promote } from '../../../../wasm/floatExpression.ts';
import { multiplyAdd } from '../../../../wasm/fusedMultiplyAdd.ts';
import {
  exactUnlessSteady,
  isFinite,
  nativeDouble,
  nativeSingle,
  needNearest,
  not,
  restOfSum,
  type Native,
  type Precision,
} from './precision.ts';

/** A sum that is subnormal or zero is exact (Hauser 1996), so only overflow has to be looked for. */
export const sum =
  (p: Precision, subtracts: boolean): Native =>
  (c, giveUpIf) => {
    const unit = needNearest(c, giveUpIf);
    const a = p.read(c, giveUpIf, 'rs1');
    const second = p.read(c, giveUpIf, 'rs2');
    const b = subtracts ? c.keep(p.ops.neg(second)) : second;
    const result = c.keep(p.ops.add(a, b));
    giveUpIf(not(isFinite(p, result)));
    exactUnlessSteady(c, giveUpIf, unit, () => isNonzero(p, restOfSum(c, p, a, b, result)));
    c.wrWide(p.bits(result));
  };

export const product =
  (p: Precision): Native =>
  (c, giveUpIf) => {
    const unit = needNearest(c, giveUpIf);
    const a = p.read(c, giveUpIf, 'rs1');
    const b = p.read(c, giveUpIf, 'rs2');
    const result = c.keep(p.ops.mul(a, b));
    // Zero times what is finite is exact, and anything else outside of the range is rare.
    c.when(not(p.isNormal(result)), () => {
      giveUpIf(or32(isNonzero(p, result), and32(isNonzero(p, a), isNonzero(p, b))));
    });
    exactUnlessSteady(c, giveUpIf, unit, () => not(isProduct(p, a, b, result)));
    c.wrWide(p.bits(result));
  };

export const quotient =
  (p: Precision): Native =>
  (c, giveUpIf) => {
    const unit = needNearest(c, giveUpIf);
    const a = p.read(c, giveUpIf, 'rs1');
    const b = p.read(c, giveUpIf, 'rs2');
    const result = c.keep(p.ops.div(a, b));
    // A normal result has operands that are finite and not zero; zero over zero is NaN.
    c.when(not(p.isNormal(result)), () => {
      giveUpIf(or32(isNonzero(p, result), isNonzero(p, a)));
    });
    exactUnlessSteady(c, giveUpIf, unit, () => not(isProduct(p, result, b, a)));
    c.wrWide(p.bits(result));
  };

export const root =
  (p: Precision): Native =>
  (c, giveUpIf) => {
    const unit = needNearest(c, giveUpIf);
    const a = p.read(c, giveUpIf, 'rs1');
    // −0, which is its own square root, is not less than 0.
    giveUpIf(not(and32(p.ops.ge(a, p.ops.constant(0)), isFinite(p, a))));
    const result = c.keep(p.ops.sqrt(a));
    exactUnlessSteady(c, giveUpIf, unit, () => not(isProduct(p, result, result, a)));
    c.wrWide(p.bits(result));
  };

/** Which of product and addend are negated. */
export interface FusedSigns {
  readonly product: boolean;
  readonly addend: boolean;
}

/** The product of two singles is exact as a double: one sum and one rounding more are left. */
export const fusedSingle =
  (signs: FusedSigns): Native =>
  (c, giveUpIf) => {
    const unit = needNearest(c, giveUpIf);
    const [a, b, addend] = fusedOperands(nativeSingle, signs, c, giveUpIf).map(promote);
    const exactProduct = c.keep(f64.mul(a!, b!));
    const third = c.keep(addend!);
    const wide = c.keep(f64.add(exactProduct, third));
    const rest = (): Expr => restOfSum(c, nativeDouble, exactProduct, third, wide);
    // Rounding twice differs from rounding once only where the first result lies half way between
    // two singles and was not exact itself.
    const belowSingle = and(doubleBits(wide), i64((1n << 29n) - 1n));
    c.when(eq(belowSingle, i64(1n << 28n)), () => giveUpIf(isNonzero(nativeDouble, rest())));
    const result = c.keep(demote(wide));
    c.when(not(nativeSingle.isNormal(result)), () => giveUpIf(isNonzero(nativeDouble, wide)));
    exactUnlessSteady(c, giveUpIf, unit, () =>
      or32(isNonzero(nativeDouble, rest()), f64.ne(promote(result), wide)),
    );
    c.wrWide(nativeSingle.bits(result));
  };

/** By the host's own where it has one, which does not say whether its result is exact. */
export const fusedDouble =
  (signs: FusedSigns): Native =>
  (c, giveUpIf) => {
    const p = nativeDouble;
    const unit = needNearest(c, giveUpIf);
    const operands = fusedOperands(p, signs, c, giveUpIf);
    const isUnsteady = ltS32(unit, i32(floatUnit.steady));
    const inSteps = (): void => fusedInSteps(c, giveUpIf, isUnsteady, operands);
    if (!c.fuses) {
      inSteps();
      return;
    }
    c.when(isUnsteady, inSteps, () => {
      const result = c.keep(multiplyAdd(...operands));
      c.when(
        p.isNormal(result),
        () => c.wrWide(p.bits(result)),
        () => sumWithoutProduct(c, giveUpIf, operands),
      );
    });
  };

type FusedOperands = readonly [a: Expr, b: Expr, addend: Expr];

/**
 * The product as an unevaluated sum of two doubles (Dekker). Where a step overflows the result is no
 * number, and is given up; where the product is too small for its error to be a double, too.
 */
function fusedInSteps(
  c: SemanticContext,
  giveUpIf: GiveUp,
  isUnsteady: Expr,
  operands: FusedOperands,
): void {
  const p = nativeDouble;
  const [a, b, addend] = operands;
  const high = c.keep(f64.mul(a, b));
  const isLarge = f64.ge(f64.abs(high), f64.constant(2 ** -960));
  const write = (result: Expr): void => {
    giveUpIf(not(p.isNormal(result)));
    c.wrWide(p.bits(result));
  };
  c.when(
    isLarge,
    () => {
      const low = restOfProduct(c, a, b, high);
      const { least, most } = boundsOfSum(c, high, low, addend);
      c.when(
        or32(isUnsteady, f64.ne(least, most)),
        () => {
          const { result, isExact } = roundedSum(c, high, low, addend);
          c.when(isUnsteady, () => giveUpIf(not(isExact)));
          write(result);
        },
        () => write(least),
      );
    },
    () => sumWithoutProduct(c, giveUpIf, operands),
  );
}

/** A product that is zero is exact, and so is then the sum. */
function sumWithoutProduct(
  c: SemanticContext,
  giveUpIf: GiveUp,
  [a, b, addend]: FusedOperands,
): void {
  const p = nativeDouble;
  giveUpIf(and32(isNonzero(p, a), isNonzero(p, b)));
  const result = c.keep(f64.add(f64.mul(a, b), addend));
  giveUpIf(not(isFinite(p, result)));
  c.wrWide(p.bits(result));
}

/**
 * Between these rounded numbers lies a + b + x, rounded, for a sum a + b that does not overlap: what
 * is left after the first addition is known to 53 bits, and taken two bits too small and too large
 * (as in Ziv, "Fast evaluation of elementary mathematical functions with correctly rounded last bit",
 * 1991). They differ only around half way cases.
 */
function boundsOfSum(c: SemanticContext, a: Expr, b: Expr, x: Expr): { least: Expr; most: Expr } {
  const sum = c.keep(f64.add(a, x));
  const rest = c.keep(f64.add(restOfSum(c, nativeDouble, a, x, sum), b));
  const margin = c.keep(f64.mul(rest, f64.constant(2 ** -51)));
  return {
    least: c.keep(f64.add(sum, f64.sub(rest, margin))),
    most: f64.add(sum, f64.add(rest, margin)),
  };
}

/**
 * The same sum in all cases, by rounding to odd before the last addition (Boldo and Melquiond,
 * "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
 */
function roundedSum(
  c: SemanticContext,
  a: Expr,
  b: Expr,
  x: Expr,
): { result: Expr; isExact: Expr } {
  const p = nativeDouble;
  const lowSum = c.keep(f64.add(x, b));
  const lowRest = restOfSum(c, p, x, b, lowSum);
  const highSum = c.keep(f64.add(a, lowSum));
  const highRest = restOfSum(c, p, a, lowSum, highSum);
  const rests = c.keep(f64.add(lowRest, highRest));
  const lost = restOfSum(c, p, lowRest, highRest, rests);
  const odd = roundedToOdd(c, rests, lost);
  const result = c.keep(f64.add(highSum, odd));
  const lostAtLast = restOfSum(c, p, highSum, odd, result);
  const isExact = not(or32(isNonzero(p, lost), isNonzero(p, lostAtLast)));
  return { result, isExact };
}

function fusedOperands(
  p: Precision,
  { product: negatesProduct, addend: negatesAddend }: FusedSigns,
  c: SemanticContext,
  giveUpIf: GiveUp,
): FusedOperands {
  const a = p.read(c, giveUpIf, 'rs1');
  const b = p.read(c, giveUpIf, 'rs2');
  const addend = p.read(c, giveUpIf, 'rs3');
  return [
    negatesProduct ? c.keep(p.ops.neg(a)) : a,
    b,
    negatesAddend ? c.keep(p.ops.neg(addend)) : addend,
  ];
}

/** What rounding took from a × b, which neither over- nor underflows. */
function restOfProduct(c: SemanticContext, a: Expr, b: Expr, rounded: Expr): Expr {
  const [a1, a0] = halves(c, a);
  const [b1, b0] = halves(c, b);
  const { add: plus, sub, mul } = f64;
  const most = plus(plus(sub(mul(a1, b1), rounded), mul(a1, b0)), mul(a0, b1));
  return c.keep(plus(most, mul(a0, b0)));
}

/** A double as the sum of two with 26 bits each (Veltkamp). */
function halves(c: SemanticContext, x: Expr): [Expr, Expr] {
  const scaled = c.keep(f64.mul(x, f64.constant(2 ** 27 + 1)));
  const high = c.keep(f64.sub(scaled, f64.sub(scaled, x)));
  return [high, c.keep(f64.sub(x, high))];
}

/** Of the two neighbours of a sum that is not exact, the one whose last bit is set. */
function roundedToOdd(c: SemanticContext, nearest: Expr, rest: Expr): Expr {
  const bits = c.keep(doubleBits(nearest));
  // Away from zero if what is missing has the same sign.
  const step = or(shrS(xor(bits, doubleBits(rest)), i64(63)), i64(1));
  const isEven = eq(and(bits, i64(1)), i64(0));
  const changes = and32(isEven, isNonzero(nativeDouble, rest));
  return c.keep(asDouble(select(add(bits, step), bits, changes)));
}

/** True for NaN too. */
const isNonzero = ({ ops }: Precision, value: Expr): Expr => ops.ne(value, ops.constant(0));

/**
 * Whether `whole` is exactly a × b, for numbers that are all normal or zero. Of singles the product
 * is exact as a double; of doubles it is where their significands together have at most 53 bits, and
 * anything beyond that is not looked at.
 */
function isProduct(p: Precision, a: Expr, b: Expr, whole: Expr): Expr {
  if (p === nativeSingle) return f64.eq(f64.mul(promote(a), promote(b)), promote(whole));
  const trailing = (x: Expr): Expr => ctz(or(doubleBits(x), i64(1n << 52n)));
  const isShort = ltU(i64(52), add(trailing(a), trailing(b)));
  const isNormal = p.isNormal(whole);
  const isZero = f64.eq(whole, f64.constant(0));
  return and32(and32(isShort, f64.eq(f64.mul(a, b), whole)), or32(isNormal, isZero));
}
