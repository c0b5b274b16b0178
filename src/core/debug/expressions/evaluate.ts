/**
 * Evaluates parsed expressions over whatever names mean where they are used: variables, registers,
 * symbols behind `Place`. A place alone keeps its type and can be shown or changed; under an
 * operator it is a number. Nothing here knows a target, DWARF or how values are written.
 */
import { unreachable } from '../../base/assert.ts';
import {
  binary,
  ExpressionError,
  isTrue,
  operand,
  truth,
  unary,
  type AddressSpace,
  type Operand,
  type Pointee,
} from './operands.ts';
import type { Expression } from './parse.ts';
import type { TypeName } from './typeName.ts';

/** What a name, a member or an element stands for. */
export interface Place {
  /** As the user would write it. */
  readonly expression: string;
  /** The number it is under an operator; a text says why it is none. */
  number(): Promise<Operand | string>;
  readonly address?: bigint | undefined;
  /** Bytes it occupies, for arithmetic with its address. */
  readonly size?: number | undefined;
  /** What it is, when its address is to be computed with. */
  readonly type?: Pointee | undefined;
  /** The memory that `address` is of. */
  readonly space?: AddressSpace | undefined;
  member?(name: string): Promise<Place>;
  element?(index: bigint): Promise<Place>;
  /** What it points to. */
  target?(): Promise<Place>;
}

export interface Names<P extends Place> {
  /** Undefined when nothing has the name here. */
  find(name: string): Promise<P | undefined>;
  /** What types mean where they can be had. */
  readonly types?: Types<P> | undefined;
}

export interface Types<P extends Place> {
  find(name: TypeName): Pointee | undefined;
  /** A machine word, for addresses that nothing is known of. */
  readonly word: Pointee;
  /** So many of a type in a row. */
  array(element: Pointee, count: number): Pointee;
  /** The number converted to the type; a text says why it cannot be. */
  convert(of: Operand, type: Pointee): Operand | string;
  /** What is at an address. */
  at(type: Pointee, address: bigint, where: Where): Promise<P>;
  /** A value that is nowhere, shown as its type is. */
  holding(type: Pointee, value: Operand, expression: string): Promise<P>;
  /** The type of pointers to it. */
  pointerTo(type: Pointee): Pointee;
}

export interface Where {
  readonly space: AddressSpace | undefined;
  readonly expression: string;
}

export type Result<P extends Place> =
  | { readonly kind: 'place'; readonly place: P }
  | { readonly kind: 'number'; readonly operand: Operand };

/** `P` is one kind of place: members and targets of a `P` are `P`s too. */
export async function evaluateExpression<P extends Place>(
  expression: Expression,
  names: Names<P>,
): Promise<Result<P>> {
  return new Evaluation(names).result(expression);
}

export async function evaluateNumber<P extends Place>(
  expression: Expression,
  names: Names<P>,
): Promise<Operand> {
  return new Evaluation(names).number(expression);
}

class Evaluation<P extends Place> {
  private readonly names: Names<P>;

  constructor(names: Names<P>) {
    this.names = names;
  }

  async result(expression: Expression): Promise<Result<P>> {
    switch (expression.kind) {
      case 'name':
      case 'member':
      case 'element':
      case 'target':
        return { kind: 'place', place: await this.place(expression) };
      case 'choice': {
        const { condition, whenTrue, whenFalse } = expression;
        return this.result(isTrue(await this.number(condition)) ? whenTrue : whenFalse);
      }
      case 'repeated':
        return { kind: 'place', place: await this.place(expression) };
      default:
        return this.shown(expression, await this.number(expression));
    }
  }

  /** Pointers, and what was cast, are shown as their types are. */
  private async shown(expression: Expression, result: Operand): Promise<Result<P>> {
    const { types } = this.names;
    const { pointee } = result;
    const type = result.type ?? (pointee && types?.pointerTo(pointee));
    if (!types || !type || result.space !== undefined) return { kind: 'number', operand: result };
    return { kind: 'place', place: await types.holding(type, result, textOf(expression)) };
  }

