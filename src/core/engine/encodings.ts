/**
 * What instruction words mean, as tables in a machine's memory: which words an encoding has, and
 * where in them the fields of a record are. Generated code decodes by them (`decodeGenerator.ts`);
 * they are made from the rows when the engine is built.
 */
import { assert } from '../base/assert.ts';
import type { Expr } from '../wasm/expression.ts';
import { record, shared } from './layout.ts';
import { packSequences, type Sequence, type SequenceTables } from './sequences.ts';

/** Bits of a word, where they are in it and where in the value. */
export interface Piece {
  readonly from: number;
  readonly width: number;
  readonly to: number;
}

/** The value of a field of the record: a constant, and pieces of the word at bits it has not. */
export interface Operand {
  readonly plus: number;
  readonly pieces: readonly Piece[];
}

export interface Encoding {
  /** Bits that a word has, and what they are. */
  readonly mask: number;
  readonly match: number;
  /** Of those words the ones that are none of the encoding. */
  readonly except: readonly { readonly mask: number; readonly match: number }[];
  /** Handler number; where the target may be in another page, the next one is for that. */
  readonly handler: number;
  readonly direct: boolean;
  /** A jump that may go to an address that only some machines allow: any, or where it is odd halves away. */
  readonly mayMisalign?: 'anywhere' | 'byTarget' | undefined;
  /** Behind it comes the next one, unless it traps. */
  readonly goesOn: boolean;
  /** Registers by number. */
  readonly rd: Operand;
  readonly rs1: Operand;
  readonly rs2: Operand;
  readonly imm: Operand;
  /** Bits that the immediate has with its sign, or 0. */
  readonly signedBits: number;
}

/** How an instruction set's words are told apart. */
export interface EncodingSet {
  readonly encodings: readonly Encoding[];
  /** By a number that `bucketOf` gives for words, the encodings that they may have, in order of trial. */
  readonly buckets: readonly (readonly number[])[];
  readonly bucketOf: (word: Expr) => Expr;
  /** Whether the first half of a word says that it has a second. */
  readonly isLong: (half: Expr) => Expr;
  readonly sequences: readonly Sequence[];
  /** Above the handler numbers of encodings. */
  readonly handlersEnd: number;
}

/** What `decode` says: a handler's number, and that behind the instruction the next one is executed. */
export const decoded = { handler: 0xffff, goesOn: 0x10000 } as const;

/** Within an entry of `encodings`. */
export const encodingEntry = {
  mask: 0,
  match: 4,
  /** The first three words of a record, without what comes from the word. */
  base: [8, 12, 16],
  /** Offset of the layout. */
  layout: 20,
  flags: 24,
  exceptions: 25,
  /** Number of the first one. */
  firstException: 26,
  bytes: 28,
} as const;

export const encodingFlags = {
  goesOn: 1,
  direct: 2,
  /** `mayMisalign`. */
  anywhere: 4,
  byTarget: 8,
} as const;

/** Within a layout: where the pieces of a record's words end, in bytes, and how far its sign is from the top. */
export const layoutEntry = {
  ends: [0, 1, 2],
  unused: 3,
  pieces: 4,
  /** Within a piece: its bits in the record's word, and how far left they have to be turned. */
  piece: { mask: 0, turn: 4, bytes: 8 },
} as const;

/** Tables as bytes for `shared.encodings`, and where in memory each of them is then. */
export interface EncodingTables {
  readonly bytes: Uint8Array;
  /** By bucket, 16 bits: the distance of its list from `lists`. A list ends with `listEnd`. */
  readonly buckets: number;
  readonly lists: number;
  readonly encodings: number;
  readonly exceptions: number;
  readonly layouts: number;
  readonly sequences: SequenceTables;
  /** By encoding a byte: whether the machine has it. */
  readonly exists: number;
  readonly set: EncodingSet;
}

export const listEnd = 0xffff;

/** Which of so many encodings exist is behind all tables. */
export const existsAt = (tableBytes: number, count: number): number =>
  shared.encodings + tableBytes - count;

