/**
 * Bit patterns as the manual draws them, most significant bit first: `imm[11:0] rs1:5 000 rd:5
 * 0010011`. A token is literal bits, `name:width`, or `name[bits]` for a piece of an immediate;
 * `!=N|M` or `<=N` behind a field and `nz` before an immediate exclude reserved encodings.
 */
import { assert } from '../../base/assert.ts';

interface Piece {
  /** Lowest bit in the instruction. */
  readonly from: number;
  readonly width: number;
  /** As many ones. */
  readonly ones: number;
  /** Lowest bit in the field's value. */
  readonly to: number;
}

export interface Field {
  readonly name: string;
  readonly pieces: readonly Piece[];
  /** Number of bits of the value, counting zeros below the lowest piece. */
  readonly bits: number;
  readonly signed: boolean;
  /** Added to a register number of three bits. */
  readonly bias: number;
  /** The value 0 is reserved. */
  readonly nonzero: boolean;
  /** Further values that are. */
  readonly reserved: readonly number[];
  /** Greater values are reserved. */
  readonly most: number;
}

export interface Pattern {
  readonly length: 2 | 4;
  /** Bits that are literal, and what they are. */
  readonly mask: number;
  readonly match: number;
  readonly fields: ReadonlyMap<string, Field>;
  /** Those of the fields that have reserved values. */
  readonly limited: readonly Field[];
}

const parsed = new Map<string, Pattern>();

/** Parsed once: rows are looked at by decoders, and for the fields of each word shown. */
export function parsePattern(text: string): Pattern {
  let pattern = parsed.get(text);
  if (!pattern) parsed.set(text, (pattern = new ParsedPattern(text)));
  return pattern;
}

interface Token {
  readonly width: number;
  readonly literal?: number;
  readonly name: string;
  readonly nonzero: boolean;
  readonly reserved?: readonly number[];
  readonly most?: number;
  /** Of an immediate's piece. */
  readonly ranges?: readonly [number, number][];
}

/** Patterns are made of few different tokens. */
const knownTokens = new Map<string, Token>();

function tokenOf(text: string): Token {
  let token = knownTokens.get(text);
  if (!token) knownTokens.set(text, (token = parseToken(text)));
  return token;
}

function parseToken(text: string): Token {
  const width = widthOf(text);
  if (/^[01]+$/.test(text)) return { width, literal: parseInt(text, 2), name: '', nonzero: false };
  const name = nameOf(text);
  const others = /!=([\d|]+)$/.exec(text)?.[1];
  const limit = /<=(\d+)$/.exec(text)?.[1];
  return {
    width,
    name,
    nonzero: text.includes('!=0') || name.startsWith('nz'),
    ...(others ? { reserved: others.split('|').map(Number) } : {}),
    ...(limit ? { most: Number(limit) } : {}),
    ...(text.includes('[') ? { ranges: bitRanges(text) } : {}),
  };
}

/** Its fields are found when a word is looked at: most rows never are. */
class ParsedPattern implements Pattern {
  readonly length: 2 | 4;
  readonly mask: number;
  readonly match: number;
  private readonly tokens: readonly Token[];
  private known: Pick<Pattern, 'fields' | 'limited'> | undefined;

  constructor(text: string) {
    this.tokens = text.split(' ').map(tokenOf);
    const bits = this.tokens.reduce((sum, { width }) => sum + width, 0);
    assert(bits === 16 || bits === 32, `pattern '${text}' has ${bits} bits`);
    this.length = (bits / 8) as 2 | 4;
    let at: number = bits;
    let mask = 0;
    let match = 0;
    for (const { width, literal } of this.tokens) {
      at -= width;
      if (literal === undefined) continue;
      mask |= (2 ** width - 1) << at;
      match |= literal << at;
    }
    this.mask = mask >>> 0;
    this.match = match >>> 0;
  }

  get fields(): ReadonlyMap<string, Field> {
    return (this.known ??= fieldsOf(this.tokens, this.length * 8)).fields;
  }
  get limited(): readonly Field[] {
    return (this.known ??= fieldsOf(this.tokens, this.length * 8)).limited;
  }
}

function fieldsOf(tokens: readonly Token[], bits: number): Pick<Pattern, 'fields' | 'limited'> {
  let at = bits;
  const pieces = new Map<string, Piece[]>();
  const nonzero = new Set<string>();
  const most = new Map<string, number>();
  const reserved = new Map<string, readonly number[]>();
  const addPiece = (name: string, from: number, width: number, to: number): void => {
    const piece = { from, width, ones: 2 ** width - 1, to };
    const known = pieces.get(name);
    if (known) known.push(piece);
    else pieces.set(name, [piece]);
  };
  for (const token of tokens) {
    at -= token.width;
    if (token.literal !== undefined) continue;
    const { name } = token;
    if (token.reserved) reserved.set(name, token.reserved);
    if (token.nonzero) nonzero.add(name);
    if (token.most !== undefined) most.set(name, token.most);
    if (!token.ranges) {
      addPiece(name, at, token.width, 0);
      continue;
    }
    let from = at + token.width;
    for (const [high, low] of token.ranges) {
      from -= high - low + 1;
      addPiece(name, from, high - low + 1, low);
    }
  }
  const fields = [...pieces].map(([name, list]): [string, Field] => [
    name,
    {
      name,
      pieces: list,
      bits: Math.max(...list.map((p) => p.to + p.width)),
      signed: name === 'imm' || name === 'nzimm',
      bias: name.endsWith("'") ? 8 : 0,
      nonzero: nonzero.has(name),
      reserved: reserved.get(name) ?? [],
      most: most.get(name) ?? Infinity,
    },
  ]);
  return {
    fields: new Map(fields),
    limited: fields.map(([, field]) => field).filter(isLimited),
  };
}

const isLimited = ({ nonzero, reserved, most }: Field): boolean =>
  nonzero || reserved.length > 0 || most !== Infinity;

/** Whether `word` is an encoding of the pattern that is not reserved. */
export function matches(pattern: Pattern, word: number): boolean {
  if ((word & pattern.mask) >>> 0 !== pattern.match) return false;
  for (const field of pattern.limited) {
    const value = extract(field, word);
    if (field.nonzero && value === 0) return false;
    if (field.reserved.includes(value)) return false;
    if (value > field.most) return false;
  }
  return true;
}

/** The field's value: a register number, or an immediate as a signed or unsigned number. */
export function extract(field: Field, word: number): number {
  let value = 0;
  const { pieces } = field;
  for (let i = 0; i < pieces.length; i++) {
    const { from, ones, to } = pieces[i]!;
    value |= ((word >>> from) & ones) << to;
  }
  if (field.signed) {
    const unused = 32 - field.bits;
    return (value << unused) >> unused;
  }
  return (value >>> 0) + field.bias;
}

function widthOf(token: string): number {
  if (/^[01]+$/.test(token)) return token.length;
  const named = /^[\w']+:(\d+)/.exec(token);
  if (named) return Number(named[1]);
  return bitRanges(token).reduce((sum, [high, low]) => sum + high - low + 1, 0);
}

function nameOf(token: string): string {
  return /^[a-z]\w*'?/.exec(token)![0];
}

/** `[12|10:5]` → [[12, 12], [10, 5]]. */
function bitRanges(token: string): [number, number][] {
  const list = /\[(.*)\]/.exec(token)?.[1];
  assert(list, `no bits in '${token}'`);
  return list.split('|').map((range) => {
    const [high = '', low = high] = range.split(':');
    return [Number(high), Number(low)];
  });
}
