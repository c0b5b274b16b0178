/** Words of 64-bit values that are numbers as long as that is exact, which is nearly always. */
import type { WordBehaviour, CsrHart } from './row.ts';

export interface CountedValue {
  /** The value as a number, or -1 where that would not be exact. */
  readonly number: (h: CsrHart) => number;
  readonly value: (h: CsrHart) => bigint;
}

/** Of a register that only the hart writes. */
export const countedWords = ({ number, value }: CountedValue): WordBehaviour => ({
  low: (h) => {
    const known = number(h);
    return known >= 0 ? known | 0 : Number(BigInt.asIntN(32, value(h)));
  },
  high: (h) => {
    const known = number(h);
    return known >= 0
      ? Math.floor(known / 2 ** 32) | 0
      : Number(BigInt.asIntN(32, value(h) >> 32n));
  },
  write: () => {},
});
