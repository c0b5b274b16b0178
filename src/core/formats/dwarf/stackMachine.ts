/**
 * The stack of a DWARF expression and the operations that need nothing else: literals, stack
 * operations, arithmetic, control flow (DWARF 5, sections 2.5.1.1, 2.5.1.3 to 2.5.1.5). Values of
 * the generic type have an address's size and no sign; typed ones have that of their base type.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_ATE, DW_OP } from './constants.ts';

export interface BaseType {
  readonly size: number;
  /** DW_ATE_* */
  readonly encoding: number;
}

interface Value {
  /** Without sign, cut to the type's size. */
  readonly bits: bigint;
  readonly type: BaseType;
}

const MAX_DEPTH = 1000;
const signedEncodings: readonly number[] = [DW_ATE.signed, DW_ATE.signed_char];

export class StackMachine {
  private readonly reader: ByteReader;
  private readonly generic: BaseType;
  private readonly values: Value[] = [];

  constructor(reader: ByteReader, addressSize: number) {
    this.reader = reader;
    this.generic = { size: addressSize, encoding: DW_ATE.address };
  }

  get depth(): number {
    return this.values.length;
  }

  push(value: bigint, type: BaseType = this.generic): void {
    if (this.values.length >= MAX_DEPTH) throw this.reader.error('the expression stack overflows');
    this.values.push({ bits: BigInt.asUintN(type.size * 8, value), type });
  }

  pushBytes(bytes: Uint8Array, type: BaseType = this.generic): void {
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
    this.push(value, type);
  }

  /** Unsigned. */
  pop(): bigint {
    return this.popValue().bits;
  }

  /** As many little-endian bytes as the top's type has. */
  popBytes(): Uint8Array {
    const { bits, type } = this.popValue();
    return Uint8Array.from({ length: type.size }, (_, i) =>
      Number((bits >> BigInt(i * 8)) & 0xffn),
    );
  }

  /** Gives the top another type; undefined is the generic one. */
  convert(type: BaseType = this.generic): void {
    const value = this.popValue();
    if (value.type.encoding === DW_ATE.float || type.encoding === DW_ATE.float) {
      if (value.type.encoding !== type.encoding || value.type.size !== type.size) {
        throw this.reader.error('conversion of floating-point values is not supported');
      }
    }
    this.push(signed(value, value.type), type);
  }

  /** Does an operation; false when the opcode is not one of these. */
  step(opcode: number): boolean {
    if (opcode >= DW_OP.lit0 && opcode < DW_OP.lit0 + 32) {
      this.push(BigInt(opcode - DW_OP.lit0));
      return true;
    }
    return (
      this.constant(opcode) ||
      this.stackOperation(opcode) ||
      this.unary(opcode) ||
      this.binary(opcode)
    );
  }

  private constant(opcode: number): boolean {
    const { reader } = this;
    switch (opcode) {
      case DW_OP.const1u:
        this.push(BigInt(reader.u8()));
        return true;
      case DW_OP.const1s:
        this.push(BigInt(reader.i8()));
        return true;
      case DW_OP.const2u:
        this.push(BigInt(reader.u16()));
        return true;
      case DW_OP.const2s:
        this.push(BigInt(reader.i16()));
        return true;
      case DW_OP.const4u:
        this.push(BigInt(reader.u32()));
        return true;
      case DW_OP.const4s:
        this.push(BigInt(reader.i32()));
        return true;
      case DW_OP.const8u:
        this.push(reader.u64());
        return true;
      case DW_OP.const8s:
        this.push(reader.i64());
        return true;
      case DW_OP.constu:
        this.push(reader.ulebBig());
        return true;
      case DW_OP.consts:
        this.push(reader.slebBig());
        return true;
      default:
        return false;
    }
  }

  private stackOperation(opcode: number): boolean {
    switch (opcode) {
      case DW_OP.nop:
      case DW_OP.GNU_uninit:
        return true;
      case DW_OP.dup:
        this.pick(0);
        return true;
      case DW_OP.drop:
        this.popValue();
        return true;
      case DW_OP.over:
        this.pick(1);
        return true;
      case DW_OP.pick:
        this.pick(this.reader.u8());
        return true;
      case DW_OP.swap: {
        const [top, second] = [this.popValue(), this.popValue()];
        this.values.push(top, second);
        return true;
      }
      case DW_OP.rot: {
        const [top, second, third] = [this.popValue(), this.popValue(), this.popValue()];
        this.values.push(top, third, second);
        return true;
      }
      case DW_OP.skip:
        this.branch(this.reader.i16());
        return true;
      case DW_OP.bra: {
        const distance = this.reader.i16();
        if (this.pop() !== 0n) this.branch(distance);
        return true;
      }
      default:
        return false;
    }
  }