  async number(expression: Expression): Promise<Operand> {
    switch (expression.kind) {
      case 'literal':
        return expression.operand;
      case 'unary':
        return unary(expression.operator, await this.number(expression.of));
      case 'logical': {
        const left = isTrue(await this.number(expression.left));
        if (left === (expression.operator === '||')) return truth(left);
        return truth(isTrue(await this.number(expression.right)));
      }
      case 'binary':
        return this.binary(expression);
      case 'address':
        return this.address(await this.place(expression.object));
      case 'cast':
        return this.cast(expression.type, await this.number(expression.of));
      case 'sizeof':
        return this.sizeof(expression.of);
      case 'space': {
        const { value } = await this.number(expression.of);
        return { ...operand(value, 64, false), stride: 1, space: expression.space };
      }
      case 'choice': {
        const { condition, whenTrue, whenFalse } = expression;
        return this.number(isTrue(await this.number(condition)) ? whenTrue : whenFalse);
      }
      case 'name':
      case 'member':
      case 'element':
      case 'target':
      case 'repeated':
        return numberOf(await this.place(expression));
      default:
        return unreachable(expression);
    }
  }

  private async place(expression: Expression): Promise<P> {
    switch (expression.kind) {
      case 'name': {
        const place = await this.names.find(expression.name);
        if (place) return place;
        throw new UnknownName(expression.name);
      }
      case 'member': {
        const { object: of } = expression;
        const object = isPlace(of) ? await this.place(of) : await this.pointedTo(of, 0n);
        if (object.member) return (await object.member(expression.name)) as P;
        throw new ExpressionError(`'${object.expression}' has no members`);
      }
      case 'element': {
        const { object: of } = expression;
        const { value } = await this.number(expression.index);
        const object = isPlace(of) ? await this.place(of) : undefined;
        if (object?.element) return (await object.element(value)) as P;
        if (this.names.types) return this.pointedTo(of, value);
        throw new ExpressionError(`'${textOf(of)}' has no elements`);
      }
      case 'target': {
        const { object: of } = expression;
        const object = isPlace(of) ? await this.place(of) : undefined;
        if (object?.target) return (await object.target()) as P;
        if (this.names.types) return this.pointedTo(of, 0n);
        throw new ExpressionError(`'${textOf(of)}' is not a pointer`);
      }
      case 'repeated':
        return this.repeated(expression);
      default:
        throw new ExpressionError('only what has a name can have members and an address');
    }
  }

  /** The object that a computed address leads to, `index` objects on. */
  private async pointedTo(expression: Expression, index: bigint): Promise<P> {
    const place = isPlace(expression) ? await this.place(expression) : undefined;
    const text = place?.expression ?? textOf(expression);
    const pointer = place ? await numberOf(place) : await this.number(expression);
    const { types } = this.names;
    if (!types) {
      throw new ExpressionError('only what has a name can have members and an address');
    }
    if (pointer.float !== undefined || pointer.bits < types.word.size * 8) {
      throw new ExpressionError(`'${text}' is not a pointer`);
    }
    const type = pointer.pointee ?? types.word;
    if (type.size === 0 && pointer.pointee) {
      throw new ExpressionError(`how large what '${text}' points to is, is not known`);
    }
    const address = BigInt.asUintN(types.word.size * 8, pointer.value + index * BigInt(type.size));
    const whole = place || expression.kind === 'literal' ? text : `(${text})`;
    const where = index === 0n ? `*${whole}` : `${whole}[${index}]`;
    return types.at(type, address, { space: pointer.space, expression: where });
  }

  private async repeated({
    object: of,
    count: wanted,
  }: Expression & { kind: 'repeated' }): Promise<P> {
    const object = await this.place(of);
    const count = Number((await this.number(wanted)).value);
    const { types } = this.names;
    const { address, type, space } = object;
    if (!types || !type || address === undefined) {
      throw new ExpressionError(`'${object.expression}' is not in memory`);
    }
    if (!(count >= 1 && count <= MOST_REPEATED)) {
      throw new ExpressionError(`${count} is not a number of objects to show`);
    }
    const expression = `${textOf(of)}@${count}`;
    return types.at(types.array(type, count), address, { space, expression });
  }

  private cast(name: TypeName, of: Operand): Operand {
    const type = this.typeNamed(name);
    const converted = this.names.types?.convert(of, type) ?? 'nothing is known of types here';
    if (typeof converted === 'string') throw new ExpressionError(converted);
    const { space } = of;
    return { ...converted, type, ...(space && converted.pointee ? { space } : {}) };
  }

  private async sizeof(of: Expression | TypeName): Promise<Operand> {
    const size = await this.sizeOf(of);
    if (size > 0) return operand(BigInt(size), 64, false);
    throw new ExpressionError(`the size of '${textOf(of)}' is not known`);
  }

