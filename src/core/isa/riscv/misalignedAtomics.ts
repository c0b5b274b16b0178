/** Zama16b: AMOs, unlike LR and SC, need no alignment within 16 bytes (unprivileged manual). */

const SC = 0b00011;

/** Whether an atomic instruction may access `size` bytes at an address that is not aligned. */
export function mayBeMisaligned(
  extensions: ReadonlySet<string>,
  low: number,
  size: number,
  word: number,
): boolean {
  const withinGranule = (low & 15) + size <= 16;
  return extensions.has('zama16b') && withinGranule && word >>> 27 !== SC;
}
