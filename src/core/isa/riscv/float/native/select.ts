/**
 * Native comparison, minimum and maximum, sign injection, classification and moves, after
 * `../compare.ts`. None of them rounds; of NaNs only the ones that raise nothing are left to here.
 */
import { floatUnit } from '../../../../engine/layout.ts';
import type { GiveUp, SemanticContext } from '../../../../engine/semantics.ts';
import {
  add,
  and,
  geU,
  i64,
  ltU,
  ne,
  or,
  or32,
  select,
  shl,
  signExtend16,
  signExtend32,
  xor,
  zeroExtend,
  type Expr,
} from '../../../../wasm/expression.ts';
import { box, type Format } from '../format.ts';
import { need, not, type Native, type Precision } from './precision.ts';

export type Relation = 'equal' | 'less' | 'lessOrEqual';

/** Ordered operands raise nothing, and a quiet comparison raises nothing for quiet NaNs. */
export const comparison =
  (p: Precision, relation: Relation, quiet: boolean): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.on);
    const a = p.read(c, giveUpIf, 'rs1');
    const b = p.read(c, giveUpIf, 'rs2');
    const { le, ge, eq, lt } = p.ops;
    const isUnordered = not(or32(le(a, b), ge(a, b)));
    if (quiet) c.when(isUnordered, () => giveUpIf(or32(p.isSignaling(a), p.isSignaling(b))));
    else giveUpIf(isUnordered);
    const holds = { equal: eq, less: lt, lessOrEqual: le }[relation];
    c.wr(zeroExtend(holds(a, b)));
  };

/** WebAssembly orders the zeros as the manual does, and gives NaN if one operand is. */
export const choice =
  (p: Precision, which: 'minimum' | 'maximum'): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.dirty);
    const a = p.read(c, giveUpIf, 'rs1');
    const b = p.read(c, giveUpIf, 'rs2');
    const { ops } = p;
    const result = c.keep(which === 'minimum' ? ops.min(a, b) : ops.max(a, b));
    giveUpIf(ops.ne(result, result));
    c.wrWide(p.bits(result));
  };

/** Bits above those of the format, all set in what is boxed. */
const boxOf = (f: Format): bigint => box(f, 0n);

function boxedBits(f: Format, c: SemanticContext, giveUpIf: GiveUp, source: 'rs1' | 'rs2'): Expr {
  const bits = c.keep(c[source]());
  if (f.bits < 64) giveUpIf(ltU(bits, i64(boxOf(f))));
  return bits;
}

export const signInjection =
  (f: Format, how: 'same' | 'opposite' | 'exclusiveOr'): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.dirty);
    const a = boxedBits(f, c, giveUpIf, 'rs1');
    const b = boxedBits(f, c, giveUpIf, 'rs2');
    const sign = i64(f.sign);
    if (how === 'exclusiveOr') {
      c.wrWide(xor(a, and(b, sign)));
      return;
    }
    const wanted = how === 'same' ? b : xor(b, sign);
    c.wrWide(or(and(a, i64(~f.sign)), and(wanted, sign)));
  };

/** Of everything but NaN. Numbers' classes lie in order of magnitude, mirrored for negative ones. */
export const classification =
  (f: Format): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.on);
    const bits = boxedBits(f, c, giveUpIf, 'rs1');
    const magnitude = c.keep(and(bits, i64(f.sign - 1n)));
    const infinity = i64(f.infinity);
    giveUpIf(ltU(infinity, magnitude));
    const reaches = (least: Expr): Expr => zeroExtend(geU(magnitude, least));
    const rank = add(add(reaches(i64(1)), reaches(i64(f.fractionMask + 1n))), reaches(infinity));
    const isNegative = select(i64(7), i64(0), ne(and(bits, i64(f.sign)), i64(0)));
    c.wr(shl(i64(1), xor(add(rank, i64(4)), isNegative)));
  };

/** Bits as they are, sign-extended. */
export const moveToInteger =
  (f: Format): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.on);
    const bits = c.rs1();
    c.wr(f.bits === 64 ? bits : f.bits === 32 ? signExtend32(bits) : signExtend16(bits));
  };

/** Bits as they are, boxed. */
export const moveFromInteger =
  (f: Format): Native =>
  (c, giveUpIf) => {
    need(c, giveUpIf, floatUnit.dirty);
    c.wrWide(or(c.rs1(), i64(boxOf(f))));
  };
