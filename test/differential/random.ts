/** A seeded source of random numbers (SplitMix64) and of values that break arithmetic. */

export class Random {
  /**
   * Halves of the state, and of the number made last, as signed numbers: BigInts would take most of
   * a test's time.
   */
  private stateHigh: number;
  private stateLow: number;
  private high = 0;
  private low = 0;

  constructor(seed: number) {
    const state = BigInt(seed);
    this.stateHigh = Number(BigInt.asIntN(32, state >> 32n));
    this.stateLow = Number(BigInt.asIntN(32, state));
  }

  private next(): void {
    const sum = (this.stateLow >>> 0) + 0x7f4a7c15;
    this.stateLow = sum | 0;
    this.stateHigh = (this.stateHigh + 0x9e3779b9 + (sum > 0xffff_ffff ? 1 : 0)) | 0;
    this.high = this.stateHigh;
    this.low = this.stateLow;
    this.xorShifted(30);
    this.multiply(0xbf58476d, 0x1ce4e5b9);
    this.xorShifted(27);
    this.multiply(0x94d049bb, 0x133111eb);
    this.xorShifted(31);
  }

  /** z ^ (z >> by) */
  private xorShifted(by: number): void {
    this.low ^= (this.low >>> by) | (this.high << (32 - by));
    this.high ^= this.high >>> by;
  }

  /** The lower 64 bits of the product. */
  private multiply(high: number, low: number): void {
    const cross = Math.imul(this.high, low) + Math.imul(this.low, high);
    // Products of 32 and 16 bits are exact.
    const own = this.low >>> 0;
    const upper = own * (low >>> 16);
    const product = own * (low & 0xffff) + (upper % 0x1_0000) * 0x1_0000;
    const carried = Math.floor(upper / 0x1_0000) + Math.floor(product / 0x1_0000_0000);
    this.low = product | 0;
    this.high = (cross + carried) | 0;
  }

  /** 64 random bits. */
  bits64(): bigint {
    this.next();
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  bits32(): number {
    this.next();
    return this.low >>> 0;
  }

  /** 0 … limit - 1. */
  below(limit: number): number {
    if (limit > 2 ** 21) return Number(this.bits64() % BigInt(limit));
    this.next();
    return (((this.high >>> 0) % limit) * 0x1_0000_0000 + (this.low >>> 0)) % limit;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.below(1 << 20) < probability * (1 << 20);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Often a value at some edge, else random bits, full or narrow. */
  operand(): bigint {
    switch (this.below(4)) {
      case 0:
        return BigInt.asUintN(64, this.pick(edges));
      case 1:
        return BigInt.asUintN(64, BigInt.asIntN(32, this.bits64()));
      case 2:
        return this.bits64() >> BigInt(this.below(64));
      default:
        return this.bits64();
    }
  }
}

const edges: readonly bigint[] = [0n, 1n, -1n, 2n, -2n].concat(
  [7n, 8n, 15n, 16n, 31n, 32n, 63n].flatMap((bit) => {
    const power = 1n << bit;
    return [power, power - 1n, -power, power + 1n];
  }),
);
