/** A seeded source of random numbers (SplitMix64) and of values that break arithmetic. */

export class Random {
  private state: bigint;

  constructor(seed: number) {
    this.state = BigInt(seed);
  }

  /** 64 random bits. */
  bits64(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let z = this.state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }

  bits32(): number {
    return Number(this.bits64() & 0xffff_ffffn);
  }

  /** 0 … limit - 1. */
  below(limit: number): number {
    return Number(this.bits64() % BigInt(limit));
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
