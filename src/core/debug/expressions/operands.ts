/**
 * Numbers and pointers as C computes with them: promotion, the usual arithmetic conversions and
 * what each operator gives (C17, 6.3.1.1, 6.3.1.8 and 6.5), for a target with 32-bit `int` and
 * 64-bit `long`. What C leaves undefined is an error where it is a mistake (division by zero, a
 * shift by too much) and wraps around otherwise. Where operands come from is not known here.
 */
import { unreachable } from '../../base/assert.ts';
import { UserError } from '../../base/userError.ts';

/** An expression that cannot be read or has no value; the message says where and why. */
export class ExpressionError extends UserError {
  override readonly name = 'ExpressionError';
}

/** Which memory an address is of; without one, the memory that the hart sees. */
export type AddressSpace = 'virtual' | 'guestPhysical' | 'physical';

/** What something points to, as far as computing with its address goes. */
export interface Pointee {
  /** Bytes; 0 when unknown. */
  readonly size: number;
}

export interface Operand {
  /** Within the range of its type. */
  readonly value: bigint;
  /** Width of the type; below 32 it is promoted before anything is computed. */
  readonly bits: number;
  readonly signed: boolean;
  /** A floating-point number: then `value` is its integer part, and `bits` 32 or 64. */
  readonly float?: number | undefined;
  readonly pointee?: Pointee | undefined;
  /** What it was cast to. */
  readonly type?: Pointee | undefined;
  readonly space?: AddressSpace | undefined;
  /** For pointers and arrays: bytes of what is pointed to. */
  readonly stride?: number | undefined;
  /** Names that the type gives to values: enumerators, meanings of a field. */
  readonly named?: ((name: string) => bigint | undefined) | undefined;
}

export type UnaryOperator = '-' | '+' | '!' | '~';
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|';

/** The value brought into the type's range. */
export function operand(value: bigint, bits: number, signed: boolean): Operand {
  return { value: signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value), bits, signed };
}

/** In the precision of its type, as RISC-V computes (FLT_EVAL_METHOD 0). */
export function floating(value: number, bits: number): Operand {
  const float = bits === 32 ? Math.fround(value) : value;
  const whole = Number.isFinite(float) ? BigInt(Math.trunc(float)) : 0n;
  return { value: whole, bits, signed: true, float };
}

export function numberOfOperand({ value, float }: Operand): number {
  return float ?? Number(value);
}

export function truth(condition: boolean): Operand {
  return operand(condition ? 1n : 0n, 32, true);
}

export function isTrue({ value, float }: Operand): boolean {
  return float === undefined ? value !== 0n : float !== 0;
}

export function unary(operator: UnaryOperator, of: Operand): Operand {
  if (of.float !== undefined) return unaryFloat(operator, of.float, of.bits);
  const promoted = promote(of);
  const { value, bits, signed } = promoted;
  switch (operator) {
    case '+':
      return promoted;
    case '-':
      return operand(-value, bits, signed);
    case '~':
      return operand(~value, bits, signed);
    case '!':
      return truth(value === 0n);
    default:
      return unreachable(operator);
  }
}

export function binary(operator: BinaryOperator, left: Operand, right: Operand): Operand {
  if (left.float !== undefined || right.float !== undefined) {
    return binaryFloat(operator, left, right);
  }
  if (operator === '<<' || operator === '>>') return shift(operator, promote(left), right);
  const pointer = pointerArithmetic(operator, left, right);
  if (pointer) return pointer;
  const { bits, signed } = commonType(promote(left), promote(right));
  const a = operand(left.value, bits, signed).value;
  const b = operand(right.value, bits, signed).value;
  const result = (value: bigint) => operand(value, bits, signed);
  switch (operator) {
    case '*':
      return result(a * b);
    case '/':
    case '%':
      if (b === 0n) throw new ExpressionError(`${left.value} ${operator} 0 has no value`);
      return result(operator === '/' ? a / b : a % b);
    case '+':
      return result(a + b);
    case '-':
      return result(a - b);
    case '&':
      return result(a & b);
    case '^':
      return result(a ^ b);
    case '|':
      return result(a | b);
    case '<':
      return truth(a < b);
    case '<=':
      return truth(a <= b);
    case '>':
      return truth(a > b);
    case '>=':
      return truth(a >= b);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    default:
      return unreachable(operator);
  }
}

function unaryFloat(operator: UnaryOperator, value: number, bits: number): Operand {
  switch (operator) {
    case '+':
      return floating(value, bits);
    case '-':
      return floating(-value, bits);
    case '!':
      return truth(value === 0);
    case '~':
      throw new ExpressionError("'~' is not for floating-point numbers");
    default:
      return unreachable(operator);
  }
}

function binaryFloat(operator: BinaryOperator, left: Operand, right: Operand): Operand {
  const widths = [left, right].flatMap(({ float, bits }) => (float === undefined ? [] : [bits]));
  const bits = Math.max(...widths);
  // Whole numbers are converted to the other side's type before anything is computed.
  const a = numberOfOperand(floating(numberOfOperand(left), bits));
  const b = numberOfOperand(floating(numberOfOperand(right), bits));
  switch (operator) {
    case '*':
      return floating(a * b, bits);
    case '/':
      return floating(a / b, bits);
    case '+':
      return floating(a + b, bits);
    case '-':
      return floating(a - b, bits);
    case '<':
      return truth(a < b);
    case '<=':
      return truth(a <= b);
    case '>':
      return truth(a > b);
    case '>=':
      return truth(a >= b);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    default:
      throw new ExpressionError(`'${operator}' is not for floating-point numbers`);
  }
}

/** Every value of a type narrower than `int` is a value of `int` (6.3.1.1). */
function promote({ value, bits, signed }: Operand): Operand {
  return bits < 32 ? { value, bits: 32, signed: true } : { value, bits, signed };
}

/** The wider type; of two equally wide ones the unsigned (6.3.1.8). */
export function commonType(left: Operand, right: Operand): Pick<Operand, 'bits' | 'signed'> {
  if (left.bits !== right.bits) return left.bits > right.bits ? left : right;
  return { bits: left.bits, signed: left.signed && right.signed };
}

/** The right operand's type has no say in the result's (6.5.7). */
function shift(operator: '<<' | '>>', left: Operand, right: Operand): Operand {
  const { value, bits, signed } = left;
  if (right.value < 0n || right.value >= BigInt(bits)) {
    const text = `${value} ${operator} ${right.value} has no value: the left side has ${bits} bits`;
    throw new ExpressionError(text);
  }
  return operand(operator === '<<' ? value << right.value : value >> right.value, bits, signed);
}

/** Additions to pointers and differences of them count in elements (6.5.6). */
function pointerArithmetic(
  operator: BinaryOperator,
  left: Operand,
  right: Operand,
): Operand | undefined {
  if (operator !== '+' && operator !== '-') return undefined;
  if (left.stride !== undefined && right.stride !== undefined && operator === '-') {
    const bytes = BigInt.asIntN(left.bits, left.value - right.value);
    return operand(bytes / BigInt(left.stride || 1), left.bits, true);
  }
  if (left.stride !== undefined && right.stride === undefined) {
    const bytes = right.value * BigInt(left.stride || 1);
    return moved(left, operator === '+' ? bytes : -bytes);
  }
  if (right.stride !== undefined && left.stride === undefined && operator === '+') {
    return moved(right, left.value * BigInt(right.stride || 1));
  }
  return undefined;
}

function moved(pointer: Operand, bytes: bigint): Operand {
  const { value, bits, signed, stride, pointee, space } = pointer;
  return { ...operand(value + bytes, bits, signed), stride, pointee, space };
}
