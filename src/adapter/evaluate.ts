/**
 * Expressions of hovers, watches and the debug console: a variable with its members, a register
 * with or without `$`, a field of a control register, a symbol, a number. `name = value` in the
 * debug console changes what it names.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import type { Variable } from '../core/debug/symbols/symbols.ts';
import { errorCodes, RequestError } from './errors.ts';
import { hex, type Guest } from './guest.ts';
import { findRegister } from './registers.ts';
import type { CallFrame, CallStacks } from './stack.ts';
import { assignTo, type Item } from './variableStore.ts';
import { findVariable, variableItem } from './variables.ts';

export interface Scope {
  readonly guest: Guest;
  readonly stacks: CallStacks;
  /** The frame that names are looked up in, none when the client named none. */
  readonly frame: CallFrame | undefined;
  readonly hart: number;
}

export async function evaluate(scope: Scope, expression: string, context = ''): Promise<Item> {
  const assignment = context === 'repl' ? /^([^=]+)=([^=].*)$/.exec(expression) : null;
  if (assignment?.[1] && assignment[2]) {
    return assign(scope, assignment[1].trim(), assignment[2].trim());
  }
  const found = await lookUp(scope, expression);
  if (found) return found;
  const text = `'${expression.trim()}' is no variable, register, symbol or number here`;
  throw new RequestError(errorCodes.userError, text, false);
}

export async function assign(scope: Scope, expression: string, value: string): Promise<Item> {
  return assignTo(await lookUp(scope, expression), expression, value);
}

async function lookUp(scope: Scope, text: string): Promise<Item | undefined> {
  const { guest, stacks, frame, hart } = scope;
  const expression = text.trim();
  const number = parseNumber(expression);
  if (number !== undefined) return numberItem(guest, expression, number);
  // A dollar sign says that a register is meant; without it a variable of that name comes first.
  if (frame && !expression.startsWith('$')) {
    const address = expression.startsWith('&');
    const name = address ? expression.slice(1) : expression;
    const variable = await findVariable(guest, stacks, frame, name);
    if (variable) return address ? addressItem(guest, variable) : variableItem(variable);
  }
  const register = await findRegister(guest, frame, hart, expression);
  if (register) return register;
  const symbol = guest.symbols.symbolNamed(expression);
  return symbol && numberItem(guest, expression, symbol.address);
}

function addressItem(guest: Guest, { expression, address }: Variable): Item {
  if (address !== undefined) return numberItem(guest, `&${expression}`, address);
  throw new UserError(`'${expression}' is not in memory`, expression);
}

function numberItem(guest: Guest, name: string, value: bigint): Item {
  const unsigned = BigInt.asUintN(64, value);
  const symbol = guest.symbols.symbolAt(unsigned);
  const offset = symbol && symbol.offset !== 0n ? `+${hex(symbol.offset)}` : '';
  const where = symbol ? ` <${symbol.name}${offset}>` : '';
  return {
    variable: {
      name,
      value: `${hex(unsigned)} (${value})${where}`,
      memoryReference: hex(unsigned),
    },
  };
}

/** Names that begin with what stands before the cursor. */
export async function completions(
  scope: Scope,
  text: string,
  column: number,
): Promise<DebugProtocol.CompletionItem[]> {
  const before = text.slice(0, Math.max(0, column - 1));
  const prefix = /[$\w]*$/.exec(before)?.[0] ?? '';
  const start = before.length - prefix.length;
  const { guest, stacks, frame } = scope;
  const items: DebugProtocol.CompletionItem[] = [];
  const add = (label: string, type: DebugProtocol.CompletionItemType) => {
    const matches = label.toLowerCase().startsWith(prefix.toLowerCase().replace('$', ''));
    if (matches) items.push({ label, type, start, length: prefix.length });
  };
  if (frame && !prefix.startsWith('$')) {
    const locals = await guest.symbols.locals(stacks.context(frame), frame.inlineDepth);
    for (const { name } of locals) add(name, 'variable');
  }
  for (const { name } of guest.isa.registers) add(name, 'value');
  for (const { name } of guest.isa.controlRegisters) add(name, 'value');
  return items;
}
