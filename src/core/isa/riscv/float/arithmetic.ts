/**
 * Addition, multiplication, division, square root and their fusion (unprivileged manual, F,
 * single-precision computational instructions; IEEE 754-2019, 5.4.1 and 7). Results are computed
 * exactly and rounded once.
 */
import { flag, rounding, type FloatEnvironment } from './environment.ts';
import {
  exactOf,
  isInfinite,
  isNaN,
  isNegative,
  isSignaling,
  isZero,
  withSign,
  type Exact,
  type Format,
} from './format.ts';
import { roundToFormat } from './round.ts';

export function add(f: Format, a: bigint, b: bigint, e: FloatEnvironment): bigint {
  if (isNaN(f, a) || isNaN(f, b)) return nan(f, e, a, b);
  if (isInfinite(f, a)) return isInfinite(f, b) && a !== b ? invalid(f, e) : a;
  if (isInfinite(f, b)) return b;
  return sum(f, exactOf(f, a), exactOf(f, b), e);
}

export const subtract = (f: Format, a: bigint, b: bigint, e: FloatEnvironment): bigint =>
  add(f, a, isNaN(f, b) ? b : b ^ f.sign, e);

export function multiply(f: Format, a: bigint, b: bigint, e: FloatEnvironment): bigint {
  if (isNaN(f, a) || isNaN(f, b)) return nan(f, e, a, b);
  const negative = isNegative(f, a) !== isNegative(f, b);
  if (isInfinite(f, a) || isInfinite(f, b)) {
    return isZero(f, a) || isZero(f, b) ? invalid(f, e) : withSign(f, negative, f.infinity);
  }
  return roundToFormat(f, product(exactOf(f, a), exactOf(f, b)), e);
}

/**
 * a × b + c with one rounding. Infinity times zero is invalid even when c is a quiet NaN
 * (unprivileged manual, F: "must set the invalid operation exception flag when the multiplicands
 * are ∞ and zero, even when the addend is a quiet NaN").
 */
export function fuse(f: Format, a: bigint, b: bigint, c: bigint, e: FloatEnvironment): bigint {
  const hasNoProduct = (isInfinite(f, a) && isZero(f, b)) || (isZero(f, a) && isInfinite(f, b));
  if (hasNoProduct) return invalid(f, e);
  if (isNaN(f, a) || isNaN(f, b) || isNaN(f, c)) return nan(f, e, a, b, c);
  if (isInfinite(f, a) || isInfinite(f, b)) {
    const infinite = withSign(f, isNegative(f, a) !== isNegative(f, b), f.infinity);
    return isInfinite(f, c) && c !== infinite ? invalid(f, e) : infinite;
  }
  if (isInfinite(f, c)) return c;
  return sum(f, product(exactOf(f, a), exactOf(f, b)), exactOf(f, c), e);
}

export function divide(f: Format, a: bigint, b: bigint, e: FloatEnvironment): bigint {
  if (isNaN(f, a) || isNaN(f, b)) return nan(f, e, a, b);
  const negative = isNegative(f, a) !== isNegative(f, b);
  if (isInfinite(f, a)) {
    return isInfinite(f, b) ? invalid(f, e) : withSign(f, negative, f.infinity);
  }
  if (isInfinite(f, b)) return withSign(f, negative, 0n);
  if (isZero(f, b)) {
    if (isZero(f, a)) return invalid(f, e);
    e.flags |= flag.DZ;
    return withSign(f, negative, f.infinity);
  }
  const [x, y] = [exactOf(f, a), exactOf(f, b)];
  // Enough bits for the quotient to have two more than the precision whatever the operands are.
  const extra = 2 * f.fractionBits + 5;
  const dividend = x.significand << BigInt(extra);
  const quotient = dividend / y.significand;
  const inexact = quotient * y.significand !== dividend;
  const exponent = x.exponent - y.exponent - extra - 1;
  return roundToFormat(f, { negative, exponent, significand: withRest(quotient, inexact) }, e);
}

export function squareRoot(f: Format, a: bigint, e: FloatEnvironment): bigint {
  if (isNaN(f, a)) return nan(f, e, a);
  // The square root of −0 is −0.
  if (isZero(f, a)) return a;
  if (isNegative(f, a)) return invalid(f, e);
  if (isInfinite(f, a)) return a;
  const { exponent, significand } = exactOf(f, a);
  const extra = 2 * f.fractionBits + 6 + (exponent & 1);
  const radicand = significand << BigInt(extra);
  const root = integerRoot(radicand);
  const inexact = root * root !== radicand;
  const exact = {
    negative: false,
    exponent: (exponent - extra) / 2 - 1,
    significand: withRest(root, inexact),
  };
  return roundToFormat(f, exact, e);
}

/** The result of an operation on NaNs: canonical, and invalid if one of them is signaling. */
function nan(f: Format, e: FloatEnvironment, ...operands: readonly bigint[]): bigint {
  if (operands.some((x) => isSignaling(f, x))) e.flags |= flag.NV;
  return f.canonicalNaN;
}

function invalid(f: Format, e: FloatEnvironment): bigint {
  e.flags |= flag.NV;
  return f.canonicalNaN;
}

const product = (a: Exact, b: Exact): Exact => ({
  negative: a.negative !== b.negative,
  exponent: a.exponent + b.exponent,
  significand: a.significand * b.significand,
});

/** An exact sum of zero is +0, or −0 when rounding down, unless both terms are zeros of one sign. */
function sum(f: Format, a: Exact, b: Exact, e: FloatEnvironment): bigint {
  const exponent = Math.min(a.exponent, b.exponent);
  const total = signedAt(a, exponent) + signedAt(b, exponent);
  if (total === 0n) {
    const bothNegative = a.negative && b.negative;
    const oneNegative = a.negative || b.negative;
    const negative = bothNegative || (oneNegative && e.rounding === rounding.RDN);
    return withSign(f, negative, 0n);
  }
  const negative = total < 0n;
  return roundToFormat(f, { negative, exponent, significand: negative ? -total : total }, e);
}

function signedAt({ negative, exponent, significand }: Exact, unit: number): bigint {
  const aligned = significand << BigInt(exponent - unit);
  return negative ? -aligned : aligned;
}

/** One more bit, set when the number is not all there is. */
const withRest = (significand: bigint, inexact: boolean): bigint =>
  (significand << 1n) | (inexact ? 1n : 0n);

/** The largest integer whose square is not greater, by Newton's method from above. */
function integerRoot(n: bigint): bigint {
  const estimate = BigInt(Math.floor(Math.sqrt(Number(n))));
  let root = estimate + (estimate >> 50n) + 1n;
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
