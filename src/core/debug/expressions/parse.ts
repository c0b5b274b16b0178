/**
 * Reads expressions in C's syntax (C17, 6.5): literals, names with an optional `$` for registers,
 * members, elements, casts, `sizeof`, `* & - + ! ~`, the binary operators and `?:` with C's
 * precedence; with `phys:`, `gpa:` and `gva:` before an address, and gdb's `object@count`. No calls
 * or side effects; an assignment is split off by `splitAssignment`. What names mean is not known
 * here; what is a type is seen from how it is written (typeName.ts).
 */
import {
  ExpressionError,
  floating,
  operand,
  type AddressSpace,
  type BinaryOperator,
  type Operand,
  type UnaryOperator,
} from './operands.ts';
import { readTypeName, type Token, type TypeName } from './typeName.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly text: string; readonly operand: Operand }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'element'; readonly object: Expression; readonly index: Expression }
  | { readonly kind: 'target'; readonly object: Expression }
  | { readonly kind: 'address'; readonly object: Expression }
  | { readonly kind: 'cast'; readonly type: TypeName; readonly of: Expression }
  | { readonly kind: 'sizeof'; readonly of: Expression | TypeName }
  /** An address of which memory. */
  | { readonly kind: 'space'; readonly space: AddressSpace; readonly of: Expression }
  /** So many objects from one on: `*p@3`. */
  | { readonly kind: 'repeated'; readonly object: Expression; readonly count: Expression }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'logical';
      readonly operator: '&&' | '||';
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    };

/** From loose to tight; operators of one row associate to the left. */
const precedence: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Parentheses and prefixes nest; a text made to exhaust the stack is refused instead. */
const MAX_NESTING = 200;

export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.choice();
  parser.end();
  return expression;
}

/** Both sides of a `name = value`, undefined when the text has no assignment. */
export function splitAssignment(text: string): { target: string; value: string } | undefined {
  const sign = tokens(text).find((token) => token.text === '=');
  if (!sign) return undefined;
  return { target: text.slice(0, sign.at).trim(), value: text.slice(sign.at + 1).trim() };
}

class Parser {
  private readonly text: string;
  private readonly list: readonly Token[];
  private next = 0;
  private nesting = 0;

  constructor(text: string) {
    this.text = text;
    this.list = tokens(text);
  }

  choice(): Expression {
    if (++this.nesting > MAX_NESTING) this.fail('is nested too deeply');
    const condition = this.binary(0);
    const result = this.take('?') ? this.branches(condition) : condition;
    this.nesting--;
    return result;
  }

  end(): void {
    if (this.token.kind !== 'end') this.unexpected('an operator or the end');
  }

  private branches(condition: Expression): Expression {
    const whenTrue = this.choice();
    this.expect(':');
    return { kind: 'choice', condition, whenTrue, whenFalse: this.choice() };
  }

  private binary(level: number): Expression {
    const operators = precedence[level];
    if (!operators) return this.repeated();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.token.kind === 'sign' ? this.token.text : '';
      if (!operators.includes(operator)) return left;
      this.next++;
      const right = this.binary(level + 1);
      left =
        operator === '&&' || operator === '||'
          ? { kind: 'logical', operator, left, right }
          : { kind: 'binary', operator: operator as BinaryOperator, left, right };
    }
  }

  private repeated(): Expression {
    let object = this.prefix();
    while (this.take('@')) object = { kind: 'repeated', object, count: this.prefix() };
    return object;
  }

  private prefix(): Expression {
    const { kind, text } = this.token;
    const cast = this.typeInParentheses();
    if (cast) return this.nested((of) => ({ kind: 'cast', type: cast, of }));
    if (kind === 'name' && text === 'sizeof') return this.sizeof();
    const space = kind === 'name' ? spaces[text] : undefined;
    const colon = this.list[this.next + 1];
    // Apart from its name a colon belongs to a `?`.
    if (space && colon?.text === ':' && colon.at === this.token.at + text.length) {
      this.next += 2;
      return this.nested((of) => ({ kind: 'space', space, of }));
    }
    if (kind !== 'sign' || !['-', '+', '!', '~', '*', '&'].includes(text)) return this.postfix();
    this.next++;
    return this.nested((of) => {
      if (text === '*') return { kind: 'target', object: of };
      if (text === '&') return { kind: 'address', object: of };
      return { kind: 'unary', operator: text as UnaryOperator, of };
    });
  }

  private nested(make: (of: Expression) => Expression): Expression {
    if (++this.nesting > MAX_NESTING) this.fail('is nested too deeply');
    const of = this.prefix();
    this.nesting--;
    return make(of);
  }

  private sizeof(): Expression {
    this.next++;
    const type = this.typeInParentheses();
    return type ? { kind: 'sizeof', of: type } : this.nested((of) => ({ kind: 'sizeof', of }));
  }

  /** Of a cast or of `sizeof`; the position stays where there is none. */
  private typeInParentheses(): TypeName | undefined {
    const found = readTypeName(this.list, this.next);
    if (found) this.next = found.next;
    return found?.type;
  }

  private postfix(): Expression {
    let object = this.primary();
    for (;;) {
      if (this.take('.') || this.take('->')) {
        const { kind, text } = this.token;
        if (kind !== 'name' || text.startsWith('$')) this.unexpected("a member's name");
        this.next++;
        object = { kind: 'member', object, name: text };
      } else if (this.take('[')) {
        const index = this.choice();
        this.expect(']');
        object = { kind: 'element', object, index };
      } else {
        return object;
      }
    }
  }

  private primary(): Expression {
    const { kind, text } = this.token;
    if (this.take('(')) {
      const inner = this.choice();
      this.expect(')');
      return inner;
    }
    if (kind === 'number' || kind === 'character' || kind === 'float') {
      this.next++;
      const value = literal(kind, text);
      return { kind: 'literal', text, operand: value };
    }
    if (kind !== 'name') return this.unexpected('a name, a number or a parenthesis');
    this.next++;
    return { kind: 'name', name: text };
  }

  private get token(): Token {
    return this.list[this.next] ?? { kind: 'end', text: '', at: this.text.length };
  }

  private take(sign: string): boolean {
    const found = this.token.kind === 'sign' && this.token.text === sign;
    if (found) this.next++;
    return found;
  }

  private expect(sign: string): void {
    if (!this.take(sign)) this.unexpected(`'${sign}'`);
  }

  private unexpected(wanted: string): never {
    const { kind, text, at } = this.token;
    const found = kind === 'end' ? 'ends' : `has '${text}' at column ${at + 1}`;
    return this.fail(`${found} where ${wanted} should be`);
  }

  private fail(what: string): never {
    throw new ExpressionError(`'${this.text.trim()}' ${what}`);
  }
}

