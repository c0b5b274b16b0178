/** Words of 64-bit values that are numbers as long as that is exact, which is nearly always. */
import type { Accessed, CsrHart, WordBehaviour } from './row.ts';

export interface CountedValue {
  /** The value as a number, or -1 where that would not be exact. */
  readonly number: (h: CsrHart) => number;
  readonly value: (h: CsrHart) => bigint;
}

/** Of a register that only the hart writes. */
export function countedWords({ number, value }: CountedValue): WordBehaviour {
  const both = (h: CsrHart, into: Accessed): void => {
    const known = number(h);
    if (known >= 0) {
      into.low = known | 0;
      into.high = Math.floor(known / 2 ** 32) | 0;
      return;
    }
    const whole = value(h);
    into.low = Number(BigInt.asIntN(32, whole));
    into.high = Number(BigInt.asIntN(32, whole >> 32n));
  };
  const half = (which: keyof Accessed) => (h: CsrHart) => {
    const words = { low: 0, high: 0 };
    both(h, words);
    return words[which];
  };
  return { low: half('low'), high: half('high'), both, write: () => {} };
}