export function packEncodings(set: EncodingSet): EncodingTables {
  const { encodings, buckets } = set;
  const lists: number[] = [];
  const starts = buckets.map((list) => {
    const at = lists.length * 2;
    lists.push(...list, listEnd);
    return at;
  });
  const exceptions: number[] = [];
  const layouts = new Layouts();
  const entries = new DataView(new ArrayBuffer(encodings.length * encodingEntry.bytes));
  encodings.forEach((each, i) => {
    const at = i * encodingEntry.bytes;
    const { layout, base } = layouts.of(each);
    entries.setUint32(at + encodingEntry.mask, each.mask, true);
    entries.setUint32(at + encodingEntry.match, each.match, true);
    base.forEach((word, w) => entries.setUint32(at + encodingEntry.base[w]!, word, true));
    entries.setUint32(at + encodingEntry.layout, layout, true);
    entries.setUint8(at + encodingEntry.flags, flagsOf(each));
    entries.setUint8(at + encodingEntry.exceptions, each.except.length);
    entries.setUint16(at + encodingEntry.firstException, exceptions.length / 2, true);
    for (const { mask, match } of each.except) exceptions.push(mask, match);
  });
  const sequences = packSequences(set.sequences, set.handlersEnd);
  const parts = [
    new Uint8Array(Uint16Array.from(starts).buffer),
    new Uint8Array(Uint16Array.from(lists).buffer),
    new Uint8Array(entries.buffer),
    new Uint8Array(Uint32Array.from(exceptions).buffer),
    layouts.result(),
    ...[sequences.steps, sequences.ways, sequences.bases],
    new Uint8Array(encodings.length).fill(1),
  ];
  const places: number[] = [];
  let used = 0;
  for (const part of parts) {
    places.push(shared.encodings + used);
    used += part === parts.at(-1) ? part.length : (part.length + 3) & ~3;
  }
  assert(shared.encodings + used <= 0x10000, `${used} bytes of encodings`);
  const bytes = new Uint8Array(used);
  parts.forEach((part, i) => bytes.set(part, places[i]! - shared.encodings));
  const [bucketsAt = 0, listsAt = 0, encodingsAt = 0, exceptionsAt = 0, layoutsAt = 0] = places;
  const [steps = 0, ways = 0, bases = 0, exists = 0] = places.slice(5);
  return {
    bytes,
    buckets: bucketsAt,
    lists: listsAt,
    encodings: encodingsAt,
    exceptions: exceptionsAt,
    layouts: layoutsAt,
    sequences: { steps, ways, bases, stepCount: sequences.stepCount },
    exists,
    set,
  };
}

const flagsOf = ({ goesOn, direct, mayMisalign }: Encoding): number =>
  (goesOn ? encodingFlags.goesOn : 0) |
  (direct ? encodingFlags.direct : 0) |
  (mayMisalign ? encodingFlags[mayMisalign] : 0);

/** Where operands are in words and in records; many encodings have the same. */
class Layouts {
  private readonly known = new Map<string, number>();
  private readonly bytes: number[] = [];

  of(encoding: Encoding): { layout: number; base: number[] } {
    const { rd, rs1, rs2, imm, handler, signedBits } = encoding;
    const words = [
      { plus: handler, operands: [{ ...rd, shift: registerShift(record.rd) }] },
      {
        plus: 0,
        operands: [
          { ...rs1, shift: registerShift(record.rs1) },
          { ...rs2, shift: registerShift(record.rs2) },
        ],
      },
      { plus: 0, operands: [{ ...imm, shift: 0 }] },
    ];
    const base = words.map(({ plus, operands }) =>
      operands.reduce((sum, each) => sum | (each.plus << each.shift), plus),
    );
    const pieces: number[] = [];
    const ends = words.map(({ operands }, w) => {
      for (const { shift, pieces: list } of operands) {
        for (const { from, width, to } of list) {
          const mask = ((2 ** width - 1) << (to + shift)) >>> 0;
          assert((base[w]! & mask) === 0, 'constant bits where a field goes');
          pieces.push(mask, (to + shift - from) & 31);
        }
      }
      return pieces.length * 4;
    });
    const unused = signedBits === 0 ? 0 : 32 - signedBits;
    const content = [...ends, unused, ...new Uint8Array(Uint32Array.from(pieces).buffer)];
    const key = content.join();
    let layout = this.known.get(key);
    if (layout === undefined) {
      this.known.set(key, (layout = this.bytes.length));
      this.bytes.push(...content);
    }
    return { layout, base };
  }

  result(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** A register's number to its offset in the register file, in the half of a record's word. */
const registerShift = (field: number): number => 3 + (field & 3) * 8;
