/**
 * Saved state of one component, and how it is looked at before it is taken over: it may come from a
 * file. States are plain values with names (numbers, bigints, strings, booleans, typed arrays, lists
 * and objects of these), so that they can be compared, sent and written down.
 */
import { UserError } from './userError.ts';

/** State of one component: plain, named and checked before it is taken over. */
export interface Persist<State> {
  /** Of the state's form; 1 when absent. A state of another version is refused. */
  readonly stateVersion?: number;
  save(): State;
  /** Checks `state`, throws `UserError` when it does not fit, assigns only then. */
  restore(state: State): void;
}

/** What a value must be like: where it is not, a path to the place, `''` for the value itself. */
export type Shape = (value: unknown) => string | undefined;

const where = (holds: boolean): string | undefined => (holds ? undefined : '');

export const flag: Shape = (value) => where(typeof value === 'boolean');
export const text: Shape = (value) => where(typeof value === 'string');
export const big: Shape = (value) => where(typeof value === 'bigint');
/** A number that is no fraction; Infinity and -1 are such where they stand for something. */
export const whole: Shape = (value) => where(Number.isSafeInteger(value) || value === Infinity);

export const within =
  (least: number, most: number): Shape =>
  (value) =>
    where(Number.isInteger(value) && (value as number) >= least && (value as number) <= most);

export const oneOf =
  (...values: readonly unknown[]): Shape =>
  (value) =>
    where(values.includes(value));

export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined ? undefined : shape(value);

/** `length`: the number of elements, when there is only one that fits. */
export const list =
  (shape: Shape, length?: number): Shape =>
  (value) => {
    if (!Array.isArray(value) || (length ?? value.length) !== value.length) return '';
    return firstWrong(Object.entries<unknown>(value), shape);
  };

/** A typed array of that class, of so many elements. */
export const numbers =
  (kind: new () => ArrayBufferView & ArrayLike<number>, length: number): Shape =>
  (value) =>
    where(value instanceof kind && value.length === length);

export const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value) => {
    if (typeof value !== 'object' || value === null) return '';
    const saved = value as Readonly<Record<string, unknown>>;
    return firstWrong(Object.entries(shapes), (shape, name) => shape(saved[name]));
  };

/** Refuses a state that is not of the shape, saying of which component and where. */
export function mustFit(component: string, state: unknown, shape: Shape): void {
  const wrong = shape(state);
  if (wrong === undefined) return;
  throw new UserError(
    `saved state of ${component} does not fit${wrong === '' ? '' : `: ${wrong}`}`,
  );
}

function firstWrong<T>(
  places: readonly (readonly [name: string, value: T])[],
  wrongIn: (value: T, name: string) => string | undefined,
): string | undefined {
  for (const [name, value] of places) {
    const wrong = wrongIn(value, name);
    if (wrong !== undefined) return wrong === '' ? name : `${name}.${wrong}`;
  }
  return undefined;
}
