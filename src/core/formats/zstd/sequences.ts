/** The sequences section of a compressed block: what is copied, and from where (RFC 8878, 3.1.1.3.2). */
import { BackwardBits } from './backwardBits.ts';
import { BrokenZstd } from './brokenZstd.ts';
import { constantTable, FseState, fseTable, readFseTable, type FseTable } from './fse.ts';

/** Codes of one of the three numbers of a sequence: limits and the predefined table (3.1.1.3.2.2). */
interface CodeKind {
  readonly accuracyLog: number;
  readonly symbol: number;
  readonly predefined: FseTable;
}

const literalLengthCodes: CodeKind = {
  accuracyLog: 9,
  symbol: 35,
  predefined: fseTable(
    [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1,
      1, -1, -1, -1, -1,
    ],
    6,
  ),
};

const matchLengthCodes: CodeKind = {
  accuracyLog: 9,
  symbol: 52,
  predefined: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};

const offsetCodes: CodeKind = {
  accuracyLog: 8,
  symbol: 31,
  predefined: fseTable(
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    5,
  ),
};

/** Extra bits of the codes that have any; the values follow one another (3.1.1.3.2.1.1). */
const literalLengths = lengths(
  0,
  16,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
const matchLengths = lengths(
  3,
  32,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);

function lengths(first: number, plain: number, extra: readonly number[]) {
  const bits = [...new Array<number>(plain).fill(0), ...extra];
  let value = first;
  return bits.map((width) => {
    const base = value;
    value += 1 << width;
    return { base, width };
  });
}

/** Tables that later blocks of a frame may use again. */
export interface SequenceTables {
  readonly literalLength: FseTable;
  readonly offset: FseTable;
  readonly matchLength: FseTable;
}

export interface Sequence {
  readonly literalLength: number;
  readonly matchLength: number;
  /** 1 to 3 name one of the last three offsets; others are 3 more than the offset. */
  readonly offsetValue: number;
}

/** Tells `each` the sequences in order, and gives the tables they were coded with. */
export function readSequences(
  data: Uint8Array,
  start: number,
  end: number,
  previous: SequenceTables | undefined,
  each: (sequence: Sequence) => void,
): SequenceTables | undefined {
  const { count, next } = readCount(data, start, end);
  if (count === 0) {
    if (next !== end) throw new BrokenZstd('bytes follow a block without sequences');
    return previous;
  }
  const modes = data[next] ?? 0;
  if ((modes & 3) !== 0) throw new BrokenZstd('reserved modes of sequences are used');
  let at = next + 1;
  const table = (shift: number, kind: CodeKind, before: FseTable | undefined): FseTable => {
    switch ((modes >> shift) & 3) {
      case 0:
        return kind.predefined;
      case 1: {
        const symbol = data[at++] ?? 0;
        if (symbol > kind.symbol) throw new BrokenZstd('a sequence has a code that does not exist');
        return constantTable(symbol);
      }
      case 2: {
        const read = readFseTable(data, at, end, kind);
        at = read.next;
        return read.table;
      }
      default:
        if (!before) throw new BrokenZstd('sequences repeat a table that was never described');
        return before;
    }
  };
  const tables: SequenceTables = {
    literalLength: table(6, literalLengthCodes, previous?.literalLength),
    offset: table(4, offsetCodes, previous?.offset),
    matchLength: table(2, matchLengthCodes, previous?.matchLength),
  };
  decode(new BackwardBits(data, at, end), count, tables, each);
  return tables;
}

function decode(
  bits: BackwardBits,
  count: number,
  tables: SequenceTables,
  each: (sequence: Sequence) => void,
): void {
  const literalState = new FseState(tables.literalLength, bits);
  const offsetState = new FseState(tables.offset, bits);
  const matchState = new FseState(tables.matchLength, bits);
  for (let left = count; left > 0; left--) {
    const offsetCode = offsetState.symbol;
    const match = matchLengths[matchState.symbol];
    const literal = literalLengths[literalState.symbol];
    if (!match || !literal) throw new BrokenZstd('a sequence has a code that does not exist');
    const offsetValue = 2 ** offsetCode + bits.read(offsetCode);
    const matchLength = match.base + bits.read(match.width);
    const literalLength = literal.base + bits.read(literal.width);
    if (left > 1) {
      literalState.advance(bits);
      matchState.advance(bits);
      offsetState.advance(bits);
    }
    if (bits.left < 0) throw new BrokenZstd('sequences are cut off');
    each({ literalLength, matchLength, offsetValue });
  }
  bits.finish();
}

function readCount(data: Uint8Array, start: number, end: number): { count: number; next: number } {
  const [a = 0, b = 0, c = 0] = data.subarray(start, end);
  const bytes = a < 128 ? 1 : a < 255 ? 2 : 3;
  if (start + bytes > end) throw new BrokenZstd('a block ends before its sequences');
  const count = a < 128 ? a : a < 255 ? ((a - 128) << 8) + b : b + (c << 8) + 0x7f00;
  return { count, next: start + bytes };
}
