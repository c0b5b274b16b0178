/**
 * IEEE 754-2019 from its definitions: a finite number is an integer times a power of two, a result is
 * the exact number's neighbour that the rounding mode names, and what infinities and zeros give is
 * asked of JavaScript's own numbers. Shares nothing with the implementation.
 */
import {
  rounding,
  type RoundingMode,
} from '../../../../../src/core/isa/riscv/float/environment.ts';
import { binary, power, Quotient, rest, Root, type Exact, type Place } from './exact.ts';
import { fromNumber, negated, ones, plus, toBigInt, toNumber, words, type Words } from './words.ts';

/** A format. Patterns are words whose upper bits are zero when it is narrower. */
export interface Size {
  readonly bits: number;
  readonly fraction: number;
  /** Exponent of the least positive number. */
  readonly least: number;
  readonly infinity: Words;
  readonly nan: Words;
}

function sizeOf(bits: number, fraction: number): Size {
  const exponents = 2 ** (bits - 1 - fraction);
  const least = 2 - exponents / 2 - fraction;
  const size = { bits, fraction, least };
  const infinity = assembled(size, false, exponents - 1, 0);
  const nan = assembled(size, false, exponents - 1, 2 ** (fraction - 1));
  return { ...size, infinity, nan };
}

/** Fields of a pattern put together; carries of the fraction go into the exponent. */
export function assembled(
  { bits, fraction }: Pick<Size, 'bits' | 'fraction'>,
  negative: boolean,
  exponentField: number,
  fractionField: number,
): Words {
  const sign = negative ? power((bits - 1) % 32) : 0;
  if (bits < 64) return words(0, sign + exponentField * power(fraction) + fractionField);
  const { high, low } = fromNumber(fractionField);
  return words(sign + exponentField * power(fraction - 32) + high, low);
}

export const sizes = { h: sizeOf(16, 10), s: sizeOf(32, 23), d: sizeOf(64, 52) } as const;

/** A pattern, or an integer in two's complement, and the flags raised. */
export interface Outcome extends Words {
  readonly flags: number;
}

const NX = 1;
const UF = 2;
const OF = 4;
const DZ = 8;
const NV = 16;

const outcome = ({ high, low }: Words, flags: number): Outcome => ({ high, low, flags });

/** What a pattern stands for: finite ones for significand × 2^exponent. */
interface Operand {
  readonly kind: 'finite' | 'infinite' | 'quiet' | 'signaling';
  readonly negative: boolean;
  readonly significand: number;
  readonly exponent: number;
}

function read(size: Size, { high, low }: Words): Operand {
  const { bits, fraction, least } = size;
  const isWide = bits === 64;
  const top = isWide ? high : low << (32 - bits);
  const all = power(bits - 1 - fraction) - 1;
  const field = (isWide ? high >>> 20 : low >>> fraction) & all;
  const below = isWide ? (high & 0xfffff) * 2 ** 32 + (low >>> 0) : low & (power(fraction) - 1);
  const negative = top < 0;
  if (field === 0) return { kind: 'finite', negative, significand: below, exponent: least };
  if (field < all) {
    const significand = below + power(fraction);
    return { kind: 'finite', negative, significand, exponent: least + field - 1 };
  }
  const nan = below < power(fraction - 1) ? 'signaling' : 'quiet';
  return { kind: below === 0 ? 'infinite' : nan, negative, significand: 0, exponent: 0 };
}

const isNaN = ({ kind }: Operand): boolean => kind === 'quiet' || kind === 'signaling';
const isZero = ({ kind, significand }: Operand): boolean => kind === 'finite' && significand === 0;

function roundsUp(mode: RoundingMode, negative: boolean, { below, rest: left }: Place): boolean {
  switch (mode) {
    case rounding.RTZ:
      return false;
    case rounding.RDN:
      return negative && left !== rest.none;
    case rounding.RUP:
      return !negative && left !== rest.none;
    case rounding.RNE:
      return left === rest.moreThanHalf || (left === rest.half && below % 2 === 1);
    case rounding.RMM:
      return left >= rest.half;
  }
}

const nearest = (mode: RoundingMode, negative: boolean, place: Place): number =>
  place.below + (roundsUp(mode, negative, place) ? 1 : 0);

/** The place with all of the format's digits, or with the exponent `least` when there are fewer. */
function placed(x: Exact, digits: number, least: number): Place & { readonly quantum: number } {
  for (let quantum = Math.max(least, x.nearPower - digits); ;) {
    const { below, rest: left } = x.place(quantum);
    if (below >= power(digits)) quantum++;
    else if (below < power(digits - 1) && quantum > least) quantum--;
    else return { below, rest: left, quantum };
  }
}

