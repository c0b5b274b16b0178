/**
 * Expression nodes of floating point. The operators of both widths have the same names, so that
 * what is written with them can be said once for both.
 */
import { assert } from '../base/assert.ts';
import { binary, ofBits, unary, type Expr } from './expression.ts';
import { op } from './opcodes.ts';

type Unary = (a: Expr) => Expr;
type Binary = (a: Expr, b: Expr) => Expr;

/** Arithmetic rounds to nearest, ties to even; comparisons with a NaN do not hold, but `ne` does. */
export interface FloatOperators {
  readonly type: 'f32' | 'f64';
  readonly constant: (value: number) => Expr;
  readonly abs: Unary;
  readonly neg: Unary;
  readonly ceil: Unary;
  readonly floor: Unary;
  readonly trunc: Unary;
  readonly nearest: Unary;
  readonly sqrt: Unary;
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  /** −0 is below +0; NaN if one is. */
  readonly min: Binary;
  readonly max: Binary;
  /** The first with the sign of the second. */
  readonly copysign: Binary;
  readonly eq: Binary;
  readonly ne: Binary;
  readonly lt: Binary;
  readonly gt: Binary;
  readonly le: Binary;
  readonly ge: Binary;
}

function operatorsOf(type: 'f32' | 'f64'): FloatOperators {
  const one = (name: string): Unary => unary(`${type}.${name}`);
  const two = (name: string): Binary => binary(`${type}.${name}`);
  return {
    type,
    constant: (value) => constant(type, value),
    abs: one('abs'),
    neg: one('neg'),
    ceil: one('ceil'),
    floor: one('floor'),
    trunc: one('trunc'),
    nearest: one('nearest'),
    sqrt: one('sqrt'),
    add: two('add'),
    sub: two('sub'),
    mul: two('mul'),
    div: two('div'),
    min: two('min'),
    max: two('max'),
    copysign: two('copysign'),
    eq: two('eq'),
    ne: two('ne'),
    lt: two('lt'),
    gt: two('gt'),
    le: two('le'),
    ge: two('ge'),
  };
}

export const f32 = operatorsOf('f32');
export const f64 = operatorsOf('f64');

function constant(type: 'f32' | 'f64', value: number): Expr {
  const isSingle = type === 'f32';
  assert(!isSingle || Object.is(Math.fround(value), value), `${value} is no f32`);
  const bytes = new Uint8Array(isSingle ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (isSingle) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return {
    type,
    emit: (f) => {
      f.code.byte(isSingle ? op.f32Const : op.f64Const).append(bytes);
    },
  };
}

const bitsOfDouble = unary('i64.reinterpret_f64');
const doubleOfBits = unary('f64.reinterpret_i64');
/** The double that 64 bits are, and the other way round: neither changes a NaN. */
export const asDouble = (bits: Expr): Expr => bits.bitsOf ?? doubleOfBits(bits);
export const doubleBits = (value: Expr): Expr => ofBits(bitsOfDouble(value), value);
export const asSingle = unary('f32.reinterpret_i32');
export const singleBits = unary('i32.reinterpret_f32');

/** Exact, but for NaNs. */
export const promote = unary('f64.promote_f32');
export const demote = unary('f32.demote_f64');

/** From integers, rounded. */
export const f32OfI64 = unary('f32.convert_i64_s');
export const f32OfU64 = unary('f32.convert_i64_u');
export const f64OfI64 = unary('f64.convert_i64_s');
export const f64OfU64 = unary('f64.convert_i64_u');
export const f64OfI32 = unary('f64.convert_i32_s');
export const f64OfU32 = unary('f64.convert_i32_u');

/** To integers, towards zero; what does not fit traps. */
export const i64OfF64 = unary('i64.trunc_f64_s');
export const u64OfF64 = unary('i64.trunc_f64_u');
