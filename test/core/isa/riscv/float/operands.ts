/** Operands that floating-point arithmetic finds hard, from a seeded generator. */
import type { Size } from './reference.ts';
import { infinityOf, nanOf } from './reference.ts';

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
    return (this.state >>> 0) % limit;
  }
  bits(count: number): bigint {
    let value = 0n;
    for (let i = 0; i < count; i += 16) value = (value << 16n) | BigInt(this.below(0x10000));
    return BigInt.asUintN(count, value);
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** One pattern: a special number, or one whose significand is near a power of two or has few bits. */
export function operand(size: Size, random: Random): bigint {
  const sign = random.bits(1) << BigInt(size.bits - 1);
  if (random.below(8) === 0) return sign | random.pick(specials(size));
  const exponents = (1n << BigInt(size.bits - 1 - size.fraction)) - 1n;
  const middle = exponents >> 1n;
  const field = random.pick([
    () => random.bits(size.bits) % exponents,
    () => middle + BigInt(random.below(2 * size.fraction + 6) - size.fraction - 3),
    () => BigInt(random.below(size.fraction + 4)),
    () => exponents - 1n - BigInt(random.below(4)),
    // Around the ends of the integers' ranges.
    () => middle + random.pick([30n, 31n, 32n, 62n, 63n, 64n]),
  ])();
  const inRange = field < 0n ? 0n : field >= exponents ? exponents - 1n : field;
  return sign | (inRange << BigInt(size.fraction)) | fraction(size.fraction, random);
}

/** Three operands of which later ones may cancel with, or lie next to, earlier ones. */
export function operands(size: Size, random: Random): [bigint, bigint, bigint] {
  const a = operand(size, random);
  const b = related(size, random, a);
  return [a, b, random.below(3) === 0 ? related(size, random, a) : related(size, random, b)];
}

/** Three registers: of a format, rarely not boxed, or whatever integers they may be. */
export function registersFor(size: Size | undefined, random: Random): [bigint, bigint, bigint] {
  if (!size) {
    const first =
      random.below(2) === 0
        ? integer(64, random)
        : BigInt.asUintN(64, BigInt.asIntN(32, integer(32, random)));
    return [first, random.bits(64), random.bits(64)];
  }
  const mask = (1n << BigInt(size.bits)) - 1n;
  const put = (x: bigint): bigint => {
    if (size.bits === 64) return x;
    return BigInt.asUintN(64, random.below(24) === 0 ? x | (random.bits(64) & ~mask) : x | ~mask);
  };
  const [a, b, c] = operands(size, random);
  return [put(a), put(b), put(c)];
}

/** Integers of `width` bits near powers of two, with few bits set, or with none in common. */
export function integer(width: number, random: Random): bigint {
  const bits = fraction(width, random);
  return random.below(2) === 0 ? bits : bits >> BigInt(random.below(width));
}

/** The next or a near pattern, the same with the other sign, one digit away, or anything. */
function related(size: Size, random: Random, a: bigint): bigint {
  const sign = 1n << BigInt(size.bits - 1);
  const digit = 1n << BigInt(size.fraction);
  switch (random.below(6)) {
    case 0:
      return BigInt.asUintN(size.bits, (a ^ sign) + BigInt(random.below(7) - 3));
    case 1:
      return BigInt.asUintN(size.bits, a + digit * BigInt(random.below(5) - 2));
    case 2: {
      // So far away that only rounding sees it.
      const distance = BigInt(size.fraction + random.below(6) - 3) * digit;
      return BigInt.asUintN(size.bits, (a & ~(digit - 1n)) - distance) ^ (random.bits(1) * sign);
    }
    default:
      return operand(size, random);
  }
}

/** Ones or zeros but for a few places: halfway cases and carries come from such. */
function fraction(width: number, random: Random): bigint {
  const place = (): bigint => 1n << BigInt(random.below(width));
  const mask = (1n << BigInt(width)) - 1n;
  switch (random.below(7)) {
    case 0:
      return place() & mask;
    case 1:
      return (place() - 1n) & mask;
    case 2:
      return mask ^ (place() - 1n);
    case 3:
      return mask ^ place();
    case 4:
      return (place() | place() | BigInt(random.below(4))) & mask;
    case 5:
      return BigInt(random.below(4)) & mask;
    default:
      return random.bits(width);
  }
}

function specials(size: Size): bigint[] {
  const normal = 1n << BigInt(size.fraction);
  const infinity = infinityOf(size);
  const one = (infinity >> 1n) & ~(normal - 1n);
  return [
    ...[0n, 1n, normal - 1n, normal, normal + 1n, one, one + 1n, one - 1n],
    ...[infinity - 1n, infinity, nanOf(size), infinity + 1n, nanOf(size) + 1n, nanOf(size) - 1n],
  ];
}
