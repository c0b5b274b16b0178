/** Damaged copies of bytes, the same ones for the same seed. */

export interface Region {
  readonly start?: number;
  readonly end?: number;
}

/** `count` copies with one to four bytes of the region changed each. */
export function* mutations(
  bytes: Uint8Array,
  count: number,
  seed: number,
  region: Region = {},
): Generator<Uint8Array> {
  const random = generator(seed);
  const start = region.start ?? 0;
  const length = Math.min(region.end ?? bytes.length, bytes.length) - start;
  const interesting = [0, 0xff, 0x7f, 0x80, 1];
  for (let i = 0; i < count; i++) {
    const copy = Uint8Array.from(bytes);
    for (let change = random(4); change >= 0; change--) {
      const kind = random(interesting.length + 2);
      copy[start + random(length)] = interesting[kind] ?? random(256);
    }
    yield copy;
  }
}

/** xorshift32, below a bound. */
export function generator(seed: number): (bound: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % bound;
  };
}
