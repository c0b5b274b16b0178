/** Finds the row of an instruction word and its operands. The tables come from the rows. */
import { defined } from '../../base/assert.ts';
import { firstFloat } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { rowsOf } from './instructions/all.ts';
import { rowExists, type CompressedRow, type InstructionRow } from './instructions/row.ts';
import { extract, matches, parsePattern, type Field, type Pattern } from './pattern.ts';

export interface Decoded {
  /** The row that says what it means, of the expansion for a compressed instruction. */
  readonly row: InstructionRow;
  /** Its index in `rowsOf(xlen).instructions`. */
  readonly rowIndex: number;
  readonly length: 2 | 4;
  /** Registers are x0 … x31, or `firstFloat` on. */
  readonly rd: number;
  /** Register number, or the immediate of the CSR instructions that have one there. */
  readonly rs1: number;
  readonly rs2: number;
  /** The immediate, or the rounding mode and three bits higher the third float operand. */
  readonly imm: number;
  /** The row as written: the compressed one where there is one. */
  readonly written: InstructionRow | CompressedRow;
}

/** A row that a word may be of. */
export interface Candidate {
  readonly pattern: Pattern;
  readonly rowIndex: number;
  readonly row: InstructionRow;
  readonly written: InstructionRow | CompressedRow;
  /** Found out when a word is decoded first. */
  places: Places | undefined;
}

const immediates = ['imm', 'shamt', 'csr', 'uimm', 'nzimm', 'nzuimm', 'rnum', 'bs', 'constant'];

/** All rows of a width, of 32 bits and of 16, in the order of `rowsOf`. */
export function candidatesOf(xlen: RegisterWidth): Record<'wide' | 'narrow', Candidate[]> {
  const { instructions, compressed } = rowsOf(xlen);
  const indexOf = new Map(instructions.map((row, i) => [row.mnemonic, i]));
  const candidate = (written: InstructionRow | CompressedRow, rowIndex: number): Candidate => {
    const pattern = inWidth(xlen, parsePattern(written.pattern));
    return { pattern, rowIndex, row: instructions[rowIndex]!, written, places: undefined };
  };
  return {
    wide: instructions.map(candidate),
    narrow: compressed.map((row) =>
      candidate(row, defined(indexOf.get(row.expandsTo), row.expandsTo)),
    ),
  };
}

export const wideBuckets = 256;
export const narrowBuckets = 32;

/** In each bucket what its words may be, in the order of trial. */
export function inBuckets(found: Record<'wide' | 'narrow', Candidate[]>): {
  wide: Candidate[][];
  narrow: Candidate[][];
} {
  const wide: Candidate[][] = Array.from({ length: wideBuckets }, () => []);
  const narrow: Candidate[][] = Array.from({ length: narrowBuckets }, () => []);
  for (const each of specificFirst(found.wide)) fill(wide, each, wideBucket);
  for (const each of specificFirst(found.narrow)) fill(narrow, each, narrowBucket);
  return { wide, narrow };
}

export class Decoder {
  private readonly enabled: (extension: string) => boolean;
  private readonly xlen: RegisterWidth;
  private made: ReturnType<typeof inBuckets> | undefined;

  /** `enabled` says which extensions exist; instructions of others do not decode. */
  constructor(enabled: (extension: string) => boolean = () => true, xlen: RegisterWidth = 64) {
    this.enabled = enabled;
    this.xlen = xlen;
  }

  /** Made when a word is decoded first: generated code decodes nearly all that is executed. */
  private get buckets(): ReturnType<typeof inBuckets> {
    if (this.made) return this.made;
    const { wide, narrow } = candidatesOf(this.xlen);
    const exists = ({ written }: Candidate): boolean => rowExists(written, this.enabled);
    this.made = inBuckets({ wide: wide.filter(exists), narrow: narrow.filter(exists) });
    return this.made;
  }

  /** `word` holds 16 or 32 bits, as its two lowest say; undefined where nothing decodes. */
  decode(word: number): Decoded | undefined {
    const isWide = (word & 3) === 3;
    const bits = isWide ? word >>> 0 : word & 0xffff;
    const { wide, narrow } = this.buckets;
    const bucket = isWide ? wide[wideBucket(bits)] : narrow[narrowBucket(bits)];
    if (!bucket) return undefined;
    for (let i = 0; i < bucket.length; i++) {
      const found = bucket[i]!;
      if (matches(found.pattern, bits)) return operands(found, bits);
    }
    return undefined;
  }
}

