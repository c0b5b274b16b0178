/**
 * Control registers as a person reads and changes them: fields with values and their meanings, and
 * text back into numbers. It knows no register by name; tables come from `Isa`.
 */
import { UserError } from '../base/userError.ts';
import type { ControlRegisterInfo, FieldInfo, Isa } from '../isa/isa.ts';

export function controlRegisterNamed(isa: Isa, name: string): ControlRegisterInfo | undefined {
  const wanted = name.toLowerCase();
  return isa.controlRegisters.find((register) => register.name.toLowerCase() === wanted);
}

export function fieldNamed(register: ControlRegisterInfo, name: string): FieldInfo | undefined {
  const wanted = name.toLowerCase();
  return register.fields.find((field) => field.name.toLowerCase() === wanted);
}

/** Unsigned value of a field. */
export function fieldValue(field: FieldInfo, register: bigint): bigint {
  return (register >> BigInt(field.low)) & maskOf(field);
}

/** The register with one field replaced. */
export function withField(field: FieldInfo, register: bigint, value: bigint): bigint {
  const shift = BigInt(field.low);
  return (register & ~(maskOf(field) << shift)) | ((value & maskOf(field)) << shift);
}

/** The name of a field's value, where it has one. */
export function meaningOf(field: FieldInfo, value: bigint): string | undefined {
  return value <= 0xffff_ffffn ? field.values?.[Number(value)] : undefined;
}

/** A field's value from a number or from the name of a value. */
export function parseFieldValue(field: FieldInfo, text: string): bigint {
  const wanted = text.trim().toLowerCase();
  for (const [value, name] of Object.entries(field.values ?? {})) {
    if (name.toLowerCase() === wanted) return BigInt(value);
  }
  const value = parseNumber(text);
  const limit = maskOf(field);
  if (value === undefined || value > limit) {
    const names = Object.values(field.values ?? {}).join(', ');
    const allowed = `a number from 0 to ${limit}${names === '' ? '' : `, or one of ${names}`}`;
    throw new UserError(`${field.name}: '${text}' is not ${allowed}`, field.name);
  }
  return BigInt.asUintN(64, value) & limit;
}

/** A register's value from a number, negative ones in two's complement. */
export function parseRegisterValue(text: string, bits: number, name: string): bigint {
  // What is edited is what was shown, with the symbol or the fraction that stands behind the bits.
  const value = parseNumber(text.replace(/\s+(<[^>]*>|\([^)]*\))\s*$/, ''));
  const limit = 1n << BigInt(bits);
  if (value === undefined || value >= limit || value < -(limit >> 1n)) {
    throw new UserError(`${name}: '${text}' is not a number of ${bits} bits`, name);
  }
  return BigInt.asUintN(bits, value);
}

/** Decimal, `0x…`, `0b…` or `0o…`, with an optional minus; undefined when it is none of them. */
export function parseNumber(text: string): bigint | undefined {
  const match = /^\s*(-?)(0x[0-9a-f]+|0b[01]+|0o[0-7]+|\d+)\s*$/i.exec(text.replaceAll('_', ''));
  if (!match?.[2]) return undefined;
  const magnitude = BigInt(match[2].toLowerCase());
  return match[1] === '-' ? -magnitude : magnitude;
}

function maskOf(field: FieldInfo): bigint {
  return (1n << BigInt(field.high - field.low + 1)) - 1n;
}
