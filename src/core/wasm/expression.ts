/**
 * Typed expression nodes that become WebAssembly. Constants fold as they are built; effects belong
 * to statements of a `FunctionBuilder`, except for `effect`, which runs statements and then yields.
 */
import type { FunctionBuilder } from './functionBuilder.ts';
import { assert, Bug } from '../base/assert.ts';
import { loadTable, op, operatorTable, type ValueType } from './opcodes.ts';

export interface Expr {
  readonly type: ValueType;
  /** Value of a constant, signed; undefined for everything else. */
  readonly constant?: bigint;
  /** The number of the same width whose bits these are, where that is at hand. */
  readonly bitsOf?: Expr;
  /**
   * Of 64 bits that are their own low half sign-extended, where that is known: the half. Either of
   * the two may be emitted, not both.
   */
  readonly low?: Expr | undefined;
  /** 1 or 0. */
  readonly isTruth?: boolean;
  /** Of 32 bits: not negative, so that to extend the sign is to put zeros in front, which is free. */
  readonly isPositive?: boolean;
  emit(f: FunctionBuilder): void;
}

export const i32 = (value: number): Expr => small(smallI32, 'i32', value);
export const i64 = (value: bigint | number): Expr =>
  typeof value === 'number'
    ? small(smallI64, 'i64', value)
    : constant('i64', BigInt.asIntN(64, value));

/** Constants that nearly all code is made of, kept: bigints are slow. */
const smallI32: (Expr | undefined)[] = [];
const smallI64: (Expr | undefined)[] = [];
const mostSmall = 4096;

function small(kept: (Expr | undefined)[], type: 'i32' | 'i64', value: number): Expr {
  const index = value + mostSmall;
  if (index < 0 || index > 2 * mostSmall) return constantNumber(type, value);
  return (kept[index] ??= constantNumber(type, value));
}

const constantNumber = (type: 'i32' | 'i64', value: number): Expr =>
  constant(type, BigInt.asIntN(type === 'i32' ? 32 : 64, BigInt(value)));

const constant = (type: 'i32' | 'i64', value: bigint): Expr => new Constant(type, value);

/** Nodes made for every instruction are objects of classes: closures cost more to make. */
class Constant implements Expr {
  readonly type: 'i32' | 'i64';
  readonly constant: bigint;

  constructor(type: 'i32' | 'i64', value: bigint) {
    this.type = type;
    this.constant = value;
  }
  get low(): Expr | undefined {
    const { constant: value } = this;
    if (this.type === 'i32' || value !== BigInt.asIntN(32, value)) return undefined;
    return i32(Number(value));
  }
  emit({ code }: FunctionBuilder): void {
    code.byte(this.type === 'i32' ? op.i32Const : op.i64Const).signed(this.constant);
  }
}

export const local = (type: ValueType, index: number): Expr => new Local(type, index);

class Local implements Expr {
  readonly type: ValueType;
  private readonly index: number;

  constructor(type: ValueType, index: number) {
    this.type = type;
    this.index = index;
  }
  emit({ code }: FunctionBuilder): void {
    code.byte(op.localGet).unsigned(this.index);
  }
}

/** Something of 32 bits that is known not to be negative. */
export const positive = (value: Expr): Expr => new Positive(value);

class Positive implements Expr {
  readonly type = 'i32';
  readonly isPositive = true;
  private readonly value: Expr;

  constructor(value: Expr) {
    this.value = value;
  }
  emit(f: FunctionBuilder): void {
    this.value.emit(f);
  }
}

/** Sets a local and is its value. */
export const tee = (index: number, value: Expr): Expr => ({
  type: value.type,
  emit: (f) => {
    value.emit(f);
    f.code.byte(op.localTee).unsigned(index);
  },
});

/** An expression that has the number whose bits it is at hand. */
export const ofBits = (bits: Expr, bitsOf: Expr): Expr => ({
  type: bits.type,
  bitsOf,
  emit: (f) => bits.emit(f),
});

