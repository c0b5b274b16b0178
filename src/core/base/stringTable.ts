/** Searches tables of strings as object files have them: UTF-8, a NUL after each. */

/**
 * Where a text stands in a table, at the end of another string too: linkers share tails. `isEnd` says
 * whether a string may end at an offset; by default at a NUL.
 */
export function* placesOf(
  table: Uint8Array,
  text: string,
  isEnd: (offset: number) => boolean = (offset) => table[offset] === 0,
): Generator<number> {
  const wanted = new TextEncoder().encode(text);
  const [first] = wanted;
  if (first === undefined) return;
  for (let at = table.indexOf(first); at >= 0; at = table.indexOf(first, at + 1)) {
    let same = 1;
    while (same < wanted.length && table[at + same] === wanted[same]) same++;
    if (same === wanted.length && isEnd(at + same)) yield at;
  }
}
