/**
 * Positive numbers without error: numerators and denominators are integers, in JavaScript's numbers
 * as long as these hold them exactly (below 2^53), in BigInt above.
 */

/** What lies between a number and the multiple of a power of two below it, against half of it. */
export const rest = { none: 0, lessThanHalf: 1, half: 2, moreThanHalf: 3 } as const;
export type Rest = (typeof rest)[keyof typeof rest];

export interface Place {
  /** The multiple below, counted in the powers of two; inexact only from 2^53 on. */
  readonly below: number;
  readonly rest: Rest;
}

export interface Exact {
  /** The least power of two above the number, or one near that. */
  readonly nearPower: number;
  place(quantum: number): Place;
}

/** Exact as long as it is a number: from 2^-1074 to 2^1023. */
const powers = Float64Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));
export const power = (exponent: number): number => powers[exponent + 1074]!;

const bigPowers = Array.from({ length: 4400 }, (_, i) => 1n << BigInt(i));
const safe = 2 ** 53;

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
/** Digits of a normal number's integral part. */
function digits(x: number): number {
  scratch[0] = x;
  return (scratchWords[1]! >>> 20) - 1022;
}

/** Digits, or one more. */
function bigDigits(n: bigint): number {
  const x = Number(n);
  return x === Infinity ? 1000 + bigDigits(n >> 1000n) : digits(x);
}

function compared(left: number, whole: number): Rest {
  if (left === 0) return rest.none;
  if (2 * left === whole) return rest.half;
  return 2 * left < whole ? rest.lessThanHalf : rest.moreThanHalf;
}

function bigCompared(left: bigint, whole: bigint): Rest {
  if (left === 0n) return rest.none;
  const twice = left << 1n;
  if (twice === whole) return rest.half;
  return twice < whole ? rest.lessThanHalf : rest.moreThanHalf;
}

/** numerator × 2^exponent, the numerator at most 2^53. */
class Binary implements Exact {
  readonly nearPower: number;
  private readonly numerator: number;
  private readonly exponent: number;

  constructor(numerator: number, exponent: number) {
    this.numerator = numerator;
    this.exponent = exponent;
    this.nearPower = digits(numerator) + exponent;
  }

  place(quantum: number): Place {
    const shift = quantum - this.exponent;
    // Less than 2^54 is less than half of 2^60.
    if (shift >= 60) return { below: 0, rest: rest.lessThanHalf };
    // Powers of two scale without error.
    const scaled = this.numerator * power(-shift);
    const below = Math.floor(scaled);
    return { below, rest: compared(scaled - below, 1) };
  }
}

class LongBinary implements Exact {
  readonly nearPower: number;
  private readonly numerator: bigint;
  private readonly exponent: number;

  constructor(numerator: bigint, exponent: number) {
    this.numerator = numerator;
    this.exponent = exponent;
    this.nearPower = bigDigits(numerator) + exponent;
  }

  place(quantum: number): Place {
    const { numerator } = this;
    const shift = quantum - this.exponent;
    if (shift <= 0) return { below: Number(numerator << BigInt(-shift)), rest: rest.none };
    const left = BigInt.asUintN(shift, numerator);
    return {
      below: Number(numerator >> BigInt(shift)),
      rest: bigCompared(left, bigPowers[shift]!),
    };
  }
}

export const binary = (numerator: number | bigint, exponent: number): Exact =>
  typeof numerator === 'number'
    ? new Binary(numerator, exponent)
    : new LongBinary(numerator, exponent);

/** numerator / denominator × 2^exponent, both at most 2^53. */
export class Quotient implements Exact {
  readonly nearPower: number;
  private readonly numerator: number;
  private readonly denominator: number;
  private readonly exponent: number;

  constructor(numerator: number, denominator: number, exponent: number) {
    this.numerator = numerator;
    this.denominator = denominator;
    this.exponent = exponent;
    this.nearPower = digits(numerator / denominator) + exponent;
  }

  place(quantum: number): Place {
    const { numerator, denominator } = this;
    const shift = this.exponent - quantum;
    if (shift < -60) return { below: 0, rest: rest.lessThanHalf };
    const scaled = numerator * power(Math.max(shift, 0));
    const divisor = denominator * power(Math.max(-shift, 0));
    if (scaled < safe && divisor < safe) {
      // The remainder is exact, and says by its sign when the division was rounded up.
      let below = Math.floor(scaled / divisor);
      if (scaled - below * divisor < 0) below--;
      return { below, rest: compared(scaled - below * divisor, divisor) };
    }
    const [n, d] = [BigInt(scaled), BigInt(divisor)];
    const below = n / d;
    return { below: Number(below), rest: bigCompared(n - below * d, d) };
  }
}

/** The square root of numerator × 2^exponent. */
export class Root implements Exact {
  readonly nearPower: number;
  private readonly numerator: number;
  private readonly exponent: number;

  constructor(numerator: number, exponent: number) {
    const isOdd = exponent % 2 !== 0;
    // Twice as much times half of the power is the same.
    this.numerator = isOdd ? 2 * numerator : numerator;
    this.exponent = isOdd ? exponent - 1 : exponent;
    this.nearPower = Math.ceil((digits(this.numerator) + this.exponent) / 2);
  }

  place(quantum: number): Place {
    const shift = this.exponent - 2 * quantum;
    if (shift < 0) throw new Error('a root with fewer digits than its radicand');
    // At most 2^1023: exact.
    const square = this.numerator * power(shift);
    // The host's root is a guess that is put right.
    const guess = Math.floor(Math.sqrt(square));
    return square < safe / 2 ? rootBelow(square, guess) : bigRootBelow(BigInt(square), guess);
  }
}

/** The half above `below` has the square below² + below + 1/4, which no integer is. */
function rootBelow(square: number, guess: number): Place {
  let below = guess;
  while (below * below > square) below--;
  while ((below + 1) * (below + 1) <= square) below++;
  const left = square - below * below;
  const half = left <= below ? rest.lessThanHalf : rest.moreThanHalf;
  return { below, rest: left === 0 ? rest.none : half };
}

function bigRootBelow(square: bigint, guess: number): Place {
  let below = BigInt(guess);
  while (below * below > square) below--;
  while ((below + 1n) * (below + 1n) <= square) below++;
  const left = square - below * below;
  const half = left <= below ? rest.lessThanHalf : rest.moreThanHalf;
  return { below: Number(below), rest: left === 0n ? rest.none : half };
}