/** A number other than zero, rounded. */
function rounded(size: Size, negative: boolean, x: Exact, mode: RoundingMode): Outcome {
  const digits = size.fraction + 1;
  const place = placed(x, digits, size.least);
  const { quantum } = place;
  const significand = nearest(mode, negative, place);
  // The leading digit counts one into the exponent; subnormal numbers have none.
  const field = quantum - size.least;
  const top = power(size.bits - 1 - size.fraction) - 1;
  const isOver = field + Math.floor(significand / power(size.fraction)) >= top;
  if (isOver) {
    const { RTZ, RDN, RUP } = rounding;
    const stays = mode === RTZ || mode === (negative ? RUP : RDN);
    const value = stays
      ? assembled(size, negative, top - 1, power(size.fraction) - 1)
      : assembled(size, negative, top, 0);
    return outcome(value, OF | NX);
  }
  const value = assembled(size, negative, field, significand);
  if (place.rest === rest.none) return outcome(value, 0);
  const isSubnormal = place.below < power(size.fraction);
  return outcome(value, isSubnormal && isTiny(size, negative, x, mode) ? UF | NX : NX);
}

/** After rounding as if exponents went on below: the result lies below the normal numbers. */
function isTiny(size: Size, negative: boolean, x: Exact, mode: RoundingMode): boolean {
  const digits = size.fraction + 1;
  const place = placed(x, digits, -Infinity);
  const significand = nearest(mode, negative, place);
  // One that is carried up has the next exponent.
  return place.quantum + (significand === power(digits) ? 1 : 0) < size.least;
}

/** A JavaScript number of the same kind: what it does with infinities and zeros is the standard's. */
function standIn(x: Operand): number {
  const kind = isNaN(x) ? NaN : x.kind === 'infinite' ? Infinity : x.significand === 0 ? 0 : 1;
  return x.negative ? -kind : kind;
}

/** The pattern of a stand-in that is NaN, infinite or zero. */
function fromStandIn(size: Size, x: number, operands: readonly Operand[]): Outcome {
  if (Number.isNaN(x)) {
    const quiet = operands.some((o) => o.kind === 'quiet');
    const signaling = operands.some((o) => o.kind === 'signaling');
    return outcome(size.nan, signaling || !quiet ? NV : 0);
  }
  const negative = x < 0 || Object.is(x, -0);
  return outcome(x === 0 ? zero(size, negative) : infinity(size, negative), 0);
}

const zero = (size: Size, negative: boolean): Words => assembled(size, negative, 0, 0);
const infinity = (size: Size, negative: boolean): Words =>
  assembled(size, negative, power(size.bits - 1 - size.fraction) - 1, 0);

/** A finite number whose significand may have any length. */
interface Term {
  readonly negative: boolean;
  readonly significand: number | bigint;
  readonly exponent: number;
}

const safe = 2 ** 53;

/** A sum; when it is zero, the signs of the terms decide. */
function total(size: Size, a: Term, b: Term, mode: RoundingMode): Outcome {
  const [upper, lower] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const shift = upper.exponent - lower.exponent;
  const sum = sumOf(upper, shift, lower);
  if (sum > 0) return rounded(size, false, binary(sum, lower.exponent), mode);
  if (sum < 0) return rounded(size, true, binary(-sum, lower.exponent), mode);
  const negative = a.negative === b.negative ? a.negative : mode === rounding.RDN;
  return outcome(zero(size, negative), 0);
}

/** In units of the lower one's power of two. */
function sumOf(upper: Term, shift: number, lower: Term): number | bigint {
  const { significand: x } = upper;
  const { significand: y } = lower;
  if (typeof x === 'number' && typeof y === 'number' && shift < 53) {
    const scaled = x * power(shift);
    if (scaled + y < safe) return (upper.negative ? -scaled : scaled) + (lower.negative ? -y : y);
  }
  const [n, m] = [BigInt(x) << BigInt(shift), BigInt(y)];
  return (upper.negative ? -n : n) + (lower.negative ? -m : m);
}

function productOf(a: Operand, b: Operand): Term {
  const product = a.significand * b.significand;
  return {
    negative: a.negative !== b.negative,
    significand: product < safe ? product : BigInt(a.significand) * BigInt(b.significand),
    exponent: a.exponent + b.exponent,
  };
}