/** Runs statements that leave a value of `type` on the stack. */
export const effect = (type: ValueType, statements: (f: FunctionBuilder) => void): Expr => ({
  type,
  emit: statements,
});

export function load(name: keyof typeof loadTable, address: Expr, offset = 0): Expr {
  const { code, result } = loadTable[name];
  if (address.type !== 'i32') throw new Bug(`${name} of an ${address.type} address`);
  return new Load(result, code, address, offset);
}

/** Loads whose low half says it all: codes of what loads all, and of what loads the half. */
const lowLoads: ReadonlyMap<number, number> = new Map(
  (
    [
      ['i64.load8_s', 'i32.load8_s'],
      ['i64.load8_u', 'i32.load8_u'],
      ['i64.load16_s', 'i32.load16_s'],
      ['i64.load16_u', 'i32.load16_u'],
      ['i64.load32_s', 'i32.load'],
    ] as const
  ).map(([all, half]) => [loadTable[all].code, loadTable[half].code]),
);

class Load implements Expr {
  readonly type: ValueType;
  private readonly code: number;
  private readonly address: Expr;
  private readonly offset: number;

  constructor(type: ValueType, code: number, address: Expr, offset: number) {
    this.type = type;
    this.code = code;
    this.address = address;
    this.offset = offset;
  }
  get low(): Expr | undefined {
    const code = lowLoads.get(this.code);
    return code === undefined ? undefined : new Load('i32', code, this.address, this.offset);
  }
  emit(f: FunctionBuilder): void {
    this.address.emit(f);
    // The alignment hint has no meaning but speed, and engines ignore it: 0 is always valid.
    f.code.byte(this.code).byte(0).unsigned(this.offset);
  }
}

export function select(whenTrue: Expr, whenFalse: Expr, condition: Expr): Expr {
  if (condition.constant !== undefined) return condition.constant === 0n ? whenFalse : whenTrue;
  const [low, otherLow] = [whenTrue.low, whenFalse.low];
  if (low && otherLow) return signExtend(select(low, otherLow, condition));
  return {
    type: whenTrue.type,
    emit: (f) => {
      whenTrue.emit(f);
      whenFalse.emit(f);
      condition.emit(f);
      f.code.byte(op.select);
    },
  };
}

/** As `select`, but only one of the two is evaluated. */
export function choose(condition: Expr, whenTrue: Expr, whenFalse: Expr): Expr {
  if (condition.constant !== undefined) return condition.constant === 0n ? whenFalse : whenTrue;
  return effect(whenTrue.type, (f) => {
    f.ifValue(condition, whenTrue.type);
    whenTrue.emit(f);
    f.else();
    whenFalse.emit(f);
    f.end();
  });
}

export function unary(name: string): (a: Expr) => Expr {
  const { code, operand, result } = operator(name);
  return (a) => {
    if (a.type !== operand) throw new Bug(`${name} of ${a.type}`);
    return new Unary(result, code, a);
  };
}

class Unary implements Expr {
  readonly type: ValueType;
  private readonly code: number;
  private readonly a: Expr;

  constructor(type: ValueType, code: number, a: Expr) {
    this.type = type;
    this.code = code;
    this.a = a;
  }
  emit(f: FunctionBuilder): void {
    this.a.emit(f);
    f.code.byte(this.code);
  }
}

interface Folding {
  /** Both operands signed; the result is brought to the type's width. */
  readonly fold?: (a: bigint, b: bigint) => bigint;
  /** A right operand that leaves the left one as it is. */
  readonly identity?: bigint;
  readonly commutes?: boolean;
  /** The same of low halves, where both operands have one. */
  readonly narrow?: Operation;
  readonly isTruth?: boolean;
}

type Operation = (a: Expr, b: Expr) => Expr;

