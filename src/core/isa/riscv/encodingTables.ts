/** The rows' encodings as generated code decodes by them; made when the engine is built. */
import { defined } from '../../base/assert.ts';
import {
  packEncodings,
  type Encoding,
  type EncodingTables,
  type Operand,
} from '../../engine/encodings.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import {
  add32,
  and32,
  eq32,
  i32,
  or32,
  select,
  shl32,
  shrU32,
  type Expr,
} from '../../wasm/expression.ts';
import { misalignment } from './alignedJumps.ts';
import {
  candidatesOf,
  inBuckets,
  placesOf,
  wideBuckets,
  type Candidate,
  type Place,
} from './decode.ts';
import { engineTables, type EngineTables } from './engineRows.ts';
import type { Field } from './pattern.ts';

export function encodingTables(xlen: RegisterWidth): EncodingTables {
  const tables = engineTables(xlen);
  const found = candidatesOf(xlen);
  const all = [...found.wide, ...found.narrow];
  const numberOf = new Map(all.map((each, i) => [each, i]));
  const { wide, narrow } = inBuckets(found);
  return packEncodings({
    encodings: all.map((each) => encodingOf(each, tables)),
    buckets: [...wide, ...narrow].map((list) =>
      list.map((each) => defined(numberOf.get(each), 'a candidate')),
    ),
    bucketOf,
    isLong,
    sequences: tables.handlers.sequences,
    handlersEnd: tables.handlers.firstSequence,
  });
}

/** "The lowest two bits equal to 11" are those of instructions of 32 bits (unprivileged, 1.5). */
const isLong = (half: Expr): Expr => eq32(and32(half, i32(3)), i32(3));

const bitsOf = (word: Expr, low: number, count: number): Expr =>
  and32(shrU32(word, i32(low)), i32(2 ** count - 1));

/** As `wideBucket`, and behind those as `narrowBucket`, of `decode.ts`. */
function bucketOf(word: Expr): Expr {
  const wide = or32(bitsOf(word, 2, 5), shl32(bitsOf(word, 12, 3), i32(5)));
  const narrow = or32(bitsOf(word, 0, 2), shl32(bitsOf(word, 13, 3), i32(2)));
  return select(wide, add32(narrow, i32(wideBuckets)), isLong(word));
}

function encodingOf(candidate: Candidate, { rows, handlers }: EngineTables): Encoding {
  const { pattern, rowIndex, row } = candidate;
  const { mask, match, length, limited } = pattern;
  const { rd, rs1, rs2, imm, rs3 } = placesOf(candidate);
  const third = operand(rs3);
  return {
    ...{ mask, match, except: limited.flatMap(excluded) },
    handler: defined(handlers.number(rowIndex, length, false), row.mnemonic),
    direct: rows[rowIndex]!.direct,
    mayMisalign: misalignment(row),
    goesOn: row.flow === 'next',
    rd: operand(rd),
    rs1: operand(rs1),
    rs2: operand(rs2),
    imm: {
      plus: imm.plus,
      pieces: [
        ...operand(imm).pieces,
        // Above the rounding mode.
        ...third.pieces.map((piece) => ({ ...piece, to: piece.to + 3 })),
      ],
    },
    signedBits: imm.field?.signed ? imm.field.bits : 0,
  };
}

const operand = ({ field, plus }: Place): Operand => ({
  plus: plus + (field?.bias ?? 0),
  pieces: field?.pieces ?? [],
});

/** Words that have a reserved value in a field. */
function excluded(field: Field): { mask: number; match: number }[] {
  const { nonzero, reserved, most, bits } = field;
  const single = [...(nonzero ? [0] : []), ...reserved];
  const ones = 2 ** bits - 1;
  const list = single.map((value) => inWord(field, ones, value));
  if (most === Infinity) return list;
  // What is greater has the upper bits of `most` down to some bit, which it has and `most` has not.
  for (let bit = 0; bit < bits; bit++) {
    if ((most >>> bit) & 1) continue;
    const upper = ones & ~(2 ** bit - 1);
    list.push(inWord(field, upper, (most & upper) | (1 << bit)));
  }
  return list;
}

/** Bits of a field's value as bits of words. */
function inWord(field: Field, mask: number, match: number): { mask: number; match: number } {
  const spread = (value: number): number => {
    let word = 0;
    for (const { from, ones, to } of field.pieces) word |= ((value >>> to) & ones) << from;
    return word >>> 0;
  };
  return { mask: spread(mask), match: spread(match) };
}
