/**
 * IEEE 754-2019 from its definitions, slowly: numbers are fractions, a result is the neighbour that
 * the rounding mode names among the patterns in order, and what infinities and zeros give is asked
 * of JavaScript's own numbers. Shares nothing with the implementation but the formats' sizes.
 */
import {
  rounding,
  type RoundingMode,
} from '../../../../../src/core/isa/riscv/float/environment.ts';

export interface Size {
  readonly bits: number;
  readonly fraction: number;
}
export const sizes = {
  h: { bits: 16, fraction: 10 },
  s: { bits: 32, fraction: 23 },
  d: { bits: 64, fraction: 52 },
} as const;

export interface Outcome {
  readonly value: bigint;
  readonly flags: number;
}

/** Sign of the wanted magnitude less a fraction: all that rounding has to know of a number. */
type Distance = (numerator: bigint, denominator: bigint) => number;

interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

const NX = 1;
const UF = 2;
const OF = 4;
const DZ = 8;
const NV = 16;

const signOf = (x: bigint): number => (x > 0n ? 1 : x < 0n ? -1 : 0);
export const infinityOf = ({ bits, fraction }: Size): bigint =>
  (1n << BigInt(bits - 1)) - (1n << BigInt(fraction));
export const nanOf = (size: Size): bigint => infinityOf(size) + (1n << BigInt(size.fraction - 1));
const positive = ({ bits }: Size, x: bigint): bigint => BigInt.asUintN(bits - 1, x);
const negativeOf = (size: Size, x: bigint): boolean => positive(size, x) !== x;
const isNaN = (size: Size, x: bigint): boolean => positive(size, x) > infinityOf(size);
const isSignaling = (size: Size, x: bigint): boolean =>
  isNaN(size, x) && positive(size, x) < nanOf(size);
const isFinite = (size: Size, x: bigint): boolean => positive(size, x) < infinityOf(size);

/** A positive pattern's number; that of infinity is the power of two after the largest. */
function fractionOf(size: Size, pattern: bigint): Fraction {
  const field = pattern >> BigInt(size.fraction);
  const bias = (1n << BigInt(size.bits - size.fraction - 2)) - 1n;
  const significand =
    BigInt.asUintN(size.fraction, pattern) + (field > 0n ? 1n << BigInt(size.fraction) : 0n);
  const power = (field > 0n ? field : 1n) - bias - BigInt(size.fraction);
  return power < 0n ? { n: significand, d: 1n << -power } : { n: significand << power, d: 1n };
}

function signedFraction(size: Size, x: bigint): Fraction {
  const { n, d } = fractionOf(size, positive(size, x));
  return negativeOf(size, x) ? { n: -n, d } : { n, d };
}

