/**
 * What a floating-point instruction gives on registers as they are, boxes and all, from its name and
 * the reference alone (unprivileged manual, F, D, Zfh and Zfa).
 */
import type { RoundingMode } from '../../../../../src/core/isa/riscv/float/environment.ts';
import * as reference from './reference.ts';
import { sizes, type Outcome, type Size } from './reference.ts';
import { words, type Words } from './words.ts';

type Suffix = keyof typeof sizes;

/** Value of the destination register, of 64 bits, and flags. */
export type Expectation = (a: Words, b: Words, c: Words, mode: RoundingMode) => Outcome;

/** Width and signedness of integers by the letters of conversions. */
const integers: Readonly<Record<string, readonly [width: 32 | 64, signed: boolean]>> = {
  w: [32, true],
  wu: [32, false],
  l: [64, true],
  lu: [64, false],
};
/** By the letter of moves. */
const formatOfMove: Readonly<Record<string, Suffix>> = { h: 'h', w: 's', d: 'd' };

/** The format of the operands, undefined where they are integers. */
export function sourceOf(mnemonic: string): Size | undefined {
  const parts = mnemonic.split('.');
  const last = parts.at(-1)!;
  if (parts[0] === 'fmvh') return sizes.d;
  if (parts[0] === 'fmvp') return undefined;
  if (parts[0] === 'fmv') return parts[1] === 'x' ? sizes[formatOfMove[last]!] : undefined;
  return last in sizes ? sizes[last as Suffix] : undefined;
}

export function expectation(mnemonic: string): Expectation {
  const [name, ...rest] = mnemonic.split('.') as [string, ...string[]];
  if (name === 'fmv') return move(rest);
  if (name === 'fmvh') return (a) => ({ high: 0, low: a.high, flags: 0 });
  if (name === 'fmvp') return (a, b) => ({ high: b.low, low: a.low, flags: 0 });
  const to = sizes[rest[0] as Suffix] as Size | undefined;
  const from = sourceOf(mnemonic);
  if (name === 'fcvtmod') return (a) => reference.toIntegerModular(sizes.d, a);
  if (name === 'fcvt') return conversion(rest as [string, string], from, to);
  const compute = computation(name, from!);
  return (a, b, c, mode) => compute(unboxed(from!, a), unboxed(from!, b), unboxed(from!, c), mode);
}

function conversion(
  [toName, fromName]: readonly [string, string],
  from: Size | undefined,
  to: Size | undefined,
): Expectation {
  if (!from) {
    const [width, signed] = integers[fromName]!;
    return (a, _, __, mode) => inBox(to!, reference.ofInteger(to!, a, width, signed, mode));
  }
  if (to) {
    return (a, _, __, mode) => inBox(to, reference.converted(from, to, unboxed(from, a), mode));
  }
  const [width, signed] = integers[toName]!;
  return (a, _, __, mode) => {
    const found = reference.toInteger(from, unboxed(from, a), width, signed, mode);
    // "FCVT.WU.* sign-extends its 32-bit result to the destination register width."
    return width === 32 ? { ...found, high: found.low >> 31 } : found;
  };
}

/** On operands without their boxes. */
function computation(name: string, size: Size): Expectation {
  const arithmetic =
    (compute: reference.Arithmetic): Expectation =>
    (a, b, c, mode) =>
      inBox(size, compute(size, a, b, c, mode));
  const extreme =
    (which: 'minimum' | 'maximum', nanWins: boolean): Expectation =>
    (a, b) =>
      inBox(size, reference.minimumOrMaximum(size, a, b, which, nanWins));
  const relation =
    (holds: (x: number, y: number) => boolean, quiet: boolean): Expectation =>
    (a, b) =>
      reference.relation(size, a, b, holds, quiet);
  const withSign =
    (isNegative: (a: boolean, b: boolean) => boolean): Expectation =>
    (a, b) =>
      inBox(size, signed(size, a, isNegative(hasSign(size, a), hasSign(size, b))));
  switch (name) {
    case 'fadd':
      return arithmetic(reference.add);
    case 'fsub':
      return arithmetic(reference.subtract);
    case 'fmul':
      return arithmetic(reference.multiply);
    case 'fdiv':
      return arithmetic(reference.divide);
    case 'fsqrt':
      return arithmetic(reference.squareRoot);
    case 'fmadd':
      return arithmetic(reference.fused(false, false));
    case 'fmsub':
      return arithmetic(reference.fused(false, true));
    case 'fnmsub':
      return arithmetic(reference.fused(true, false));
    case 'fnmadd':
      return arithmetic(reference.fused(true, true));
    case 'fsgnj':
      return withSign((_, b) => b);
    case 'fsgnjn':
      return withSign((_, b) => !b);
    case 'fsgnjx':
      return withSign((a, b) => a !== b);
    case 'fmin':
    case 'fminm':
      return extreme('minimum', name === 'fminm');
    case 'fmax':
    case 'fmaxm':
      return extreme('maximum', name === 'fmaxm');
    case 'feq':
      return relation((x, y) => x === y, true);
    case 'flt':
    case 'fltq':
      return relation((x, y) => x < y, name === 'fltq');
    case 'fle':
    case 'fleq':
      return relation((x, y) => x <= y, name === 'fleq');
    case 'fclass':
      return (a) => reference.classOf(size, a);
    case 'fround':
    case 'froundnx':
      return (a, _, __, mode) =>
        inBox(size, reference.toIntegral(size, a, name === 'froundnx', mode));
    default:
      throw new Error(`nothing is known of ${name}`);
  }
}

function move([to, from]: readonly string[]): Expectation {
  if (to !== 'x') {
    const size = sizes[formatOfMove[to!]!];
    return ({ high, low }) => inBox(size, { high, low, flags: 0 });
  }
  const { bits } = sizes[formatOfMove[from!]!];
  if (bits === 64) return ({ high, low }) => ({ high, low, flags: 0 });
  const above = 32 - bits;
  return ({ low }) => ({ high: (low << above) >> 31, low: (low << above) >> above, flags: 0 });
}

const hasSign = ({ bits }: Size, { high, low }: Words): boolean =>
  bits === 64 ? high < 0 : low << (32 - bits) < 0;

function signed({ bits }: Size, { high, low }: Words, negative: boolean): Outcome {
  const sign = 1 << (bits - 1);
  const put = (word: number): number => (negative ? word | sign : word & ~sign);
  return bits === 64 ? { high: put(high), low, flags: 0 } : { high: 0, low: put(low), flags: 0 };
}

const upperOnes = ({ bits }: Size): number => (bits === 32 ? 0 : -1 << bits);

/** The pattern in a register; what is not boxed counts as NaN. */
export function unboxed(size: Size, register: Words): Words {
  if (size.bits === 64) return register;
  const { high, low } = register;
  const ones = upperOnes(size);
  return high === -1 && (low & ones) === ones ? words(0, low & ~ones) : size.nan;
}

/** A pattern in a register of 64 bits. */
export const boxed = (size: Size, { high, low }: Words): Words =>
  size.bits === 64 ? words(high, low) : words(-1, low | upperOnes(size));

const inBox = (size: Size, { high, low, flags }: Outcome): Outcome =>
  size.bits === 64 ? { high, low, flags } : { high: -1, low: low | upperOnes(size), flags };
