/**
 * General and control registers as DAP variables: values with all their digits, control registers
 * in the instruction set's groups with fields as children, all of them writable where hardware is.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';
import {
  controlRegisterNamed,
  fieldNamed,
  fieldValue,
  meaningOf,
  parseFieldValue,
  parseRegisterValue,
  withField,
} from '../core/debug/controlRegisters.ts';
import type { ControlRegisterInfo, FieldInfo, RegisterInfo } from '../core/isa/isa.ts';
import { hex, paddedHex, type Guest } from './guest.ts';
import type { CallFrame } from './stack.ts';
import type { Container, Item } from './variableStore.ts';

/**
 * The registers of a frame, the general ones or those of another file. A caller's are read-only:
 * they are not in the hart any more.
 */
export function registerContainer(
  guest: Guest,
  { hart, frame }: CallFrame,
  file?: RegisterInfo['file'],
): Container {
  return {
    list: async () => {
      const registers = guest.isa.registers.filter((register) => register.file === file);
      const names = registers.map((register) => register.name);
      const live = await guest.target.readRegisters(hart, names);
      return registers.flatMap((register, index) => {
        const now = live[index];
        // What the hart has not got, such as registers of an extension, is in no frame.
        if (now === undefined) return [];
        const value = frame.index === 0 ? now : frame.register(register.name);
        return [registerItem(guest, hart, register, value, { writable: frame.index === 0 })];
      });
    },
  };
}

/** Whether the hart has floating-point registers at all. */
export async function hasFloats(guest: Guest, hart: number): Promise<boolean> {
  const first = guest.isa.registers.find((register) => register.file === 'float');
  if (!first) return false;
  const [value] = await guest.target.readRegisters(hart, [first.name]);
  return value !== undefined;
}

export function registerItem(
  guest: Guest,
  hart: number,
  register: RegisterInfo,
  value: bigint | undefined,
  { writable }: { readonly writable: boolean },
): Item {
  const isFloat = register.file === 'float';
  const describe = isFloat ? describeFloat : describeValue;
  const variable = {
    name: register.name,
    value: value === undefined ? '<not saved>' : describe(guest, value, register.bits),
    type: register.description,
    evaluateName: `$${register.name}`,
    // A number with a fraction is no address.
    ...(value === undefined || isFloat ? {} : { memoryReference: hex(value) }),
  };
  if (!writable) return { variable };
  const assign = async (text: string): Promise<Item> => {
    const number = parseRegisterValue(text, register.bits, register.name);
    const written = await guest.target.writeRegister(hart, register.name, number);
    return registerItem(guest, hart, register, written, { writable });
  };
  return { variable, assign };
}

/** The value and, where it is an address in a known symbol, which. */
function describeValue(guest: Guest, value: bigint, bits: number): string {
  const symbol = guest.symbols.symbolAt(value);
  const text = paddedHex(value, bits);
  if (!symbol) return text;
  return `${text} <${symbol.name}${symbol.offset === 0n ? '' : `+${hex(symbol.offset)}`}>`;
}

/** The bits and the number they are: a single when the upper half says so, as NaN boxing does. */
function describeFloat(_guest: Guest, value: bigint, bits: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  const boxed = value >> 32n === 0xffff_ffffn;
  // Nine digits tell all singles apart; their doubles would show noise behind them.
  const number = boxed ? Number(view.getFloat32(4).toPrecision(9)) : view.getFloat64(0);
  return `${paddedHex(value, bits)} (${Object.is(number, -0) ? '-0' : number}${boxed ? 'f' : ''})`;
}

/** Groups of control registers that the hart has. */
export function controlContainer(guest: Guest, hart: number): Container {
  return {
    list: async () => {
      const present = await presentControlRegisters(guest, hart);
      const groups = new Set(present.map(({ register }) => register.group));
      return [...groups].map((group) => ({
        variable: { name: group, value: '' },
        children: { list: () => groupItems(guest, hart, group) },
      }));
    },
  };
}

export interface ControlValue {
  readonly register: ControlRegisterInfo;
  readonly value: bigint;
}

