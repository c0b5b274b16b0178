/**
 * DWARF expressions and location descriptions (DWARF 5, sections 2.5 and 2.6): where a value is, or
 * what it is, in a frame that is read through callbacks. stackMachine.ts has the arithmetic.
 */
import { ByteReader } from '../../base/byteReader.ts';
import { UserError } from '../../base/userError.ts';
import { DW_AT, DW_OP, nameOf } from './constants.ts';
import { DwarfError } from './sections.ts';
import { StackMachine, type BaseType } from './stackMachine.ts';
import type { Unit } from './unit.ts';

/** The frame that an expression is evaluated in. Addresses are run-time addresses. */
export interface ExpressionFrame {
  readonly cfa: bigint | undefined;
  readRegister(dwarf: number): Promise<bigint | undefined>;
  readMemory(address: bigint, size: number): Promise<Uint8Array>;
  /** DW_AT_frame_base of the function, when there is one. */
  frameBase?(): Promise<bigint>;
  /** Value that an expression had on entry to the function, when the caller can tell. */
  entryValue?(expression: Uint8Array): Promise<bigint | undefined>;
}

export interface ExpressionSetting {
  readonly addressSize: 4 | 8;
  /** Added to addresses of the file. */
  readonly relocation: bigint;
  /** The unit of the expression; absent in call-frame information, which has no indexes or types. */
  readonly unit?: Unit;
}

/** One part of a value, or all of it. */
export type Location =
  | { readonly kind: 'memory'; readonly address: bigint }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'implicit'; readonly bytes: Uint8Array }
  | { readonly kind: 'optimizedOut' };

export interface Piece {
  readonly location: Location;
  /** Undefined for a location that is the whole value. */
  readonly bitSize: number | undefined;
  /** First bit within a register, implicit value or memory. */
  readonly bitOffset: number;
}

/** The value is not there to be had in this frame; the message says why. */
export class Unavailable extends UserError {
  override readonly name = 'Unavailable';
}

/** More operations than any compiler emits: a loop. */
const MAX_OPERATIONS = 10_000;

/** Where an object is. An empty expression means that it was optimised away. */
export async function evaluateLocation(
  expression: Uint8Array,
  frame: ExpressionFrame,
  setting: ExpressionSetting,
): Promise<readonly Piece[]> {
  return new Evaluator(expression, frame, setting).location();
}

/** The number that an expression computes, for call-frame rules, frame bases and array bounds. */
export async function evaluateValue(
  expression: Uint8Array,
  frame: ExpressionFrame,
  setting: ExpressionSetting,
  initial: readonly bigint[] = [],
): Promise<bigint> {
  return new Evaluator(expression, frame, setting, initial).value();
}

class Evaluator {
  private readonly reader: ByteReader;
  private readonly frame: ExpressionFrame;
  private readonly setting: ExpressionSetting;
  private readonly stack: StackMachine;
  private readonly pieces: Piece[] = [];
  /** Set by operations that are a location and not an address on the stack. */
  private simple: Location | undefined;

  constructor(
    expression: Uint8Array,
    frame: ExpressionFrame,
    setting: ExpressionSetting,
    initial: readonly bigint[] = [],
  ) {
    const what = setting.unit ? setting.unit.lookup.sections.file : 'call-frame information';
    this.reader = new ByteReader(expression, `${what}: DWARF expression`);
    this.frame = frame;
    this.setting = setting;
    this.stack = new StackMachine(this.reader, setting.addressSize);
    for (const value of initial) this.stack.push(value);
  }

  async location(): Promise<readonly Piece[]> {
    await this.run();
    if (this.pieces.length > 0) return this.pieces;
    return [{ location: this.takeLocation(), bitSize: undefined, bitOffset: 0 }];
  }

  async value(): Promise<bigint> {
    await this.run();
    const location = this.takeLocation();
    switch (location.kind) {
      case 'memory':
        return location.address;
      case 'register':
        return this.register(location.register);
      case 'implicit':
        return new ByteReader(location.bytes, this.reader.what).unsigned(location.bytes.length);
      case 'optimizedOut':
        throw new Unavailable('optimized out');
    }
  }

  private async run(): Promise<void> {
    for (let count = 0; !this.reader.atEnd; count++) {
      if (count > MAX_OPERATIONS) throw this.reader.error('the expression does not end');
      await this.step(this.reader.u8());
    }
  }