export function binary(name: string, folding: Folding = {}): Operation {
  const { code, operand, result } = operator(name);
  const { fold, identity, commutes, narrow, isTruth } = folding;
  return (a, b) => {
    if (a.type !== operand || b.type !== operand) {
      throw new Bug(`${name} of ${a.type}, ${b.type}`);
    }
    if (fold && a.constant !== undefined && b.constant !== undefined) {
      const value = fold(a.constant, b.constant);
      return result === 'i32' ? i32(Number(BigInt.asIntN(32, value))) : i64(value);
    }
    if (identity !== undefined && b.constant === identity) return a;
    if (commutes && a.constant !== undefined && a.constant === identity) return b;
    const low = narrow && a.low;
    const otherLow = low && b.low;
    if (low && otherLow) {
      const narrowed = narrow(low, otherLow);
      return result === 'i64' ? signExtend(narrowed) : narrowed;
    }
    return isTruth ? new Comparison(result, code, a, b) : new Binary(result, code, a, b);
  };
}

class Binary implements Expr {
  readonly type: ValueType;
  private readonly code: number;
  private readonly a: Expr;
  private readonly b: Expr;

  constructor(type: ValueType, code: number, a: Expr, b: Expr) {
    this.type = type;
    this.code = code;
    this.a = a;
    this.b = b;
  }
  emit(f: FunctionBuilder): void {
    this.a.emit(f);
    this.b.emit(f);
    f.code.byte(this.code);
  }
}

class Comparison extends Binary {
  get isTruth(): boolean {
    return true;
  }
}

/** Something known to be its low half sign-extended. */
class WithLow implements Expr {
  readonly type: ValueType;
  readonly low: Expr | undefined;
  private readonly value: Expr;

  constructor(value: Expr, low: Expr | undefined) {
    this.type = value.type;
    this.low = low;
    this.value = value;
  }
  emit(f: FunctionBuilder): void {
    this.value.emit(f);
  }
}
export const withLow = (value: Expr, low: Expr | undefined): Expr => new WithLow(value, low);

function operator(name: string) {
  const found = operatorTable[name];
  assert(found, `no WebAssembly operator ${name}`);
  return found;
}

const unsigned64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const truth = (x: boolean): bigint => (x ? 1n : 0n);

// 64-bit operators carry plain names, since guest registers are 64-bit; 32-bit ones end in 32.
type Fold = NonNullable<Folding['fold']>;
/** Of both widths: sign extension keeps both orders. */
function comparison(name: string, fold?: Fold): Operation {
  const folding = { ...(fold ? { fold } : {}), isTruth: true };
  return binary(`i64.${name}`, { ...folding, narrow: binary(`i32.${name}`, folding) });
}
function bitwise(name: string, fold: Fold, identity: bigint): Operation {
  const folding = { fold, identity, commutes: true };
  return binary(`i64.${name}`, { ...folding, narrow: binary(`i32.${name}`, folding) });
}

export const add = binary('i64.add', { fold: (a, b) => a + b, identity: 0n, commutes: true });
export const sub = binary('i64.sub', { fold: (a, b) => a - b, identity: 0n });
export const mul = binary('i64.mul', { fold: (a, b) => a * b, identity: 1n });
export const divS = binary('i64.div_s');
export const divU = binary('i64.div_u');
export const remS = binary('i64.rem_s');
export const remU = binary('i64.rem_u');
const andAny = bitwise('and', (a, b) => a & b, -1n);
export const and: Operation = (a, b) => {
  const mask = b.constant;
  if (mask === undefined || mask < 0n || mask > 0x7fff_ffffn || a.constant !== undefined) {
    return andAny(a, b);
  }
  // What a positive word masks is one.
  const low = positive(and32(wrap(a), i32(Number(mask))));
  return withLow(zeroExtend(low), low);
};
export const or = bitwise('or', (a, b) => a | b, 0n);
export const xor = bitwise('xor', (a, b) => a ^ b, 0n);
export const shl = binary('i64.shl', { fold: (a, b) => a << (b & 63n), identity: 0n });
export const shrS = binary('i64.shr_s', { fold: (a, b) => a >> (b & 63n), identity: 0n });
export const shrU = binary('i64.shr_u', {
  fold: (a, b) => unsigned64(a) >> (b & 63n),
  identity: 0n,
});
export const eq = comparison('eq', (a, b) => truth(a === b));
export const ne = comparison('ne', (a, b) => truth(a !== b));
export const ltS = comparison('lt_s', (a, b) => truth(a < b));
export const ltU = comparison('lt_u', (a, b) => truth(unsigned64(a) < unsigned64(b)));
export const gtS = comparison('gt_s');
export const gtU = comparison('gt_u');
export const geS = comparison('ge_s', (a, b) => truth(a >= b));
export const geU = comparison('ge_u', (a, b) => truth(unsigned64(a) >= unsigned64(b)));
export const eqz = unary('i64.eqz');
export const rotl = binary('i64.rotl', { identity: 0n });
export const rotr = binary('i64.rotr', { identity: 0n });
/** Zeros above the highest one and below the lowest; 64 of 0. */
export const clz = unary('i64.clz');
export const ctz = unary('i64.ctz');
export const popcnt = unary('i64.popcnt');

