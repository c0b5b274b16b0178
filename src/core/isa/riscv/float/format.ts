/**
 * Binary interchange formats as bit patterns: what their parts are, and the way from a pattern to
 * an exact number (IEEE 754-2019, 3.4; unprivileged manual, F, D and Zfh). Nothing here rounds.
 */

export interface Format {
  /** Suffix of the instructions: `h`, `s`, `d`. */
  readonly suffix: string;
  readonly bits: number;
  /** Width of the trailing significand; the precision is one more. */
  readonly fractionBits: number;
  readonly sign: bigint;
  readonly infinity: bigint;
  readonly largest: bigint;
  /** Quiet, positive, payload zero: the only NaN that arithmetic gives (F, NaN generation). */
  readonly canonicalNaN: bigint;
  readonly quietBit: bigint;
  readonly fractionMask: bigint;
  /** Power of two of the last place of subnormal numbers, the smallest there is. */
  readonly minExponent: number;
  readonly mask: bigint;
}

function format(suffix: string, bits: number, fractionBits: number): Format {
  const exponentBits = bits - 1 - fractionBits;
  const fraction = BigInt(fractionBits);
  const infinity = ((1n << BigInt(exponentBits)) - 1n) << fraction;
  const quietBit = 1n << (fraction - 1n);
  const bias = 2 ** (exponentBits - 1) - 1;
  return {
    suffix,
    bits,
    fractionBits,
    sign: 1n << BigInt(bits - 1),
    infinity,
    largest: infinity - 1n,
    canonicalNaN: infinity | quietBit,
    quietBit,
    fractionMask: (1n << fraction) - 1n,
    minExponent: 1 - bias - fractionBits,
    mask: (1n << BigInt(bits)) - 1n,
  };
}

export const half = format('h', 16, 10);
export const single = format('s', 32, 23);
export const double = format('d', 64, 52);

/** An exact number: significand × 2^exponent, with a sign that zero has too. */
export interface Exact {
  readonly negative: boolean;
  readonly exponent: number;
  readonly significand: bigint;
}

export const isNegative = (f: Format, x: bigint): boolean => (x & f.sign) !== 0n;
export const magnitude = (f: Format, x: bigint): bigint => x & (f.sign - 1n);
export const isNaN = (f: Format, x: bigint): boolean => magnitude(f, x) > f.infinity;
export const isInfinite = (f: Format, x: bigint): boolean => magnitude(f, x) === f.infinity;
export const isZero = (f: Format, x: bigint): boolean => magnitude(f, x) === 0n;
export const isSignaling = (f: Format, x: bigint): boolean =>
  isNaN(f, x) && (x & f.quietBit) === 0n;

export const withSign = (f: Format, negative: boolean, positive: bigint): bigint =>
  negative ? positive | f.sign : positive;

/** The number that a finite pattern stands for. */
export function exactOf(f: Format, x: bigint): Exact {
  const negative = isNegative(f, x);
  const field = Number(magnitude(f, x) >> BigInt(f.fractionBits));
  const fraction = x & f.fractionMask;
  if (field === 0) return { negative, exponent: f.minExponent, significand: fraction };
  const significand = fraction | (f.fractionMask + 1n);
  return { negative, exponent: f.minExponent + field - 1, significand };
}

/**
 * A narrower value lies in the low bits of a register whose other bits are all ones; what is not
 * boxed so reads as the canonical NaN (unprivileged manual, D, NaN boxing of narrower values).
 */
export function unbox(f: Format, register: bigint): bigint {
  if (f.bits === 64) return register;
  const isBoxed = register >> BigInt(f.bits) === (1n << BigInt(64 - f.bits)) - 1n;
  return isBoxed ? register & f.mask : f.canonicalNaN;
}

export const box = (f: Format, x: bigint): bigint =>
  f.bits === 64 ? x : (x & f.mask) | (0xffff_ffff_ffff_ffffn ^ f.mask);