  private async step(opcode: number): Promise<void> {
    const { reader, stack } = this;
    if (stack.step(opcode)) return;
    if (opcode >= DW_OP.reg0 && opcode < DW_OP.reg0 + 32) {
      this.simple = { kind: 'register', register: opcode - DW_OP.reg0 };
      return;
    }
    if (opcode >= DW_OP.breg0 && opcode < DW_OP.breg0 + 32) {
      stack.push((await this.register(opcode - DW_OP.breg0)) + reader.slebBig());
      return;
    }
    switch (opcode) {
      case DW_OP.regx:
        this.simple = { kind: 'register', register: reader.uleb() };
        return;
      case DW_OP.bregx: {
        const value = await this.register(reader.uleb());
        stack.push(value + reader.slebBig());
        return;
      }
      case DW_OP.fbreg: {
        const offset = reader.slebBig();
        if (!this.frame.frameBase) throw new Unavailable('the function has no frame base');
        stack.push((await this.frame.frameBase()) + offset);
        return;
      }
      case DW_OP.call_frame_cfa:
        if (this.frame.cfa === undefined) throw new Unavailable('the frame has no known CFA');
        stack.push(this.frame.cfa);
        return;
      case DW_OP.addr:
        stack.push(reader.unsigned(this.setting.addressSize) + this.setting.relocation);
        return;
      case DW_OP.addrx:
      case DW_OP.GNU_addr_index:
        stack.push(this.unit().indexedAddress(reader.uleb()) + this.setting.relocation);
        return;
      case DW_OP.constx:
      case DW_OP.GNU_const_index:
        stack.push(this.unit().indexedAddress(reader.uleb()));
        return;
      case DW_OP.deref:
        await this.deref(this.setting.addressSize, undefined);
        return;
      case DW_OP.deref_size:
        await this.deref(reader.u8(), undefined);
        return;
      default:
        if (this.stepLocation(opcode)) return;
        await this.stepTyped(opcode);
    }
  }

  /** Operations that end a location description. */
  private stepLocation(opcode: number): boolean {
    const { reader } = this;
    switch (opcode) {
      case DW_OP.stack_value:
        this.simple = { kind: 'implicit', bytes: this.stack.popBytes() };
        return true;
      case DW_OP.implicit_value:
        this.simple = { kind: 'implicit', bytes: reader.block(reader.uleb()) };
        return true;
      case DW_OP.piece:
        this.piece(reader.uleb() * 8, 0);
        return true;
      case DW_OP.bit_piece: {
        const size = reader.uleb();
        this.piece(size, reader.uleb());
        return true;
      }
      case DW_OP.implicit_pointer:
      case DW_OP.GNU_implicit_pointer:
        throw new Unavailable('optimized out: a pointer to a value that has no address');
      default:
        return false;
    }
  }

  private async stepTyped(opcode: number): Promise<void> {
    const { reader, stack } = this;
    switch (opcode) {
      case DW_OP.const_type:
      case DW_OP.GNU_const_type: {
        const type = this.baseType(reader.uleb());
        stack.pushBytes(reader.block(reader.u8()), type);
        return;
      }
      case DW_OP.regval_type:
      case DW_OP.GNU_regval_type: {
        const value = await this.register(reader.uleb());
        stack.push(value, this.baseType(reader.uleb()));
        return;
      }
      case DW_OP.deref_type:
      case DW_OP.GNU_deref_type: {
        const size = reader.u8();
        await this.deref(size, this.baseType(reader.uleb()));
        return;
      }
      case DW_OP.convert:
      case DW_OP.GNU_convert:
      case DW_OP.reinterpret:
      case DW_OP.GNU_reinterpret: {
        const offset = reader.uleb();
        stack.convert(offset === 0 ? undefined : this.baseType(offset));
        return;
      }
      case DW_OP.entry_value:
      case DW_OP.GNU_entry_value: {
        const expression = reader.block(reader.uleb());
        const value = await this.frame.entryValue?.(expression);
        if (value === undefined)
          throw new Unavailable('optimized out: only its entry value was known');
        stack.push(value);
        return;
      }
      default:
        throw reader.error(`${nameOf('DW_OP', DW_OP, opcode)} is not known here`);
    }
  }

  private async deref(size: number, type: BaseType | undefined): Promise<void> {
    if (size < 1 || size > 8) throw this.reader.error(`cannot read ${size} bytes at once`);
    const address = this.stack.pop();
    const bytes = await this.frame.readMemory(address, size);
    if (bytes.length < size) throw new Unavailable(`cannot read 0x${address.toString(16)}`);
    this.stack.pushBytes(bytes.subarray(0, size), type);
  }

  private async register(register: number): Promise<bigint> {
    const value = await this.frame.readRegister(register);
    if (value === undefined) throw new Unavailable(`register ${register} was not saved`);
    return value;
  }

  private piece(bitSize: number, bitOffset: number): void {
    const empty = this.simple === undefined && this.stack.depth === 0;
    const location: Location = empty ? { kind: 'optimizedOut' } : this.takeLocation();
    this.pieces.push({ location, bitSize, bitOffset });
  }

  private takeLocation(): Location {
    const location = this.simple;
    this.simple = undefined;
    if (location) return location;
    if (this.stack.depth === 0) return { kind: 'optimizedOut' };
    return { kind: 'memory', address: this.stack.pop() };
  }

  private unit(): Unit {
    if (this.setting.unit) return this.setting.unit;
    throw this.reader.error('an expression outside of a unit uses one');
  }

  private baseType(offset: number): BaseType {
    const unit = this.unit();
    const die = unit.entryAt(unit.offset + offset);
    const size = die.number(DW_AT.byte_size);
    if (size === undefined || size < 1 || size > 16) {
      throw new DwarfError(this.reader.what, this.reader.offset, 'a base type has no usable size');
    }
    return { size, encoding: die.number(DW_AT.encoding) ?? 0 };
  }
}