export async function presentControlRegisters(
  guest: Guest,
  hart: number,
): Promise<readonly ControlValue[]> {
  const registers = guest.isa.controlRegisters;
  const values = await guest.target.readRegisters(
    hart,
    registers.map((register) => register.name),
  );
  return registers.flatMap((register, index) => {
    const value = values[index];
    return value === undefined ? [] : [{ register, value }];
  });
}

async function groupItems(guest: Guest, hart: number, group: string): Promise<readonly Item[]> {
  const present = await presentControlRegisters(guest, hart);
  return present
    .filter(({ register }) => register.group === group)
    .map(({ register, value }) => controlItem(guest, hart, register, value));
}

export function controlItem(
  guest: Guest,
  hart: number,
  register: ControlRegisterInfo,
  value: bigint,
): Item {
  const { name, bits, description, fields, writable } = register;
  const assign = async (text: string): Promise<Item> => {
    const number = parseRegisterValue(text, bits, name);
    const written = await guest.target.writeRegister(hart, name, number);
    return controlItem(guest, hart, register, written);
  };
  const children: Container = {
    // Read again: a field may have been written since.
    list: async () => {
      const [now = value] = await guest.target.readRegisters(hart, [name]);
      return fields.map((field) => fieldItem(guest, hart, register, field, now));
    },
  };
  return {
    variable: {
      name,
      value: paddedHex(value, bits),
      type: description,
      evaluateName: `$${name}`,
      ...(writable ? {} : { presentationHint: { attributes: ['readOnly'] } }),
    },
    ...(fields.length === 0 ? {} : { children }),
    ...(writable ? { assign } : {}),
  };
}

export function fieldItem(
  guest: Guest,
  hart: number,
  register: ControlRegisterInfo,
  field: FieldInfo,
  whole: bigint,
): Item {
  const value = fieldValue(field, whole);
  const meaning = meaningOf(field, value);
  const number = field.high === field.low ? value.toString() : hex(value);
  const writable = register.writable && field.writable;
  const assign = async (text: string): Promise<Item> => {
    const wanted = parseFieldValue(field, text);
    const [now = whole] = await guest.target.readRegisters(hart, [register.name]);
    const changed = withField(field, now, wanted);
    const written = await guest.target.writeRegister(hart, register.name, changed);
    return fieldItem(guest, hart, register, field, written);
  };
  const variable: DebugProtocol.Variable = {
    name: field.name,
    value: meaning === undefined ? number : `${number} (${meaning})`,
    type: `${field.description} [${field.high}:${field.low}]`,
    evaluateName: `$${register.name}.${field.name}`,
    variablesReference: 0,
    ...(writable ? {} : { presentationHint: { attributes: ['readOnly'] } }),
  };
  return { variable, ...(writable ? { assign } : {}) };
}

/** `a0`, `$a0`, `satp`, `$satp.MODE`; undefined when it is no register's name. */
export async function findRegister(
  guest: Guest,
  frame: CallFrame | undefined,
  hart: number,
  expression: string,
): Promise<Item | undefined> {
  const match = /^\$?([A-Za-z_]\w*)(?:\.(\w+))?$/.exec(expression.trim());
  if (!match?.[1]) return undefined;
  const [, name, fieldName] = match;
  const general = guest.isa.registers.find((r) => r.name === name || r.aliases.includes(name));
  if (general && fieldName === undefined) {
    const outer = frame && frame.frame.index > 0 ? frame.frame : undefined;
    const [live] = await guest.target.readRegisters(hart, [general.name]);
    const value = outer ? outer.register(general.name) : live;
    return registerItem(guest, hart, general, value, { writable: !outer });
  }
  const control = controlRegisterNamed(guest.isa, name);
  if (!control) return undefined;
  const [value] = await guest.target.readRegisters(hart, [control.name]);
  if (value === undefined) throw new UserError(`this hart has no ${control.name}`, name);
  if (fieldName === undefined) return controlItem(guest, hart, control, value);
  const field = fieldNamed(control, fieldName);
  if (!field) throw new UserError(`${control.name} has no field '${fieldName}'`, expression);
  return fieldItem(guest, hart, control, field, value);
}
