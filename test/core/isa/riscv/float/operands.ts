/** Operands that floating-point arithmetic finds hard, from a seeded generator. */
import { boxed } from './expected.ts';
import { assembled, sizes, type Size } from './reference.ts';
import { and, bit, ones, or, plus, shiftedRight, words, xor, type Words } from './words.ts';

/** xorshift32: the same numbers from the same seed everywhere. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    // The upper bits, which are the more random ones.
    return Math.floor(((this.state >>> 0) / 2 ** 32) * limit);
  }
  bits(count: number): Words {
    const word = (): number => (this.below(0x10000) << 16) | this.below(0x10000);
    return and(words(count > 32 ? word() : 0, word()), ones(count));
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** One pattern: a special number, or one whose significand is near a power of two or has few bits. */
export function operand(size: Size, random: Random): Words {
  const negative = random.below(2) === 1;
  if (random.below(8) === 0) return withSign(size, random.pick(specials.get(size)!), negative);
  const exponents = 2 ** (size.bits - 1 - size.fraction) - 1;
  const field = exponentField(size, exponents, random);
  const inRange = Math.max(0, Math.min(field, exponents - 1));
  return or(assembled(size, negative, inRange, 0), fraction(size.fraction, random));
}

function exponentField(size: Size, exponents: number, random: Random): number {
  const middle = exponents >> 1;
  switch (random.below(5)) {
    case 0:
      return random.below(exponents);
    case 1:
      return middle + random.below(2 * size.fraction + 6) - size.fraction - 3;
    case 2:
      return random.below(size.fraction + 4);
    case 3:
      return exponents - 1 - random.below(4);
    default:
      return middle + random.pick(endsOfIntegers);
  }
}

const endsOfIntegers = [30, 31, 32, 62, 63, 64];

/** Operands of which later ones may cancel with, or lie next to, earlier ones; zeros after `count`. */
export function operands(size: Size, random: Random, count = 3): [Words, Words, Words] {
  const a = operand(size, random);
  const b = count > 1 ? related(size, random, a) : zero;
  if (count < 3) return [a, b, zero];
  return [a, b, random.below(3) === 0 ? related(size, random, a) : related(size, random, b)];
}

/** Registers of a format, rarely not boxed, or whatever integers they may be; zeros after `count`. */
export function registersFor(
  size: Size | undefined,
  random: Random,
  count = 3,
): [Words, Words, Words] {
  if (!size) {
    const first = random.below(2) === 0 ? integer(64, random) : extended(integer(32, random));
    return [first, count > 1 ? random.bits(64) : zero, zero];
  }
  const put = (x: Words): Words => {
    if (random.below(24) !== 0) return boxed(size, x);
    const noise = random.bits(64);
    return or(x, xor(noise, within(size, noise)));
  };
  const [a, b, c] = operands(size, random, count);
  return [put(a), count > 1 ? put(b) : b, count > 2 ? put(c) : c];
}

const zero = words(0, 0);
const extended = ({ low }: Words): Words => words(low >> 31, low);

/** The bits of the format alone. */
const within = ({ bits }: Size, x: Words): Words =>
  bits === 64 ? x : words(0, bits === 32 ? x.low : x.low & ~(-1 << bits));

/** A pattern moved by a number of last places, wrapping around. */
export const moved = (size: Size, x: Words, places: number): Words => within(size, plus(x, places));

/** The exponent moved, which may wrap around or change the sign. */
export const scaled = (size: Size, { high, low }: Words, exponents: number): Words =>
  size.bits === 64
    ? words(high + (exponents << (size.fraction - 32)), low)
    : within(size, words(0, low + (exponents << size.fraction)));

export const withSign = (size: Size, x: Words, negative: boolean): Words =>
  negative ? xor(x, assembled(size, true, 0, 0)) : x;

/** Integers of `width` bits near powers of two, with few bits set, or with none in common. */
export function integer(width: number, random: Random): Words {
  const bits = fraction(width, random);
  return random.below(2) === 0 ? bits : shiftedRight(bits, random.below(width));
}

/** The next or a near pattern, the same with the other sign, one digit away, or anything. */
function related(size: Size, random: Random, a: Words): Words {
  switch (random.below(6)) {
    case 0:
      return moved(size, withSign(size, a, true), random.below(7) - 3);
    case 1:
      return scaled(size, a, random.below(5) - 2);
    case 2: {
      // So far away that only rounding sees it.
      const distance = size.fraction + random.below(6) - 3;
      const bare = xor(a, and(a, ones(size.fraction)));
      return withSign(size, scaled(size, bare, -distance), random.below(2) === 1);
    }
    default:
      return operand(size, random);
  }
}

/** Ones or zeros but for a few places: halfway cases and carries come from such. */
function fraction(width: number, random: Random): Words {
  const place = (): Words => bit(random.below(width));
  const mask = ones(width);
  switch (random.below(7)) {
    case 0:
      return place();
    case 1:
      return plus(place(), -1);
    case 2:
      return xor(mask, plus(place(), -1));
    case 3:
      return xor(mask, place());
    case 4:
      return and(or(or(place(), place()), words(0, random.below(4))), mask);
    case 5:
      return words(0, random.below(4));
    default:
      return random.bits(width);
  }
}

const specials = new Map(Object.values(sizes).map((size) => [size, specialsOf(size)]));

function specialsOf(size: Size): Words[] {
  const { infinity, nan } = size;
  const normal = assembled(size, false, 1, 0);
  const one = assembled(size, false, 2 ** (size.bits - 2 - size.fraction) - 1, 0);
  const around = (x: Words): Words[] => [-1, 0, 1].map((places) => moved(size, x, places));
  return [
    ...[words(0, 0), words(0, 1), ...around(normal), ...around(one)],
    ...[...around(infinity), ...around(nan)],
  ];
}
