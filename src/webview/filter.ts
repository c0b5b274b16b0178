/**
 * The filter box of the views: words separated by blanks, all of which must occur, in any order
 * and case. A word `0x…` also matches numbers written with leading zeros.
 */
export interface Filter {
  /** True when nothing is asked for, so that everything matches. */
  readonly empty: boolean;
  matches(...texts: readonly string[]): boolean;
}

export function parseFilter(text: string): Filter {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return {
    empty: words.length === 0,
    matches: (...texts) => {
      const haystack = texts.map(searchable).join('\n');
      return words.every((word) => haystack.includes(word));
    },
  };
}

/** Lower case, and each number a second time without its leading zeros. */
function searchable(text: string): string {
  const lower = text.toLowerCase();
  const short = lower.replace(/0x0+(?=[0-9a-f])/g, '0x');
  return short === lower ? lower : `${lower}\n${short}`;
}
