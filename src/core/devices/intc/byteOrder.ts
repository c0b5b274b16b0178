/** For the registers of interrupt controllers that take words of either byte order. */

/** A word as a machine of the other byte order would have it, unsigned. */
export function byteSwapped(value: number): number {
  const swapped =
    (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  return swapped >>> 0;
}
