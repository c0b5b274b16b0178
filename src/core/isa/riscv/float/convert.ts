/**
 * Conversions between formats, to and from integers, and to integral values (unprivileged manual,
 * F and D, conversion instructions; Zfa, round-to-integer and modular conversion instructions).
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
  type Format,
} from './format.ts';
import { roundBits, roundToFormat } from './round.ts';

/** From one format to another. */
export function convert(from: Format, to: Format, a: bigint, e: FloatEnvironment): bigint {
  if (isNaN(from, a)) return quieted(from, to, a, e);
  if (isInfinite(from, a)) return withSign(to, isNegative(from, a), to.infinity);
  return roundToFormat(to, exactOf(from, a), e);
}

/** Of a signed integer of any size. */
export function fromInteger(f: Format, value: bigint, e: FloatEnvironment): bigint {
  const negative = value < 0n;
  const significand = negative ? -value : value;
  return roundToFormat(f, { negative, exponent: 0, significand }, e);
}

/**
 * To an integer of `width` bits. What lies outside of its range, rounded, is invalid and gives the
 * nearest end of the range; a NaN gives the upper one. Inexact is not raised besides.
 */
export function toInteger(
  f: Format,
  a: bigint,
  width: 32 | 64,
  signed: boolean,
  e: FloatEnvironment,
): bigint {
  const bits = BigInt(width);
  const least = signed ? -(1n << (bits - 1n)) : 0n;
  const most = (1n << (signed ? bits - 1n : bits)) - 1n;
  if (isNaN(f, a) || isInfinite(f, a)) {
    e.flags |= flag.NV;
    return isInfinite(f, a) && isNegative(f, a) ? least : most;
  }
  const { value, inexact } = integral(f, a, e);
  if (value < least || value > most) {
    e.flags |= flag.NV;
    return value < least ? least : most;
  }
  if (inexact) e.flags |= flag.NX;
  return value;
}

/**
 * FCVTMOD.W.D: rounded towards zero, modulo 2^32; NaN and infinities give 0. Flags are those of
 * FCVT.W.D with the same operand.
 */
export function toIntegerModular(f: Format, a: bigint, e: FloatEnvironment): bigint {
  const towardsZero = { rounding: rounding.RTZ, flags: e.flags };
  toInteger(f, a, 32, true, towardsZero);
  e.flags = towardsZero.flags;
  if (isNaN(f, a) || isInfinite(f, a)) return 0n;
  return BigInt.asIntN(32, integral(f, a, towardsZero).value);
}

/** FROUND and FROUNDNX: an integral value in the same format; only the latter raises inexact. */
export function roundToIntegral(
  f: Format,
  a: bigint,
  raisesInexact: boolean,
  e: FloatEnvironment,
): bigint {
  if (isNaN(f, a)) return quieted(f, f, a, e);
  if (isInfinite(f, a) || isZero(f, a)) return a;
  const { value, inexact } = integral(f, a, e);
  if (raisesInexact && inexact) e.flags |= flag.NX;
  // An integral value next to a number of a format is in the format too, so this is exact.
  const significand = value < 0n ? -value : value;
  return roundToFormat(f, { negative: isNegative(f, a), exponent: 0, significand }, e);
}

function quieted(from: Format, to: Format, a: bigint, e: FloatEnvironment): bigint {
  if (isSignaling(from, a)) e.flags |= flag.NV;
  return to.canonicalNaN;
}

/** A finite number rounded to an integer, however large. */
function integral(f: Format, a: bigint, e: FloatEnvironment): { value: bigint; inexact: boolean } {
  const { negative, exponent, significand } = exactOf(f, a);
  const signed = (x: bigint): bigint => (negative ? -x : x);
  if (exponent >= 0) return { value: signed(significand << BigInt(exponent)), inexact: false };
  const rounded = roundBits(significand, -exponent, negative, e.rounding);
  return { value: signed(rounded), inexact: rounded << BigInt(-exponent) !== significand };
}
