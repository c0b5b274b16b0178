/**
 * What a floating-point instruction gives on registers as they are, boxes and all, from its name and
 * the slow reference alone (unprivileged manual, F, D, Zfh and Zfa).
 */
import type { RoundingMode } from '../../../../../src/core/isa/riscv/float/environment.ts';
import * as reference from './reference.ts';
import { nanOf, sizes, type Outcome, type Size } from './reference.ts';

type Suffix = keyof typeof sizes;
type Registers = readonly [bigint, bigint, bigint];

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

/** Value of the destination register and flags; `hint`, a guess at the value, only saves time. */
export function expected(
  mnemonic: string,
  registers: Registers,
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const [name, ...rest] = mnemonic.split('.') as [string, ...string[]];
  if (name === 'fmv') return moved(rest, registers[0]);
  if (name === 'fmvh') return { value: registers[0] >> 32n, flags: 0 };
  if (name === 'fmvp') {
    const [low, high] = registers.map((r) => BigInt.asUintN(32, r)) as [bigint, bigint];
    return { value: high * 2n ** 32n + low, flags: 0 };
  }
  const to = sizes[rest[0] as Suffix] as Size | undefined;
  const from = sourceOf(mnemonic);
  if (name === 'fcvtmod') {
    return toRegister(reference.toIntegerModular(sizes.d, unboxed(sizes.d, registers[0])));
  }
  if (name === 'fcvt' && !from) {
    const [width, signed] = integers[rest[1]!]!;
    const bits = BigInt.asUintN(width, registers[0]);
    const value = signed ? BigInt.asIntN(width, bits) : bits;
    return boxed(to!, reference.ofInteger(to!, value, mode, withoutBox(to!, hint)));
  }
  const operands = registers.map((r) => unboxed(from!, r)) as [bigint, bigint, bigint];
  if (name !== 'fcvt') return computed(name, from!, operands, mode, hint);
  if (!to) {
    const [width, signed] = integers[rest[0]!]!;
    const { value, flags } = reference.toInteger(from!, operands[0], width, signed, mode);
    // "FCVT.WU.* sign-extends its 32-bit result to the destination register width."
    return toRegister({ value: BigInt.asIntN(width, value), flags });
  }
  return boxed(to, reference.converted(from!, to, operands[0], mode, withoutBox(to, hint)));
}

function computed(
  name: string,
  size: Size,
  [a, b, c]: Registers,
  mode: RoundingMode,
  hint: bigint,
): Outcome {
  const guess = withoutBox(size, hint);
  const arithmetic = (op: reference.Operation, ...o: Registers): Outcome =>
    boxed(size, reference.arithmetic(op, size, o, mode, guess));
  const minus = (x: bigint): bigint => x ^ (1n << BigInt(size.bits - 1));
  const extreme = (which: 'minimum' | 'maximum', nanWins: boolean): Outcome =>
    boxed(size, reference.minimumOrMaximum(size, a, b, which, nanWins));
  const relation = (holds: (order: number) => boolean, quiet: boolean): Outcome =>
    reference.relation(size, a, b, holds, quiet);
  const signed = (negative: boolean): Outcome => {
    const magnitude = BigInt.asUintN(size.bits - 1, a);
    return boxed(size, { value: negative ? minus(magnitude) : magnitude, flags: 0 });
  };
  const isNegative = (x: bigint): boolean => x >> BigInt(size.bits - 1) === 1n;
  switch (name) {
    case 'fadd':
      return arithmetic('add', a, b, c);
    case 'fsub':
      return arithmetic('sub', a, b, c);
    case 'fmul':
      return arithmetic('mul', a, b, c);
    case 'fdiv':
      return arithmetic('div', a, b, c);
    case 'fsqrt':
      return arithmetic('sqrt', a, b, c);
    // Negating a factor or the addend is exact.
    case 'fmadd':
      return arithmetic('fma', a, b, c);
    case 'fmsub':
      return arithmetic('fma', a, b, minus(c));
    case 'fnmsub':
      return arithmetic('fma', minus(a), b, c);
    case 'fnmadd':
      return arithmetic('fma', minus(a), b, minus(c));
    case 'fsgnj':
      return signed(isNegative(b));
    case 'fsgnjn':
      return signed(!isNegative(b));
    case 'fsgnjx':
      return signed(isNegative(a) !== isNegative(b));
    case 'fmin':
    case 'fminm':
      return extreme('minimum', name === 'fminm');
    case 'fmax':
    case 'fmaxm':
      return extreme('maximum', name === 'fmaxm');
    case 'feq':
      return relation((order) => order === 0, true);
    case 'flt':
    case 'fltq':
      return relation((order) => order < 0, name === 'fltq');
    case 'fle':
    case 'fleq':
      return relation((order) => order <= 0, name === 'fleq');
    case 'fclass':
      return { value: reference.classOf(size, a), flags: 0 };
    case 'fround':
    case 'froundnx':
      return boxed(size, reference.toIntegral(size, a, name === 'froundnx', mode));
    default:
      throw new Error(`nothing is known of ${name}`);
  }
}

function moved([to, from]: readonly string[], register: bigint): Outcome {
  if (to === 'x') {
    const value = BigInt.asIntN(sizes[formatOfMove[from!]!].bits, register);
    return toRegister({ value, flags: 0 });
  }
  return boxed(sizes[formatOfMove[to!]!], { value: register, flags: 0 });
}

const upperOnes = (size: Size): bigint => (1n << 64n) - (1n << BigInt(size.bits));

function unboxed(size: Size, register: bigint): bigint {
  const isBoxed = register >= upperOnes(size);
  return isBoxed || size.bits === 64 ? BigInt.asUintN(size.bits, register) : nanOf(size);
}

const withoutBox = (size: Size, register: bigint): bigint => BigInt.asUintN(size.bits, register);

function boxed(size: Size, { value, flags }: Outcome): Outcome {
  const upper = size.bits === 64 ? 0n : upperOnes(size);
  return { value: upper | BigInt.asUintN(size.bits, value), flags };
}

const toRegister = ({ value, flags }: Outcome): Outcome => ({
  value: BigInt.asUintN(64, value),
  flags,
});
