/**
 * Applies a row of call-frame information to a frame (DWARF 5, section 6.4.3). Which registers a
 * row leaves unspecified, and what that means, is the unwinder's to decide.
 */
import type { Fde } from '../../formats/dwarf/callFrame.ts';
import {
  frameRowAt,
  type CfaRule,
  type RegisterRule,
} from '../../formats/dwarf/callFrameProgram.ts';
import {
  evaluateValue,
  Unavailable,
  type ExpressionFrame,
  type ExpressionSetting,
} from '../../formats/dwarf/expression.ts';
import type { FrameRule, RegisterReader, UnwoundRegisters } from './symbols.ts';

/** The rule for an address that the entry covers (the file's own address). */
export function frameRule(fde: Fde, address: bigint, relocation: bigint): FrameRule | undefined {
  const row = frameRowAt(fde, address);
  if (!row?.cfa) return undefined;
  const { cfa, registers } = row;
  const addressSize = fde.cie.addressSize === 4 ? 4 : 8;
  const setting: ExpressionSetting = { addressSize, relocation };
  return {
    returnAddressRegister: fde.cie.returnAddressRegister,
    signalFrame: fde.cie.signalFrame,
    apply: (reader) => applyRow(cfa, registers, reader, setting),
  };
}

async function applyRow(
  cfaRule: CfaRule,
  rules: ReadonlyMap<number, RegisterRule>,
  reader: RegisterReader,
  setting: ExpressionSetting,
): Promise<UnwoundRegisters> {
  const frame: ExpressionFrame = {
    cfa: undefined,
    readRegister: (number) => reader.readRegister(number),
    readMemory: (address, size) => reader.readMemory(address, size),
  };
  const cfa = await computeCfa(cfaRule, frame, setting);
  const registers = new Map<number, bigint | undefined>();
  for (const [number, rule] of rules) {
    if (rule.kind === 'sameValue') continue;
    registers.set(number, await applyRule(rule, cfa, frame, setting));
  }
  return { cfa, registers };
}

async function computeCfa(
  rule: CfaRule,
  frame: ExpressionFrame,
  setting: ExpressionSetting,
): Promise<bigint> {
  if (rule.kind === 'expression') return evaluateValue(rule.expression, frame, setting);
  const value = await frame.readRegister(rule.register);
  if (value === undefined) throw new Unavailable(`register ${rule.register} was not saved`);
  return cut(value + BigInt(rule.offset), setting);
}

/** Undefined where the value cannot be had. */
async function applyRule(
  rule: RegisterRule,
  cfa: bigint,
  frame: ExpressionFrame,
  setting: ExpressionSetting,
): Promise<bigint | undefined> {
  const inFrame: ExpressionFrame = { ...frame, cfa };
  switch (rule.kind) {
    case 'undefined':
    case 'sameValue':
      return undefined;
    case 'offset':
      return load(cut(cfa + BigInt(rule.offset), setting), frame, setting);
    case 'valOffset':
      return cut(cfa + BigInt(rule.offset), setting);
    case 'register':
      return frame.readRegister(rule.register);
    case 'expression':
    case 'valExpression': {
      // The CFA is on the stack when these expressions begin.
      const value = await evaluateValue(rule.expression, inFrame, setting, [cfa]);
      return rule.kind === 'valExpression' ? value : load(value, frame, setting);
    }
  }
}

async function load(
  address: bigint,
  frame: ExpressionFrame,
  setting: ExpressionSetting,
): Promise<bigint | undefined> {
  const bytes = await frame.readMemory(address, setting.addressSize);
  if (bytes.length < setting.addressSize) return undefined;
  let value = 0n;
  for (let i = setting.addressSize - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

function cut(value: bigint, setting: ExpressionSetting): bigint {
  return BigInt.asUintN(setting.addressSize * 8, value);
}