const areFinite = (a: Operand, b: Operand): boolean => a.kind === 'finite' && b.kind === 'finite';

/** Operands of one, two or three, of which the operation ignores what it has no use for. */
export type Arithmetic = (size: Size, a: Words, b: Words, c: Words, mode: RoundingMode) => Outcome;

function sum(size: Size, x: Operand, y: Operand, mode: RoundingMode): Outcome {
  if (!areFinite(x, y)) return fromStandIn(size, standIn(x) + standIn(y), [x, y]);
  return total(size, x, y, mode);
}

const opposite = (x: Operand): Operand => ({
  kind: x.kind,
  negative: !x.negative,
  significand: x.significand,
  exponent: x.exponent,
});

export const add: Arithmetic = (size, a, b, _, mode) =>
  sum(size, read(size, a), read(size, b), mode);

export const subtract: Arithmetic = (size, a, b, _, mode) =>
  sum(size, read(size, a), opposite(read(size, b)), mode);

export const multiply: Arithmetic = (size, a, b, _, mode) => {
  const [x, y] = [read(size, a), read(size, b)];
  if (!areFinite(x, y) || isZero(x) || isZero(y)) {
    return fromStandIn(size, standIn(x) * standIn(y), [x, y]);
  }
  const { negative, significand, exponent } = productOf(x, y);
  return rounded(size, negative, binary(significand, exponent), mode);
};

export const divide: Arithmetic = (size, a, b, _, mode) => {
  const [x, y] = [read(size, a), read(size, b)];
  if (!areFinite(x, y) || isZero(x) || isZero(y)) {
    const special = fromStandIn(size, standIn(x) / standIn(y), [x, y]);
    return areFinite(x, y) && !isZero(x) ? outcome(special, DZ) : special;
  }
  const quotient = new Quotient(x.significand, y.significand, x.exponent - y.exponent);
  return rounded(size, x.negative !== y.negative, quotient, mode);
};

export const squareRoot: Arithmetic = (size, a, _, __, mode) => {
  const x = read(size, a);
  if (x.kind !== 'finite' || isZero(x) || x.negative) {
    return fromStandIn(size, Math.sqrt(standIn(x)), [x]);
  }
  return rounded(size, false, new Root(x.significand, x.exponent), mode);
};

/** a × b + c, each negated as said: that is exact. */
export const fused =
  (negateProduct: boolean, negateAddend: boolean): Arithmetic =>
  (size, a, b, c, mode) => {
    const x = negateProduct ? opposite(read(size, a)) : read(size, a);
    const y = read(size, b);
    const z = negateAddend ? opposite(read(size, c)) : read(size, c);
    if (areFinite(x, y) && z.kind === 'finite') return total(size, productOf(x, y), z, mode);
    const product = standIn(x) * standIn(y);
    // Infinity times zero is invalid whatever is added.
    if (Number.isNaN(product) && !isNaN(x) && !isNaN(y)) return outcome(size.nan, NV);
    return fromStandIn(size, product + standIn(z), [x, y, z]);
  };

export function converted(from: Size, to: Size, a: Words, mode: RoundingMode): Outcome {
  const x = read(from, a);
  if (isNaN(x)) return outcome(to.nan, x.kind === 'signaling' ? NV : 0);
  if (x.kind !== 'finite' || isZero(x)) return fromStandIn(to, standIn(x), []);
  return rounded(to, x.negative, binary(x.significand, x.exponent), mode);
}

/** Of the integer that the lower bits of a register are. */
export function ofInteger(
  size: Size,
  register: Words,
  width: 32 | 64,
  signed: boolean,
  mode: RoundingMode,
): Outcome {
  const { low } = register;
  const extended = width === 64 ? register : words(signed ? low >> 31 : 0, low);
  const negative = signed && extended.high < 0;
  const magnitude = negative ? negated(extended) : extended;
  if (magnitude.high === 0 && magnitude.low === 0) return outcome(zero(size, false), 0);
  const fits = magnitude.high >>> 21 === 0;
  const numerator = fits ? toNumber(magnitude) : toBigInt(magnitude);
  return rounded(size, negative, binary(numerator, 0), mode);
}

/** A finite operand's magnitude as an integer: exact, and so is every number of JavaScript above. */
function integral(x: Operand, mode: RoundingMode): { magnitude: number; isExact: boolean } {
  if (isZero(x)) return { magnitude: 0, isExact: true };
  if (x.exponent >= 0) return { magnitude: x.significand * power(x.exponent), isExact: true };
  const place = binary(x.significand, x.exponent).place(0);
  return { magnitude: nearest(mode, x.negative, place), isExact: place.rest === rest.none };
}