export const add32 = binary('i32.add', { fold: (a, b) => a + b, identity: 0n });
export const sub32 = binary('i32.sub', { fold: (a, b) => a - b, identity: 0n });
export const mul32 = binary('i32.mul');
export const divS32 = binary('i32.div_s');
export const divU32 = binary('i32.div_u');
export const remS32 = binary('i32.rem_s');
export const remU32 = binary('i32.rem_u');
export const and32 = binary('i32.and', { fold: (a, b) => a & b, identity: -1n });
export const or32 = binary('i32.or', { fold: (a, b) => a | b, identity: 0n });
export const shl32 = binary('i32.shl', { fold: (a, b) => a << (b & 31n), identity: 0n });
const shrU32Any = binary('i32.shr_u', { identity: 0n });
export const shrU32: Operation = (a, b) => {
  const shifted = shrU32Any(a, b);
  return b.constant !== undefined && (b.constant & 31n) !== 0n ? positive(shifted) : shifted;
};
export const shrS32 = binary('i32.shr_s', { identity: 0n });
export const rotl32 = binary('i32.rotl', { identity: 0n });
export const rotr32 = binary('i32.rotr', { identity: 0n });
export const xor32 = binary('i32.xor', { fold: (a, b) => a ^ b, identity: 0n });
export const clz32 = unary('i32.clz');
export const ctz32 = unary('i32.ctz');
export const popcnt32 = unary('i32.popcnt');
export const eq32 = binary('i32.eq', { fold: (a, b) => truth(a === b) });
export const ne32 = binary('i32.ne', { fold: (a, b) => truth(a !== b) });
export const ltS32 = binary('i32.lt_s', { fold: (a, b) => truth(a < b) });
export const ltU32 = binary('i32.lt_u');
export const leS32 = binary('i32.le_s');
export const eqz32 = unary('i32.eqz');

const wrapI64 = unary('i32.wrap_i64');
export const wrap = (a: Expr): Expr =>
  a.constant === undefined ? (a.low ?? wrapI64(a)) : i32(Number(BigInt.asIntN(32, a.constant)));
const extendS = unary('i64.extend_i32_s');
export const signExtend = (a: Expr): Expr =>
  a.constant === undefined ? withLow((a.isPositive ? extendU : extendS)(a), a) : i64(a.constant);
const extendU = unary('i64.extend_i32_u');
export const zeroExtend = (a: Expr): Expr => {
  if (a.constant !== undefined) return i64(BigInt.asUintN(32, a.constant));
  return a.isTruth ? withLow(extendU(a), a) : extendU(a);
};
/** Sign-extend the low bits of a 64-bit value. */
export const signExtend8 = unary('i64.extend8_s');
export const signExtend16 = unary('i64.extend16_s');
const extend32 = unary('i64.extend32_s');
export const signExtend32 = (a: Expr): Expr => (a.low ? a : withLow(extend32(a), wrapI64(a)));

/** The single result of a call. */
export const callValue = (
  type: ValueType,
  functionIndex: number,
  ...args: readonly Expr[]
): Expr => ({
  type,
  emit: (f) => f.call(functionIndex, ...args),
});
