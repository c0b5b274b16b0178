/**
 * What names mean in an expression at a stop: variables with their members, elements and targets,
 * then registers and control registers with their fields, then symbols. A `$` says that a register
 * is meant. Each is a number for operators and a row for the client; how to compute is
 * core/debug/expressions.
 */
import { UserError } from '../core/base/userError.ts';
import { controlRegisterNamed, fieldNamed, fieldValue } from '../core/debug/controlRegisters.ts';
import type { Names, Place, Types } from '../core/debug/expressions/evaluate.ts';
import { operand, type Operand } from '../core/debug/expressions/operands.ts';
import type { Variable } from '../core/debug/symbols/symbols.ts';
import type { ControlRegisterInfo, FieldInfo } from '../core/isa/isa.ts';
import { hex, type Guest } from './guest.ts';
import { findRegister } from './registers.ts';
import type { CallFrame, CallStacks } from './stack.ts';
import type { Item } from './variableStore.ts';
import { elementOf, findVariable, memberNamed, variableItem } from './variables.ts';

/** Where an expression is evaluated. */
export interface Scope {
  readonly guest: Guest;
  readonly stacks: CallStacks;
  /** The frame that names are looked up in, none when the client named none. */
  readonly frame: CallFrame | undefined;
  readonly hart: number;
}

export interface ShownPlace extends Place {
  item(): Promise<Item>;
  /** Names that may stand behind a dot. */
  members?(): Promise<readonly string[]>;
}

export function namesIn(scope: Scope): Names<ShownPlace> {
  const { guest, stacks, frame } = scope;
  return {
    types: frame && typesIn(guest, stacks, frame),
    async find(name) {
      if (frame && !name.startsWith('$')) {
        const variable = await findVariable(guest, stacks, frame, name);
        if (variable) return variablePlace(variable);
      }
      return (await registerPlace(scope, name)) ?? symbolPlace(guest, name);
    },
  };
}

function typesIn(guest: Guest, stacks: CallStacks, frame: CallFrame): Types<ShownPlace> {
  const types = guest.symbols.types(stacks.context(frame));
  return {
    ...types,
    at: async (type, address, where) => variablePlace(await types.at(type, address, where)),
    holding: async (type, value, expression) =>
      variablePlace(await types.holding(type, value, expression)),
  };
}

/** A number as hexadecimal and decimal and, where it is an address in a known symbol, which. */
export function numberItem(
  guest: Guest,
  name: string,
  value: bigint,
  bits = 64,
  radix?: 2 | 10 | 16,
): Item {
  const address = BigInt.asUintN(64, value);
  const symbol = guest.symbols.symbolAt(address);
  const offset = symbol && symbol.offset !== 0n ? `+${hex(symbol.offset)}` : '';
  const where = symbol ? ` <${symbol.name}${offset}>` : '';
  return {
    variable: {
      name,
      value: `${numberText(value, bits, radix)}${where}`,
      memoryReference: hex(address),
    },
  };
}

/** Hexadecimal and decimal, unless one way is asked for. */
function numberText(value: bigint, bits: number, radix: 2 | 10 | 16 | undefined): string {
  const unsigned = BigInt.asUintN(bits, value);
  switch (radix) {
    case 2:
      return `0b${unsigned.toString(2)}`;
    case 10:
      return value.toString();
    case 16:
      return hex(unsigned);
    case undefined:
      return `${hex(unsigned)} (${value})`;
  }
}

function variablePlace(variable: Variable): ShownPlace {
  const { expression, address, size, objectType: type, space } = variable;
  return {
    ...{ expression, address, size, type, space },
    number: async () =>
      (await variable.operand?.()) ?? `'${expression}' has no value here: ${variable.value}`,
    item: async () => variableItem(variable),
    member: async (name) => variablePlace(await memberNamed(variable, name)),
    members: async () => {
      const children = variable.indexedCount === undefined ? await variable.children?.() : [];
      const named = (children ?? []).filter(({ name }) => /^[A-Za-z_]/.test(name));
      return named.map(({ name }) => name);
    },
    // What lies behind a pointer is found by computing with it.
    ...((variable.indexedCount !== undefined || variable.isKeyed) && {
      element: async (index: bigint) => variablePlace(await elementOf(variable, index)),
    }),
  };
}

async function registerPlace(scope: Scope, text: string): Promise<ShownPlace | undefined> {
  const { guest, frame, hart } = scope;
  const { target, isa } = guest;
  const name = text.replace(/^\$/, '');
  const general = isa.registers.find((r) => r.name === name || r.aliases.includes(name));
  const control = general ? undefined : controlRegisterNamed(isa, name);
  const register = general ?? control;
  if (!register) return undefined;
  const read = async () => {
    // A caller's registers are what the unwinder found; control registers are the hart's.
    const outer = general && frame && frame.frame.index > 0 ? frame.frame : undefined;
    if (outer) return outer.register(register.name);
    return (await target.readRegisters(hart, [register.name]))[0];
  };
  const missing = general ? `'${text}' was not saved` : `this hart has no ${register.name}`;
  const shown = async (expression: string) => {
    const item = await findRegister(guest, frame, hart, expression);
    if (item) return item;
    throw new UserError(missing, expression);
  };
  return {
    expression: text,
    number: async () => {
      const value = await read();
      return value === undefined ? missing : operand(value, register.bits, false);
    },
    item: () => shown(text),
    ...(control && {
      members: async () => control.fields.map((field) => field.name),
      member: async (member: string) => {
        const field = fieldOf(control, member);
        const expression = `${text}.${member}`;
        return {
          expression,
          number: async () => {
            const value = await read();
            return value === undefined ? missing : fieldOperand(field, value);
          },
          item: () => shown(expression),
        };
      },
    }),
  };
}

function fieldOf(register: ControlRegisterInfo, name: string): FieldInfo {
  const field = fieldNamed(register, name);
  if (field) return field;
  throw new UserError(`${register.name} has no field '${name}'`, `${register.name}.${name}`);
}

function fieldOperand(field: FieldInfo, register: bigint): Operand {
  const meanings = Object.entries(field.values ?? {});
  const named = (name: string) => {
    const found = meanings.find(([, meaning]) => meaning.toLowerCase() === name.toLowerCase());
    return found && BigInt(found[0]);
  };
  return { ...operand(fieldValue(field, register), field.high - field.low + 1, false), named };
}

function symbolPlace(guest: Guest, name: string): ShownPlace | undefined {
  const symbol = guest.symbols.symbolNamed(name);
  if (!symbol) return undefined;
  const { address } = symbol;
  return {
    expression: name,
    address,
    number: async () => operand(address, 64, false),
    item: async () => numberItem(guest, name, address),
  };
}
