/** Tables of strings as object files have them: UTF-8, a NUL after each. */

/**
 * Where a text that begins at `offset` would end, or -1 when another one stands there. What ends a
 * string is the caller's to check.
 */
export function endOfText(table: Uint8Array, offset: number, text: Uint8Array): number {
  for (let i = 0; i < text.length; i++) if (table[offset + i] !== text[i]) return -1;
  return offset + text.length;
}
