/**
 * Comparison, minimum and maximum, classification and sign injection (unprivileged manual, F,
 * floating-point compare, classify and sign-injection instructions; Zfa, minimum and maximum,
 * comparison instructions).
 */
import { flag, type FloatEnvironment } from './environment.ts';
import {
  isInfinite,
  isNaN,
  isNegative,
  isSignaling,
  isZero,
  magnitude,
  type Format,
} from './format.ts';

type Relation = 'equal' | 'less' | 'lessOrEqual';

/** Quiet comparisons (FEQ, FLEQ, FLTQ) are invalid for signaling NaNs alone, the others for all. */
export function compare(
  f: Format,
  a: bigint,
  b: bigint,
  relation: Relation,
  quiet: boolean,
  e: FloatEnvironment,
): boolean {
  if (isNaN(f, a) || isNaN(f, b)) {
    if (!quiet || isSignaling(f, a) || isSignaling(f, b)) e.flags |= flag.NV;
    return false;
  }
  const [x, y] = [order(f, a), order(f, b)];
  switch (relation) {
    case 'equal':
      return x === y;
    case 'less':
      return x < y;
    case 'lessOrEqual':
      return x <= y;
  }
}

/** FMIN and FMAX: minimumNumber and maximumNumber of IEEE 754-2019, with −0 below +0. */
export function choose(
  f: Format,
  a: bigint,
  b: bigint,
  which: 'minimum' | 'maximum',
  e: FloatEnvironment,
): bigint {
  signalingIsInvalid(f, a, b, e);
  if (isNaN(f, a)) return isNaN(f, b) ? f.canonicalNaN : b;
  return isNaN(f, b) ? a : ordered(f, a, b, which);
}

/** FMINM and FMAXM: minimum and maximum of IEEE 754-2019, where a NaN wins. */
export function chooseOrNaN(
  f: Format,
  a: bigint,
  b: bigint,
  which: 'minimum' | 'maximum',
  e: FloatEnvironment,
): bigint {
  signalingIsInvalid(f, a, b, e);
  return isNaN(f, a) || isNaN(f, b) ? f.canonicalNaN : ordered(f, a, b, which);
}

/** FCLASS: one bit of ten. */
export function classify(f: Format, a: bigint): bigint {
  if (isNaN(f, a)) return isSignaling(f, a) ? 1n << 8n : 1n << 9n;
  const isSubnormal = magnitude(f, a) <= f.fractionMask;
  // From zero outwards; negative numbers are in the mirror image.
  const rank = isZero(f, a) ? 0 : isSubnormal ? 1 : isInfinite(f, a) ? 3 : 2;
  return 1n << BigInt(isNegative(f, a) ? 3 - rank : 4 + rank);
}

/** FSGNJ, FSGNJN, FSGNJX: the first operand with a sign made from the second's. No flags. */
export function injectSign(
  f: Format,
  a: bigint,
  b: bigint,
  how: 'same' | 'opposite' | 'exclusiveOr',
): bigint {
  const sign = b & f.sign;
  switch (how) {
    case 'same':
      return magnitude(f, a) | sign;
    case 'opposite':
      return magnitude(f, a) | (sign ^ f.sign);
    case 'exclusiveOr':
      return a ^ sign;
  }
}

/** Integers in the order of the numbers; both zeros are 0. */
const order = (f: Format, x: bigint): bigint =>
  isNegative(f, x) ? -magnitude(f, x) : magnitude(f, x);

function ordered(f: Format, a: bigint, b: bigint, which: 'minimum' | 'maximum'): bigint {
  const [x, y] = [order(f, a), order(f, b)];
  const aIsLess = x === y ? isNegative(f, a) : x < y;
  return aIsLess === (which === 'minimum') ? a : b;
}

function signalingIsInvalid(f: Format, a: bigint, b: bigint, e: FloatEnvironment): void {
  if (isSignaling(f, a) || isSignaling(f, b)) e.flags |= flag.NV;
}
