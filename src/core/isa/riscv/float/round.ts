/**
 * The one place where numbers are rounded to a format (IEEE 754-2019, 4.3 and 7.4 to 7.6).
 * Tininess is detected after rounding (unprivileged manual, F, subnormal arithmetic).
 */
import { flag, rounding, type FloatEnvironment, type RoundingMode } from './environment.ts';
import { withSign, type Exact, type Format } from './format.ts';

/**
 * Encodes significand × 2^exponent, rounded. The lowest bit of the significand may stand for any
 * number of bits below it, if it has at least two bits more than the format's precision.
 */
export function roundToFormat(f: Format, exact: Exact, e: FloatEnvironment): bigint {
  const { negative, exponent, significand } = exact;
  if (significand === 0n) return withSign(f, negative, 0n);
  const unbounded = exponent + bitLength(significand) - 1 - f.fractionBits;
  const lowest = Math.max(unbounded, f.minExponent);
  const dropped = lowest - exponent;
  if (dropped <= 0) {
    // Exact, and so never an underflow.
    return encode(f, negative, significand << BigInt(-dropped), lowest, e);
  }
  const kept = roundBits(significand, dropped, negative, e.rounding);
  if (kept << BigInt(dropped) !== significand) {
    e.flags |= flag.NX;
    if (isTiny(f, exact, unbounded, e.rounding)) e.flags |= flag.UF;
  }
  return encode(f, negative, kept, lowest, e);
}

/** `significand` without its `dropped` lowest bits, rounded to an integer. */
export function roundBits(
  significand: bigint,
  dropped: number,
  negative: boolean,
  mode: RoundingMode,
): bigint {
  const shift = BigInt(dropped);
  const kept = significand >> shift;
  const rest = significand - (kept << shift);
  if (rest === 0n) return kept;
  switch (mode) {
    case rounding.RTZ:
      return kept;
    case rounding.RDN:
      return negative ? kept + 1n : kept;
    case rounding.RUP:
      return negative ? kept : kept + 1n;
    case rounding.RNE:
    case rounding.RMM: {
      const half = 1n << (shift - 1n);
      if (rest === half) return mode === rounding.RMM ? kept + 1n : kept + (kept & 1n);
      return rest > half ? kept + 1n : kept;
    }
  }
}

/** Number of bits of a positive integer. */
export function bitLength(value: bigint): number {
  let length = 0;
  let rest = value;
  for (; rest >= numberLimit; rest >>= 512n) length += 512;
  scratch[0] = Number(rest);
  const candidate = (words[1]! >>> 20) - 1022;
  // The conversion rounds, at worst up to the next power of two.
  return length + (rest >> BigInt(candidate - 1) === 0n ? candidate - 1 : candidate);
}

/** Below it no conversion to a number overflows. */
const numberLimit = 1n << 1023n;
const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** What the rounded magnitude is in units of 2^lowest becomes a pattern, infinity if need be. */
function encode(
  f: Format,
  negative: boolean,
  kept: bigint,
  lowest: number,
  e: FloatEnvironment,
): bigint {
  // The leading bit of a normal number adds one to the exponent's field, as does a carry.
  const pattern = (BigInt(lowest - f.minExponent) << BigInt(f.fractionBits)) + kept;
  if (pattern < f.infinity) return withSign(f, negative, pattern);
  e.flags |= flag.OF | flag.NX;
  return withSign(f, negative, overflowsToInfinity(e.rounding, negative) ? f.infinity : f.largest);
}

function overflowsToInfinity(mode: RoundingMode, negative: boolean): boolean {
  if (mode === rounding.RTZ) return false;
  if (mode === rounding.RDN) return negative;
  return mode === rounding.RUP ? !negative : true;
}

/** Whether the result would lie below the normal numbers if exponents had no lower bound. */
function isTiny(f: Format, exact: Exact, unbounded: number, mode: RoundingMode): boolean {
  if (unbounded >= f.minExponent) return false;
  if (unbounded < f.minExponent - 1) return true;
  const { negative, exponent, significand } = exact;
  const dropped = unbounded - exponent;
  if (dropped <= 0) return true;
  const kept = roundBits(significand, dropped, negative, mode);
  return kept >> BigInt(f.fractionBits + 1) === 0n;
}