/** The value of a named field of the row as written, undefined where it has no such field. */
export function fieldOf(
  row: InstructionRow | CompressedRow,
  name: string,
  word: number,
): number | undefined {
  const field = parsePattern(row.pattern).fields.get(name);
  return field && extract(field, word);
}

function operands(found: Candidate, word: number): Decoded {
  const { pattern, rowIndex, row, written } = found;
  const places = (found.places ??= placesOf(found));
  return {
    row,
    rowIndex,
    length: pattern.length,
    rd: valueAt(places.rd, word),
    rs1: valueAt(places.rs1, word),
    rs2: valueAt(places.rs2, word),
    imm: valueAt(places.imm, word) | (valueAt(places.rs3, word) << 3),
    written,
  };
}

/** Where an operand is: in a field, to which something is added, or nowhere, and that it is. */
export interface Place {
  readonly field: Field | undefined;
  readonly plus: number;
}

export type Places = Readonly<Record<'rd' | 'rs1' | 'rs2' | 'imm' | 'rs3', Place>>;

const valueAt = ({ field, plus }: Place, word: number): number =>
  field ? extract(field, word) + plus : plus;

const nowhere: Place = { field: undefined, plus: 0 };

export function placesOf({ pattern, written }: Candidate): Places {
  const named = (name: string): Place | undefined => {
    const field = pattern.fields.get(name);
    return field && { field, plus: 0 };
  };
  if ('expandsTo' in written) {
    const bound = (name: string): Place | undefined => {
      const binding = written.bindings[name];
      if (typeof binding === 'number') return { field: undefined, plus: binding };
      return binding === undefined ? undefined : named(binding);
    };
    return {
      rd: register('rd', bound),
      rs1: register('rs1', bound),
      rs2: register('rs2', bound),
      imm: bound('imm') ?? nowhere,
      rs3: nowhere,
    };
  }
  const immediate = immediates.find((name) => pattern.fields.has(name));
  return {
    rd: register('rd', named),
    rs1: named('zimm') ?? register('rs1', named),
    rs2: register('rs2', named),
    imm: named(immediate ?? 'rm') ?? nowhere,
    rs3: (immediate === undefined ? named('frs3') : undefined) ?? nowhere,
  };
}

/** Fields of floating-point registers have an f before the name. */
function register(name: string, placeOf: (name: string) => Place | undefined): Place {
  const float = placeOf(`f${name}`);
  return float ? { ...float, plus: float.plus + firstFloat } : (placeOf(name) ?? nowhere);
}

/**
 * Rows have shift amounts of six bits. "For XLEN=32, shamt[5] must be zero" (Zca, C.SLLI; RV32I and
 * Zbs say the same of theirs).
 */
export function inWidth(xlen: RegisterWidth, pattern: Pattern): Pattern {
  const amount = xlen === 64 ? undefined : pattern.fields.get('shamt');
  if (!amount) return pattern;
  const shorter = { ...amount, most: 31 };
  const { length, mask, match } = pattern;
  return {
    ...{ length, mask, match },
    fields: new Map(pattern.fields).set('shamt', shorter),
    limited: [...pattern.limited.filter((field) => field !== amount), shorter],
  };
}

/** A pattern that is part of another, as a HINT's is, has more literal bits and goes first. */
function specificFirst(list: readonly Candidate[]): Candidate[] {
  const literals = ({ pattern }: Candidate): number => {
    let count = 0;
    for (let bits = pattern.mask; bits !== 0; bits &= bits - 1) count++;
    return count;
  };
  const counted = list.map((found) => ({ found, count: literals(found) }));
  return counted.sort((a, b) => b.count - a.count).map(({ found }) => found);
}

/** opcode[6:2] and funct3, as in `encodingTables.ts`. */
const wideBucket = (word: number): number => ((word >>> 2) & 31) | (((word >>> 12) & 7) << 5);
/** op and funct3 of a compressed instruction. */
const narrowBucket = (word: number): number => (word & 3) | (((word >>> 13) & 7) << 2);

/** Puts a candidate into every bucket that some word of its pattern falls into. */
function fill(
  buckets: Candidate[][],
  candidate: Candidate,
  bucketOf: (word: number) => number,
): void {
  const { mask, match } = candidate.pattern;
  const open = ~bucketOf(mask) & (buckets.length - 1);
  // Every subset of the bits that are not literal.
  let subset = 0;
  do {
    buckets[bucketOf(match) | subset]!.push(candidate);
    subset = (subset - open) & open;
  } while (subset !== 0);
}
