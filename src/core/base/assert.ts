/**
 * Defects of our own: a `Bug` stops what it is in and is caught once per run slice or request.
 * Guest faults are values and user errors are `UserError`s; neither is ever a `Bug`.
 */
export class Bug extends Error {
  override readonly name = 'Bug';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** Ends an exhaustive `switch`: reaching it means a case was added and not handled. */
export function unreachable(value: never, what = 'value'): never {
  throw new Bug(`unexpected ${what}: ${String(value)}`);
}

/** The value, which the caller knows to be present. */
export function defined<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Bug(`${what} is missing`);
  return value;
}
