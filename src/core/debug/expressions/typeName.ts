/**
 * Names of types as casts and `sizeof` have them (C17, 6.7.7): basic types in any order of their
 * words, tags, typedef names, pointers to all of these. Whether a name is a type's is seen from what
 * stands around it: `(x) - 1` is a difference, `(x) y` a cast.
 */

export interface Token {
  readonly kind: 'number' | 'float' | 'character' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

export interface TypeName {
  readonly kind: 'type';
  /** `struct planet`, `unsigned long`, `uint32_t`: one way of writing for each. */
  readonly name: string;
  /** How many `*` follow. */
  readonly pointers: number;
  /** `[4]` behind them. */
  readonly count?: number | undefined;
}

const tags = new Set(['struct', 'union', 'enum', 'class']);
const qualifiers = new Set(['const', 'volatile', 'restrict', '_Atomic']);
const words = new Set(
  'void char short int long float double signed unsigned _Bool bool'.split(' '),
);
/** Names that everybody's headers, kernels and Rust give to types, so that a sign may follow. */
const known =
  /^(u?int(8|16|32|64|ptr|max)?_t|s?size_t|ptrdiff_t|__[usbl]e?(8|16|32|64)|[usif](8|16|32|64)|[ui]128|[ui]size|ulong|uint|ushort|uchar)$/;

/** A type in parentheses from a token on, and the token behind it; undefined where none is. */
export function readTypeName(
  list: readonly Token[],
  start: number,
): { readonly type: TypeName; readonly next: number } | undefined {
  if (!isSign(list[start], '(')) return undefined;
  let next = start + 1;
  const skipQualifiers = () => {
    while (isName(list[next], qualifiers)) next++;
  };
  skipQualifiers();
  const named = baseName(list, next);
  if (!named) return undefined;
  next = named.next;
  skipQualifiers();
  let pointers = 0;
  while (isSign(list[next], '*')) {
    pointers++;
    next++;
    skipQualifiers();
  }
  const count = countAt(list, next);
  if (count !== undefined) next += 3;
  if (!isSign(list[next], ')')) return undefined;
  next++;
  const isSure = named.isSure || pointers > 0;
  if (!isSure && !beginsOperand(list[next])) return undefined;
  return { type: { kind: 'type', name: named.name, pointers, count }, next };
}

function baseName(
  list: readonly Token[],
  start: number,
): { readonly name: string; readonly next: number; readonly isSure: boolean } | undefined {
  const first = list[start];
  if (first?.kind !== 'name' || first.text.startsWith('$') || first.text === 'sizeof') {
    return undefined;
  }
  if (tags.has(first.text)) {
    const tag = list[start + 1];
    if (tag?.kind !== 'name') return undefined;
    return { name: `${first.text} ${tag.text}`, next: start + 2, isSure: true };
  }
  let next = start;
  const found: string[] = [];
  for (let token = list[next]; isName(token, words); token = list[++next]) {
    if (token) found.push(token.text);
  }
  if (found.length > 0) return { name: canonical(found), next, isSure: true };
  return { name: first.text, next: start + 1, isSure: known.test(first.text) };
}

/** As DWARF producers are read: `unsigned long`, `long long`, `signed char`. */
function canonical(found: readonly string[]): string {
  const has = (word: string) => found.includes(word);
  const longs = found.filter((word) => word === 'long').length;
  const sign = has('unsigned') ? 'unsigned ' : '';
  if (has('char')) return has('signed') ? 'signed char' : `${sign}char`;
  if (has('double')) return longs > 0 ? 'long double' : 'double';
  for (const word of ['void', 'float', '_Bool', 'bool']) if (has(word)) return word;
  if (has('short')) return `${sign}short`;
  if (longs > 0) return `${sign}${longs > 1 ? 'long long' : 'long'}`;
  return `${sign}int`;
}

function countAt(list: readonly Token[], at: number): number | undefined {
  const [open, count, close] = list.slice(at, at + 3);
  if (!isSign(open, '[') || count?.kind !== 'number' || !isSign(close, ']')) return undefined;
  const value = Number(count.text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function beginsOperand(token: Token | undefined): boolean {
  if (!token) return false;
  return token.kind === 'sign' ? '(~!'.includes(token.text) : token.kind !== 'end';
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

function isName(token: Token | undefined, among: ReadonlySet<string>): boolean {
  return token?.kind === 'name' && among.has(token.text);
}
