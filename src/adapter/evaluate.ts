/**
 * Expressions of hovers, watches, the debug console and breakpoints, in C's syntax over what
 * `places.ts` knows. `name = value` in the debug console changes what it names.
 */
import { UserError } from '../core/base/userError.ts';
import { evaluateExpression, evaluateNumber } from '../core/debug/expressions/evaluate.ts';
import { ExpressionError, isTrue, type Operand } from '../core/debug/expressions/operands.ts';
import { parseExpression, splitAssignment } from '../core/debug/expressions/parse.ts';
import { registerPlaceOf } from './dataBreakpoints.ts';
import { shortFloat } from '../core/debug/symbols/valueText.ts';
import { errorCodes, RequestError } from './errors.ts';
import { hex, memoryReference } from './guest.ts';
import { namesIn, numberItem, type Scope } from './places.ts';
import { assignTo, type DataPlace, type Item } from './variableStore.ts';

export type { Scope } from './places.ts';

export async function evaluate(scope: Scope, expression: string, context = ''): Promise<Item> {
  return withoutDialog(async () => {
    const assignment = context === 'repl' ? splitAssignment(expression) : undefined;
    if (assignment) return assign(scope, assignment.target, assignment.value);
    const { text, radix } = splitFormat(expression);
    if (radix === undefined) return show(scope, text);
    const presentation = { radix, whole: false };
    const item = await scope.stacks.presenting(presentation, () => show(scope, text));
    return presented(scope, item, radix);
  });
}

async function show(scope: Scope, text: string): Promise<Item> {
  const result = await evaluateExpression(parseExpression(text), namesIn(scope));
  if (result.kind === 'place') return result.place.item();
  return operandItem(scope, text.trim(), result.operand);
}

function operandItem({ guest, stacks }: Scope, name: string, result: Operand): Item {
  const { value, bits, float, space } = result;
  if (float !== undefined) return { variable: { name, value: floatText(float, bits) } };
  const item = numberItem(guest, name, value, bits, stacks.radix);
  if (!space) return item;
  const address = BigInt.asUintN(64, value);
  const reference = memoryReference(address, space);
  return { variable: { name, value: reference, memoryReference: reference } };
}

function floatText(value: number, bits: number): string {
  return bits === 32 ? shortFloat(value) : value.toString();
}

const radices = { x: 16, d: 10, b: 2 } as const;

/** `counter,x`: what to show, and how: `x` hexadecimal, `d` decimal, `b` binary. */
function splitFormat(expression: string): { text: string; radix: 2 | 10 | 16 | undefined } {
  const match = /^([^]*),\s*([xdb])\s*$/.exec(expression);
  const letter = match?.[2] as keyof typeof radices | undefined;
  if (!match?.[1] || !letter) return { text: expression, radix: undefined };
  return { text: match[1], radix: radices[letter] };
}

/** What is under it is shown as it is. */
function presented({ stacks }: Pick<Scope, 'stacks'>, item: Item, radix: 2 | 10 | 16): Item {
  const { children } = item;
  if (!children) return item;
  const list = async (start?: number, count?: number) => {
    const presentation = { radix, whole: false };
    const items = await stacks.presenting(presentation, () => children.list(start, count));
    return items.map((child) => presented({ stacks }, child, radix));
  };
  return { ...item, children: { list } };
}

/** The text goes to what is changed, which may know names for its values; else it is computed. */
export async function assign(scope: Scope, expression: string, value: string): Promise<Item> {
  return withoutDialog(async () => {
    const result = await evaluateExpression(parseExpression(expression), namesIn(scope));
    const item = result.kind === 'place' ? await result.place.item() : numberOnly(expression);
    try {
      return await assignTo(item, expression, value);
    } catch (error) {
      if (!(error instanceof UserError) || !item.assign) throw error;
      const computed = await computedText(scope, value);
      if (computed === undefined) throw error;
      return item.assign(computed);
    }
  });
}

/** What an expression names in memory, for data breakpoints; a text says why it names nothing. */
export async function placeOf(
  scope: Scope,
  expression: string,
  bytes: number | undefined,
): Promise<DataPlace | string> {
  return withoutDialog(async () => {
    const result = await evaluateExpression(parseExpression(expression), namesIn(scope));
    if (result.kind === 'place') {
      const { address, size, space } = result.place;
      const register = registerPlaceOf(scope.guest, expression);
      if (register) return register;
      if (address === undefined) return `'${expression}' is not in memory`;
      return { expression, address, size: size ?? symbolSize(scope, address), space };
    }
    if (bytes === undefined) return `'${expression}' is a value: as an address it needs a size`;
    const { value: address, space } = result.operand;
    return { expression, address, size: bytes, space };
  });
}

function symbolSize({ guest }: Scope, address: bigint): number {
  return Number(guest.symbols.symbolAt(address)?.size ?? 0n);
}

/** The value for a log message: variables as the client shows them, computed numbers in decimal. */
export async function valueText(scope: Scope, expression: string): Promise<string> {
  const result = await evaluateExpression(parseExpression(expression), namesIn(scope));
  if (result.kind === 'place') return (await result.place.item()).variable.value;
  const { value, stride, float } = result.operand;
  if (float !== undefined) return floatText(float, result.operand.bits);
  return stride === undefined ? value.toString() : hex(value);
}

/** Whether a breakpoint's condition holds. Throws what keeps it from having a value. */
export async function isConditionMet(scope: Scope, condition: string): Promise<boolean> {
  return isTrue(await evaluateNumber(parseExpression(condition), namesIn(scope)));
}

async function computedText(scope: Scope, text: string): Promise<string | undefined> {
  try {
    return (await evaluateNumber(parseExpression(text), namesIn(scope))).value.toString();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function numberOnly(expression: string): Item {
  return { variable: { name: expression, value: '' } };
}

/** An expression that means nothing is an answer to a hover, not something to interrupt for. */
async function withoutDialog<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new RequestError(errorCodes.userError, error.message, false);
  }
}
