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
  type Operand,
} from './operands.ts';
import type { Expression } from './parse.ts';

/** What a name, a member or an element stands for. */
export interface Place {
  /** As the user would write it. */
  readonly expression: string;
  /** The number it is under an operator; a text says why it is none. */
  number(): Promise<Operand | string>;
  readonly address?: bigint | undefined;
  /** Bytes it occupies, for arithmetic with its address. */
  readonly size?: number | undefined;
  member?(name: string): Promise<Place>;
  element?(index: bigint): Promise<Place>;
  /** What it points to. */
  target?(): Promise<Place>;
}

export interface Names<P extends Place> {
  /** Undefined when nothing has the name here. */
  find(name: string): Promise<P | undefined>;
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
      default:
        return { kind: 'number', operand: await this.number(expression) };
    }
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
      case 'choice': {
        const { condition, whenTrue, whenFalse } = expression;
        return this.number(isTrue(await this.number(condition)) ? whenTrue : whenFalse);
      }
      case 'name':
      case 'member':
      case 'element':
      case 'target':
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
        const object = await this.place(expression.object);
        if (object.member) return (await object.member(expression.name)) as P;
        throw new ExpressionError(`'${object.expression}' has no members`);
      }
      case 'element': {
        const object = await this.place(expression.object);
        const { value } = await this.number(expression.index);
        if (object.element) return (await object.element(value)) as P;
        throw new ExpressionError(`'${object.expression}' has no elements`);
      }
      case 'target': {
        const object = await this.place(expression.object);
        if (object.target) return (await object.target()) as P;
        throw new ExpressionError(`'${object.expression}' is not a pointer`);
      }
      default:
        throw new ExpressionError('only what has a name can have members and an address');
    }
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

  private address({ expression, address, size }: Place): Operand {
    if (address === undefined) throw new ExpressionError(`'${expression}' is not in memory`);
    return { ...operand(address, 64, false), stride: size };
  }
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