  private async sizeOf(of: Expression | TypeName): Promise<number> {
    if (of.kind === 'type') return this.typeNamed(of).size;
    const { types } = this.names;
    if (of.kind === 'name') {
      const place = await this.names.find(of.name);
      // `sizeof(name)` may mean a type: only names can tell.
      if (!place) return types?.find(plainType(of.name))?.size ?? this.unknown(of.name);
      return place.size ?? numberSize(await numberOf(place));
    }
    if (!isPlace(of)) return numberSize(await this.number(of));
    const place = await this.place(of);
    return place.size ?? numberSize(await numberOf(place));
  }

  private unknown(name: string): never {
    throw new UnknownName(name);
  }

  private typeNamed(name: TypeName): Pointee {
    const type = this.names.types?.find(name);
    if (type) return type;
    throw new ExpressionError(`there is no type '${textOf(name)}' here`);
  }

  /** A name that only the other side's type knows, an enumerator's, is that value. */
  private async binary(expression: Expression & { kind: 'binary' }): Promise<Operand> {
    const { operator, left, right } = expression;
    const a = await this.numberOrUnknown(left);
    const b = await this.numberOrUnknown(right);
    if (a instanceof UnknownName && b instanceof UnknownName) throw a;
    if (a instanceof UnknownName) return binary(operator, named(a, b as Operand), b as Operand);
    if (b instanceof UnknownName) return binary(operator, a, named(b, a));
    return binary(operator, a, b);
  }

  private async numberOrUnknown(expression: Expression): Promise<Operand | UnknownName> {
    if (expression.kind !== 'name') return this.number(expression);
    try {
      return await this.number(expression);
    } catch (error) {
      if (error instanceof UnknownName) return error;
      throw error;
    }
  }

  private address({ expression, address, size, type, space }: Place): Operand {
    if (address === undefined) throw new ExpressionError(`'${expression}' is not in memory`);
    return { ...operand(address, 64, false), stride: size, pointee: type, space };
  }
}

/** More are no list to look at. */
const MOST_REPEATED = 1_000_000;

function isPlace({ kind }: Expression): boolean {
  return ['name', 'member', 'element', 'target', 'repeated'].includes(kind);
}

function plainType(name: string): TypeName {
  return { kind: 'type', name, pointers: 0 };
}

function numberSize({ bits }: Operand): number {
  return Math.ceil(bits / 8);
}

/** As it could have been written. */
export function textOf(expression: Expression | TypeName): string {
  switch (expression.kind) {
    case 'type': {
      const { name, pointers, count } = expression;
      const stars = pointers === 0 ? '' : ` ${'*'.repeat(pointers)}`;
      return `${name}${stars}${count === undefined ? '' : `[${count}]`}`;
    }
    case 'literal':
      return expression.text;
    case 'name':
      return expression.name;
    case 'member': {
      const { object, name } = expression;
      return isPlace(object) ? `${textOf(object)}.${name}` : `(${textOf(object)})->${name}`;
    }
    case 'element':
      return `${inside(expression.object)}[${textOf(expression.index)}]`;
    case 'target':
      return `*${inside(expression.object)}`;
    case 'address':
      return `&${inside(expression.object)}`;
    case 'unary':
      return `${expression.operator}${inside(expression.of)}`;
    case 'cast':
      return `(${textOf(expression.type)})${inside(expression.of)}`;
    case 'sizeof':
      return `sizeof(${textOf(expression.of)})`;
    case 'space': {
      const short = { physical: 'phys', guestPhysical: 'gpa', virtual: 'gva' } as const;
      return `${short[expression.space]}:${inside(expression.of)}`;
    }
    case 'repeated':
      return `${inside(expression.object)}@${inside(expression.count)}`;
    case 'binary':
    case 'logical':
      return `${inside(expression.left)} ${expression.operator} ${inside(expression.right)}`;
    case 'choice': {
      const { condition, whenTrue, whenFalse } = expression;
      return `${inside(condition)} ? ${inside(whenTrue)} : ${inside(whenFalse)}`;
    }
    default:
      return unreachable(expression);
  }
}

function inside(expression: Expression): string {
  const text = textOf(expression);
  return isPlace(expression) || expression.kind === 'literal' ? text : `(${text})`;
}

/** Nothing has the name that an expression uses. */
export class UnknownName extends ExpressionError {
  readonly unknown: string;

  constructor(name: string) {
    super(`'${name}' is no variable, register, symbol or number here`);
    this.unknown = name;
  }
}

function named(error: UnknownName, other: Operand): Operand {
  const value = other.named?.(error.unknown);
  if (value === undefined) throw error;
  return { ...other, value };
}

async function numberOf(place: Place): Promise<Operand> {
  const number = await place.number();
  if (typeof number !== 'string') return number;
  throw new ExpressionError(number);
}
