/** 64 bits as two words: patterns and registers, without the allocations of BigInt. */
export interface Words {
  /** Both as 32-bit integers with a sign. */
  readonly high: number;
  readonly low: number;
}

export const words = (high: number, low: number): Words => ({ high: high | 0, low: low | 0 });

export const fromBigInt = (x: bigint): Words =>
  words(Number(BigInt.asIntN(32, x >> 32n)), Number(BigInt.asIntN(32, x)));

export const toBigInt = ({ high, low }: Words): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

export const or = (a: Words, b: Words): Words => words(a.high | b.high, a.low | b.low);
export const xor = (a: Words, b: Words): Words => words(a.high ^ b.high, a.low ^ b.low);
export const and = (a: Words, b: Words): Words => words(a.high & b.high, a.low & b.low);

/** The sum modulo 2^64; `n` is an integer of 32 bits with a sign. */
export function plus(a: Words, n: number): Words {
  const low = (a.low >>> 0) + n;
  return words(a.high + Math.floor(low / 2 ** 32), low);
}

/** Two's complement. */
export const negated = ({ high, low }: Words): Words => plus(words(~high, ~low), 1);

/** An integer of at most 2^64. */
export const fromNumber = (n: number): Words => words(Math.floor(n / 2 ** 32), n);
/** Below 2^53. */
export const toNumber = ({ high, low }: Words): number => (high >>> 0) * 2 ** 32 + (low >>> 0);

export const bit = (place: number): Words =>
  place < 32 ? words(0, 1 << place) : words(1 << (place - 32), 0);

/** `count` ones, at most 64. */
export const ones = (count: number): Words => (count === 64 ? words(-1, -1) : plus(bit(count), -1));

/** Zeros come in from above. */
export function shiftedRight({ high, low }: Words, count: number): Words {
  if (count === 0) return words(high, low);
  if (count >= 32) return words(0, high >>> (count - 32));
  return words(high >>> count, (low >>> count) | (high << (32 - count)));
}