/** The greatest pattern, infinity included, whose number is not above. `hint` is only tried first. */
function floorPattern(size: Size, distance: Distance, hint: bigint): bigint {
  const top = infinityOf(size);
  const reaches = (pattern: bigint): boolean => {
    const { n, d } = fractionOf(size, pattern);
    return distance(n, d) >= 0;
  };
  for (const guess of [hint, hint - 1n]) {
    if (guess < 0n || guess > top || !reaches(guess)) continue;
    if (guess === top || !reaches(guess + 1n)) return guess;
  }
  let [low, high] = [0n, top + 1n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (reaches(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function neighbour(size: Size, negative: boolean, distance: Distance, mode: number, hint: bigint) {
  const lower = floorPattern(size, distance, hint);
  const at = fractionOf(size, lower);
  if (distance(at.n, at.d) === 0 || lower === infinityOf(size)) {
    return { pattern: lower, exact: distance(at.n, at.d) === 0 };
  }
  const next = fractionOf(size, lower + 1n);
  const middle = distance(at.n * next.d + next.n * at.d, 2n * at.d * next.d);
  const up = {
    [rounding.RTZ]: false,
    [rounding.RDN]: negative,
    [rounding.RUP]: !negative,
    [rounding.RNE]: middle > 0 || (middle === 0 && (lower & 1n) === 1n),
    [rounding.RMM]: middle >= 0,
  }[mode];
  return { pattern: up ? lower + 1n : lower, exact: false };
}

/** A number other than zero, rounded. */
function rounded(
  size: Size,
  negative: boolean,
  distance: Distance,
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const { pattern, exact } = neighbour(size, negative, distance, mode, hint);
  const sign = negative ? 1n << BigInt(size.bits - 1) : 0n;
  if (pattern >= infinityOf(size)) {
    const { RTZ, RDN, RUP } = rounding;
    const stays = mode === RTZ || mode === (negative ? RUP : RDN);
    return { value: sign + infinityOf(size) - (stays ? 1n : 0n), flags: OF | NX };
  }
  if (exact) return { value: sign + pattern, flags: 0 };
  return { value: sign + pattern, flags: isTiny(size, negative, distance, mode) ? UF | NX : NX };
}

/** After rounding as if exponents went on below: doubled, the last binade below is a normal one. */
function isTiny(size: Size, negative: boolean, distance: Distance, mode: RoundingMode): boolean {
  const normal = 1n << BigInt(size.fraction);
  const least = fractionOf(size, normal);
  if (distance(least.n, least.d) >= 0) return false;
  if (distance(least.n, 2n * least.d) < 0) return true;
  const doubled: Distance = (n, d) => distance(n, 2n * d);
  return neighbour(size, negative, doubled, mode, 2n * normal).pattern < 2n * normal;
}

function roundedFraction(
  size: Size,
  { n, d }: Fraction,
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const distance: Distance = (a, b) => signOf((n < 0n ? -n : n) * b - a * d);
  return rounded(size, n < 0n, distance, mode, positive(size, hint));
}

/** A JavaScript number of the same kind: what it does with infinities and zeros is the standard's. */
function standIn(size: Size, x: bigint): number {
  const at = positive(size, x);
  const kind = isNaN(size, x) ? NaN : at === infinityOf(size) ? Infinity : at === 0n ? 0 : 1;
  return negativeOf(size, x) ? -kind : kind;
}

/** The pattern of a stand-in that is NaN, infinite or zero. */
function fromStandIn(size: Size, x: number, operands: readonly bigint[]): Outcome {
  if (Number.isNaN(x)) {
    const quiet = operands.some((o) => isNaN(size, o));
    const signaling = operands.some((o) => isSignaling(size, o));
    return { value: nanOf(size), flags: signaling || !quiet ? NV : 0 };
  }
  const sign = x < 0 || Object.is(x, -0) ? 1n << BigInt(size.bits - 1) : 0n;
  return { value: sign + (x === 0 ? 0n : infinityOf(size)), flags: 0 };
}

/** A sum of fractions; when it is zero, the signs of the terms decide. */
function total(
  size: Size,
  a: Fraction,
  b: Fraction,
  signs: readonly [boolean, boolean],
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const n = a.n * b.d + b.n * a.d;
  if (n !== 0n) return roundedFraction(size, { n, d: a.d * b.d }, mode, hint);
  const negative = signs[0] === signs[1] ? signs[0] : mode === rounding.RDN;
  return { value: negative ? 1n << BigInt(size.bits - 1) : 0n, flags: 0 };
}

export type Operation = 'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'fma';

export function arithmetic(
  op: Operation,
  size: Size,
  [a, b, c]: readonly [bigint, bigint, bigint],
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const [x, y, z] = [a, b, c].map((o) => standIn(size, o)) as [number, number, number];
  const f = (o: bigint): Fraction => signedFraction(size, o);
  const negative = (o: bigint): boolean => negativeOf(size, o);
  const special = (value: number, operands: bigint[]) => fromStandIn(size, value, operands);
  const finite = (...os: bigint[]): boolean => os.every((o) => isFinite(size, o));
  switch (op) {
    case 'add':
    case 'sub': {
      if (!finite(a, b)) return special(op === 'add' ? x + y : x - y, [a, b]);
      const other = op === 'add' ? f(b) : { n: -f(b).n, d: f(b).d };
      const sign = negative(b) !== (op === 'sub');
      return total(size, f(a), other, [negative(a), sign], mode, hint);
    }
    case 'mul':
      if (!finite(a, b) || x * y === 0) return special(x * y, [a, b]);
      return roundedFraction(size, { n: f(a).n * f(b).n, d: f(a).d * f(b).d }, mode, hint);
    case 'div': {
      if (y === 0 && finite(a) && x !== 0) return { ...special(x / y, [a, b]), flags: DZ };
      if (!finite(a, b) || x === 0 || y === 0) return special(x / y, [a, b]);
      const n = f(a).n * f(b).d;
      const d = f(a).d * f(b).n;
      return roundedFraction(size, d < 0n ? { n: -n, d: -d } : { n, d }, mode, hint);
    }
    case 'sqrt': {
      if (!finite(a) || x === 0 || x < 0) return special(Math.sqrt(x), [a]);
      const { n, d } = f(a);
      const distance: Distance = (p, q) => signOf(n * q * q - p * p * d);
      return rounded(size, false, distance, mode, positive(size, hint));
    }
    case 'fma': {
      // Infinity times zero is invalid whatever is added.
      const undefinedProduct = Number.isNaN(x * y) && !Number.isNaN(x) && !Number.isNaN(y);
      if (undefinedProduct) return { value: nanOf(size), flags: NV };
      if (!finite(a, b, c)) return special(x * y + z, [a, b, c]);
      const product = { n: f(a).n * f(b).n, d: f(a).d * f(b).d };
      return total(size, product, f(c), [negative(a) !== negative(b), negative(c)], mode, hint);
    }
  }
}

export function converted(
  from: Size,
  to: Size,
  a: bigint,
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  if (isNaN(from, a)) return { value: nanOf(to), flags: isSignaling(from, a) ? NV : 0 };
  const x = standIn(from, a);
  if (x === 0 || !isFinite(from, a)) return fromStandIn(to, x, []);
  return roundedFraction(to, signedFraction(from, a), mode, hint);
}

export function ofInteger(size: Size, value: bigint, mode: RoundingMode, hint: bigint): Outcome {
  if (value === 0n) return { value: 0n, flags: 0 };
  return roundedFraction(size, { n: value, d: 1n }, mode, hint);
}

/** The integer that the mode names, from the floor of the fraction. */
function integerOf({ n, d }: Fraction, mode: RoundingMode): { value: bigint; exact: boolean } {
  const floor = n < 0n ? -((-n + d - 1n) / d) : n / d;
  const exact = floor * d === n;
  if (exact) return { value: floor, exact };
  const middle = signOf(2n * n - (2n * floor + 1n) * d);
  const up = {
    [rounding.RTZ]: n < 0n,
    [rounding.RDN]: false,
    [rounding.RUP]: true,
    [rounding.RNE]: middle > 0 || (middle === 0 && (floor & 1n) === 1n),
    [rounding.RMM]: middle > 0 || (middle === 0 && n > 0n),
  }[mode];
  return { value: up ? floor + 1n : floor, exact };
}

export function toInteger(
  size: Size,
  a: bigint,
  width: number,
  signed: boolean,
  mode: RoundingMode,
): Outcome {
  const most = 2n ** BigInt(signed ? width - 1 : width) - 1n;
  const least = signed ? -most - 1n : 0n;
  if (!isFinite(size, a)) {
    const low = !isNaN(size, a) && negativeOf(size, a);
    return { value: low ? least : most, flags: NV };
  }
  const { value, exact } = integerOf(signedFraction(size, a), mode);
  if (value < least) return { value: least, flags: NV };
  if (value > most) return { value: most, flags: NV };
  return { value, flags: exact ? 0 : NX };
}

/** FCVTMOD.W.D: the value modulo 2^32, with the flags of the saturating conversion. */
export function toIntegerModular(size: Size, a: bigint): Outcome {
  const { flags } = toInteger(size, a, 32, true, rounding.RTZ);
  if (!isFinite(size, a)) return { value: 0n, flags };
  const { value } = integerOf(signedFraction(size, a), rounding.RTZ);
  return { value: ((value + 2n ** 31n) & (2n ** 32n - 1n)) - 2n ** 31n, flags };
}

export function toIntegral(size: Size, a: bigint, raises: boolean, mode: RoundingMode): Outcome {
  if (isNaN(size, a)) return { value: nanOf(size), flags: isSignaling(size, a) ? NV : 0 };
  if (!isFinite(size, a)) return { value: a, flags: 0 };
  const { value, exact } = integerOf(signedFraction(size, a), mode);
  const sign = negativeOf(size, a) ? 1n << BigInt(size.bits - 1) : 0n;
  const found = ofInteger(size, value, mode, a);
  assertExact(found.flags);
  return {
    value: positive(size, found.value) + sign,
    flags: raises && !exact ? NX : 0,
  };
}

function assertExact(flags: number): void {
  if (flags !== 0) throw new Error('an integral value did not fit');
}

/** -1, 0, 1, or undefined where one is a NaN. */
export function order(size: Size, a: bigint, b: bigint): number | undefined {
  if (isNaN(size, a) || isNaN(size, b)) return undefined;
  const [x, y] = [signedFraction(size, a), signedFraction(size, b)];
  return signOf(x.n * y.d - y.n * x.d);
}

export function minimumOrMaximum(
  size: Size,
  a: bigint,
  b: bigint,
  which: 'minimum' | 'maximum',
  nanWins: boolean,
): Outcome {
  const flags = isSignaling(size, a) || isSignaling(size, b) ? NV : 0;
  const numbers = [a, b].filter((x) => !isNaN(size, x));
  if (numbers.length === 0 || (nanWins && numbers.length < 2)) return { value: nanOf(size), flags };
  const sorted = numbers.sort(
    (x, y) => order(size, x, y)! || Number(negativeOf(size, y)) - Number(negativeOf(size, x)),
  );
  return { value: which === 'minimum' ? sorted[0]! : sorted.at(-1)!, flags };
}

export function relation(
  size: Size,
  a: bigint,
  b: bigint,
  holds: (order: number) => boolean,
  quiet: boolean,
): Outcome {
  const found = order(size, a, b);
  const signaling = isSignaling(size, a) || isSignaling(size, b);
  if (found === undefined) return { value: 0n, flags: signaling || !quiet ? NV : 0 };
  return { value: holds(found) ? 1n : 0n, flags: 0 };
}

/** The ten classes in the order of the manual's table. */
export function classOf(size: Size, a: bigint): bigint {
  const at = positive(size, a);
  const negative = negativeOf(size, a);
  const isSubnormal = at !== 0n && at < 1n << BigInt(size.fraction);
  const classes: boolean[] = [
    negative && at === infinityOf(size),
    negative && isFinite(size, a) && at !== 0n && !isSubnormal,
    negative && isSubnormal,
    negative && at === 0n,
    !negative && at === 0n,
    !negative && isSubnormal,
    !negative && isFinite(size, a) && at !== 0n && !isSubnormal,
    !negative && at === infinityOf(size),
    isSignaling(size, a),
    isNaN(size, a) && !isSignaling(size, a),
  ];
  if (classes.filter(Boolean).length !== 1) throw new Error('one class of ten');
  return 1n << BigInt(classes.indexOf(true));
}