/** The result has 64 bits: an unsigned one of 32 is not extended by its sign. */
export function toInteger(
  size: Size,
  a: Words,
  width: 32 | 64,
  signed: boolean,
  mode: RoundingMode,
): Outcome {
  const x = read(size, a);
  const most = ones(signed ? width - 1 : width);
  const least = signed ? negated(plus(most, 1)) : words(0, 0);
  if (x.kind !== 'finite') {
    return outcome(x.kind === 'infinite' && x.negative ? least : most, NV);
  }
  const { magnitude, isExact } = integral(x, mode);
  // The first one that has no place.
  const limit = power(signed ? width - 1 : width);
  if (x.negative ? magnitude > (signed ? limit : 0) : magnitude >= limit) {
    return outcome(x.negative ? least : most, NV);
  }
  const value = fromNumber(magnitude);
  return outcome(x.negative ? negated(value) : value, isExact ? 0 : NX);
}

/** FCVTMOD.W.D: the value modulo 2^32, with the flags of the saturating conversion. */
export function toIntegerModular(size: Size, a: Words): Outcome {
  const { flags } = toInteger(size, a, 32, true, rounding.RTZ);
  const x = read(size, a);
  if (x.kind !== 'finite') return outcome(words(0, 0), flags);
  const low = integral(x, rounding.RTZ).magnitude % 2 ** 32;
  const value = x.negative ? -low | 0 : low | 0;
  return outcome(words(value >> 31, value), flags);
}

export function toIntegral(size: Size, a: Words, raises: boolean, mode: RoundingMode): Outcome {
  const x = read(size, a);
  if (isNaN(x)) return outcome(size.nan, x.kind === 'signaling' ? NV : 0);
  if (x.kind === 'infinite' || x.exponent >= 0) return outcome(a, 0);
  const { magnitude, isExact } = integral(x, mode);
  const flags = raises && !isExact ? NX : 0;
  if (magnitude === 0) return outcome(zero(size, x.negative), flags);
  const found = rounded(size, x.negative, binary(magnitude, 0), mode);
  if (found.flags !== 0) throw new Error('an integral value did not fit');
  return outcome(found, flags);
}

/** The number itself: those of all formats are numbers of JavaScript. */
function numberOf({ kind, negative, significand, exponent }: Operand): number {
  if (kind !== 'finite') return standIn({ kind, negative, significand, exponent });
  const magnitude = significand * power(exponent);
  return negative ? -magnitude : magnitude;
}

export function minimumOrMaximum(
  size: Size,
  a: Words,
  b: Words,
  which: 'minimum' | 'maximum',
  nanWins: boolean,
): Outcome {
  const [x, y] = [read(size, a), read(size, b)];
  const flags = x.kind === 'signaling' || y.kind === 'signaling' ? NV : 0;
  if (isNaN(x) || isNaN(y)) {
    const both = isNaN(x) && isNaN(y);
    return outcome(both || nanWins ? size.nan : isNaN(x) ? b : a, flags);
  }
  const [m, n] = [numberOf(x), numberOf(y)];
  // "-0.0 is considered to be less than +0.0."
  const isFirstLess = m === n ? x.negative : m < n;
  return outcome(isFirstLess === (which === 'minimum') ? a : b, flags);
}

export function relation(
  size: Size,
  a: Words,
  b: Words,
  holds: (x: number, y: number) => boolean,
  quiet: boolean,
): Outcome {
  const [x, y] = [read(size, a), read(size, b)];
  if (isNaN(x) || isNaN(y)) {
    const signaling = x.kind === 'signaling' || y.kind === 'signaling';
    return outcome(words(0, 0), signaling || !quiet ? NV : 0);
  }
  return outcome(words(0, holds(numberOf(x), numberOf(y)) ? 1 : 0), 0);
}

/** The ten classes in the order of the manual's table. */
export function classOf(size: Size, a: Words): Outcome {
  return outcome(words(0, 1 << classIndex(size, read(size, a))), 0);
}

function classIndex({ fraction }: Size, { kind, negative, significand }: Operand): number {
  if (kind === 'signaling') return 8;
  if (kind === 'quiet') return 9;
  if (kind === 'infinite') return negative ? 0 : 7;
  if (significand === 0) return negative ? 3 : 4;
  const isSubnormal = significand < power(fraction);
  if (negative) return isSubnormal ? 2 : 1;
  return isSubnormal ? 5 : 6;
}