  private unary(opcode: number): boolean {
    switch (opcode) {
      case DW_OP.abs:
      case DW_OP.neg: {
        const value = this.integer();
        const number = signedAlways(value);
        this.push(opcode === DW_OP.abs && number >= 0n ? number : -number, value.type);
        return true;
      }
      case DW_OP.not: {
        const value = this.integer();
        this.push(~value.bits, value.type);
        return true;
      }
      case DW_OP.plus_uconst: {
        const value = this.integer();
        this.push(value.bits + this.reader.ulebBig(), value.type);
        return true;
      }
      default:
        return false;
    }
  }

  private binary(opcode: number): boolean {
    const operation = binaryOperations[opcode];
    if (!operation) return false;
    const right = this.integer();
    const left = this.integer();
    const result = operation(left, right);
    if (result === undefined) throw this.reader.error('division by zero');
    if (typeof result === 'boolean') this.push(result ? 1n : 0n);
    else this.push(result, left.type);
    return true;
  }

  private pick(index: number): void {
    const value = this.values.at(-1 - index);
    if (!value) throw this.reader.error('the expression stack is empty');
    this.push(value.bits, value.type);
  }

  private branch(distance: number): void {
    this.reader.seek(this.reader.offset + distance);
  }

  private popValue(): Value {
    const value = this.values.pop();
    if (!value) throw this.reader.error('the expression stack is empty');
    return value;
  }

  private integer(): Value {
    const value = this.popValue();
    if (value.type.encoding === DW_ATE.float) {
      throw this.reader.error('floating-point arithmetic is not supported');
    }
    return value;
  }
}

type BinaryOperation = (left: Value, right: Value) => bigint | boolean | undefined;

/** Division by zero has no result. Comparisons of the generic type are signed. */
const binaryOperations: Readonly<Record<number, BinaryOperation>> = {
  [DW_OP.and]: (a, b) => a.bits & b.bits,
  [DW_OP.or]: (a, b) => a.bits | b.bits,
  [DW_OP.xor]: (a, b) => a.bits ^ b.bits,
  [DW_OP.plus]: (a, b) => a.bits + b.bits,
  [DW_OP.minus]: (a, b) => a.bits - b.bits,
  [DW_OP.mul]: (a, b) => a.bits * b.bits,
  [DW_OP.div]: (a, b) => (b.bits === 0n ? undefined : comparable(a) / comparable(b)),
  [DW_OP.mod]: (a, b) => (b.bits === 0n ? undefined : a.bits % b.bits),
  [DW_OP.shl]: (a, b) => (b.bits > 127n ? 0n : a.bits << b.bits),
  [DW_OP.shr]: (a, b) => (b.bits > 127n ? 0n : a.bits >> b.bits),
  [DW_OP.shra]: (a, b) => signedAlways(a) >> (b.bits > 127n ? 127n : b.bits),
  [DW_OP.eq]: (a, b) => a.bits === b.bits,
  [DW_OP.ne]: (a, b) => a.bits !== b.bits,
  [DW_OP.lt]: (a, b) => comparable(a) < comparable(b),
  [DW_OP.le]: (a, b) => comparable(a) <= comparable(b),
  [DW_OP.gt]: (a, b) => comparable(a) > comparable(b),
  [DW_OP.ge]: (a, b) => comparable(a) >= comparable(b),
};

/** With the sign of its type; unsigned when the type has none. */
function signed(value: Value, type: BaseType): bigint {
  return signedEncodings.includes(type.encoding) ? signedAlways(value) : value.bits;
}

/** As `signed`, but the generic type counts as signed, as DWARF wants it for div and comparisons. */
function comparable(value: Value): bigint {
  return value.type.encoding === DW_ATE.address ? signedAlways(value) : signed(value, value.type);
}

function signedAlways(value: Value): bigint {
  return BigInt.asIntN(value.type.size * 8, value.bits);
}
