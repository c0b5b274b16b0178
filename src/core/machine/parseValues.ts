/**
 * Checks of single values that a user wrote, with one form of message for all of them:
 * `memory: "lots" is not allowed; allowed is …`.
 */
import { UserError } from '../base/userError.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The error that says what was given for `where` and what would be right. */
export function refuse(where: string, value: unknown, allowed: string): never {
  throw new UserError(`${where}: ${describe(value)} is not allowed; allowed is ${allowed}`, where);
}

/** A value as the user wrote it, cut short. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function requiredString(raw: Raw, name: string, allowed: string): string {
  const value = raw[name];
  if (value === undefined || value === '') {
    throw new UserError(`${name} is missing: give ${allowed}`, name);
  }
  return typeof value === 'string' ? value : refuse(name, value, allowed);
}

export function optionalString(raw: Raw, name: string, empty?: 'allowEmpty'): string | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return refuse(name, value, 'a string');
  if (value === '' && empty === undefined) return refuse(name, value, 'a string that is not empty');
  return value;
}

export function optionalBoolean(raw: Raw, name: string): boolean {
  const value = raw[name];
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  return refuse(name, value, 'true or false');
}

export function oneOf<const T extends string>(
  raw: Raw,
  name: string,
  allowed: readonly T[],
  otherwise: T,
): T {
  const value = raw[name];
  if (value === undefined) return otherwise;
  const found = allowed.find((candidate) => candidate === value);
  return found ?? refuse(name, value, allowed.map((text) => `"${text}"`).join(' or '));
}

export function integer(raw: Raw, name: string, limits: { min: number; max: number }): number {
  const value = raw[name];
  const { min, max } = limits;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  const top = max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`;
  return refuse(name, value, `a whole number from ${min} ${top}`);
}