const TOKEN =
  /(?<float>(?:\d[\d_]*\.\d*|\.\d+)(?:[eE][-+]?\d+)?[fFlL]?|\d+[eE][-+]?\d+[fFlL]?)|(?<number>(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*)[uUlL]*)|(?<character>'(?:\\(?:x[\da-fA-F]{1,2}|[0-7]{1,3}|.)|[^'\\])')|(?<name>\$?[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)|(?<sign>&&|\|\||<<|>>|<=|>=|==|!=|->|[-+*/%&|^~!<>()[\].?:=@])|(?<space>\s+)/suy;

function tokens(text: string): readonly Token[] {
  const list: Token[] = [];
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const groups = match?.groups ?? {};
    const kind = (['number', 'float', 'character', 'name', 'sign'] as const).find((k) => groups[k]);
    if (!match) {
      throw new ExpressionError(
        `'${text.trim()}' has '${text[at] ?? ''}' at column ${at + 1}, which C has no meaning for`,
      );
    }
    if (kind) list.push({ kind, text: match[0], at });
    at += match[0].length;
    const glued = (kind === 'number' || kind === 'float') && /\w/.test(text[at] ?? '');
    if (glued) throw new ExpressionError(`'${match[0]}${text[at] ?? ''}' is not a number`);
  }
  return list;
}

const spaces: Readonly<Record<string, AddressSpace>> = {
  phys: 'physical',
  hpa: 'physical',
  gpa: 'guestPhysical',
  gva: 'virtual',
};

function literal(kind: 'number' | 'float' | 'character', text: string): Operand {
  if (kind === 'character') return characterLiteral(text);
  if (kind === 'number') return numberLiteral(text);
  return floating(Number(text.replace(/[_fFlL]/g, '')), /f$/i.test(text) ? 32 : 64);
}

/** The first type of C's list that holds the value (6.4.4.1); decimal ones get no unsigned type. */
function numberLiteral(text: string): Operand {
  const suffix = /[uUlL]*$/.exec(text.replace(/^0[xX]/, ''))?.[0] ?? '';
  if (!/^(u|l|ll|ul|ull|lu|llu)?$/i.test(suffix)) {
    throw new ExpressionError(`'${text}' is not a number`);
  }
  const digits = text.slice(0, text.length - suffix.length).replaceAll('_', '');
  const isOctal = /^0\d+$/.test(digits);
  if (isOctal && /[89]/.test(digits)) {
    throw new ExpressionError(`'${text}' is not a number: a leading 0 means octal`);
  }
  const value = BigInt(isOctal ? `0o${digits}` : digits.toLowerCase());
  const wide = /l/i.test(suffix);
  const mayBeUnsigned = /u/i.test(suffix) || isOctal || /^0[a-z]/i.test(digits);
  const mayBeSigned = !/u/i.test(suffix);
  for (const bits of wide ? [64] : [32, 64]) {
    if (mayBeSigned && value < 1n << BigInt(bits - 1)) return operand(value, bits, true);
    if (mayBeUnsigned && value < 1n << BigInt(bits)) return operand(value, bits, false);
  }
  if (value < 1n << 64n) return operand(value, 64, false);
  throw new ExpressionError(`'${text}' does not fit in 64 bits`);
}

const escapes: Readonly<Record<string, number>> = {
  ...{ n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27 },
};

/** A character has the type `int` (6.4.4.4). Bytes above 127 are positive, as on RISC-V. */
function characterLiteral(text: string): Operand {
  const body = text.slice(1, -1);
  const code = body.startsWith('\\') ? escapeCode(body.slice(1)) : (body.codePointAt(0) ?? 0);
  return operand(BigInt(code), 32, true);
}

function escapeCode(escape: string): number {
  if (/^x/.test(escape)) return parseInt(escape.slice(1), 16);
  if (/^[0-7]/.test(escape)) return parseInt(escape, 8);
  return escapes[escape] ?? escape.codePointAt(0) ?? 0;
}
