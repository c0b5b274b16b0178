/**
 * Reads the `calls` attribute: which calls of the guest are handled, forwarded, denied or stopped
 * at. An extension is a number, a range, or a name, which is how firmware interfaces pack four
 * letters into a number; rules that overlap are an error.
 */
import { UserError } from '../base/userError.ts';
import type { CallAction, CallRule } from './launchConfig.ts';
import { oneOf, refuse } from './parseValues.ts';

type Range = readonly [first: number, last: number];

const ACTIONS: readonly CallAction[] = ['handle', 'forward', 'deny', 'break'];
const MAX_ID = 0xffffffff;
const RULE = '{ "extension": …, "function"?: …, "action": … }';

/** Names that are not the letters of their number: BASE (its id is 0x10). */
const NUMBERED_NAMES: Readonly<Record<string, number>> = { BASE: 0x10 };
/** Short names whose identifiers are packed from their letters: TIME, sPI, RFNC, HSM, … */
const PACKED_NAMES: Readonly<Record<string, string>> = { IPI: 'sPI', RFENCE: 'RFNC' };

export function parseCallRules(value: unknown): CallRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return refuse('calls', value, `a list of ${RULE}`);
  const rules = value.map((item: unknown, i) => parseRule(item, `calls[${i}]`));
  rules.forEach((rule, i) => {
    const clash = rules.findIndex((other, j) => j < i && overlap(rule, other));
    if (clash >= 0) {
      const message = `calls[${i}] overlaps calls[${clash}]: both match ${firstCommon(rule, rules[clash])}`;
      throw new UserError(message, 'calls');
    }
  });
  return rules;
}

function parseRule(item: unknown, where: string): CallRule {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return refuse(where, item, RULE);
  }
  const raw = item as Record<string, unknown>;
  const extra = Object.keys(raw).find((key) => !['extension', 'function', 'action'].includes(key));
  if (extra !== undefined) {
    throw new UserError(`${where}: there is no '${extra}'; allowed is ${RULE}`, where);
  }
  if (raw['action'] === undefined) {
    throw new UserError(`${where}.action is missing: give ${ACTIONS.join(', ')}`, where);
  }
  const action = oneOf(
    { [`${where}.action`]: raw['action'] },
    `${where}.action`,
    ACTIONS,
    'handle',
  );
  const extension = parseRange(raw['extension'], `${where}.extension`, parseExtension);
  if (raw['function'] === undefined) return { extension, action };
  return {
    extension,
    function: parseRange(raw['function'], `${where}.function`, parseNumber),
    action,
  };
}

/** An id; or two, as a list or with a dash between, first not above last. */
function parseRange(
  value: unknown,
  where: string,
  parseId: (value: unknown) => number | undefined,
): Range {
  const ends =
    typeof value === 'string'
      ? value.split('-').map((end) => end.trim())
      : Array.isArray(value)
        ? (value as unknown[])
        : [value];
  const ids = ends.map(parseId);
  const [first, last = first] = ids;
  const right = ids.length <= 2 && !ids.includes(undefined);
  if (!right || first === undefined || last === undefined || first > last) {
    const names = parseId === parseExtension ? 'a name such as "DBCN", ' : '';
    return refuse(where, value, `${names}a number, "0x…", [first, last] or "0x…-0x…"`);
  }
  return [first, last];
}

function parseNumber(value: unknown): number | undefined {
  const isDigits = typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value);
  const number = isDigits ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number >= 0 && number <= MAX_ID ? number : undefined;
}

/** The id of an extension by its number or its name. */
export function extensionNamed(name: string): number | undefined {
  return parseExtension(name);
}

function parseExtension(value: unknown): number | undefined {
  const number = parseNumber(value);
  if (number !== undefined || typeof value !== 'string') return number;
  const fixed = NUMBERED_NAMES[value];
  if (fixed !== undefined) return fixed;
  const letters = PACKED_NAMES[value] ?? value;
  if (!/^[A-Za-z][A-Za-z0-9]{1,3}$/.test(letters)) return undefined;
  return [...letters].reduce((id, letter) => id * 256 + letter.charCodeAt(0), 0);
}

function overlap(a: CallRule, b: CallRule): boolean {
  if (!intersects(a.extension, b.extension)) return false;
  return !a.function || !b.function || intersects(a.function, b.function);
}

function intersects(a: Range, b: Range): boolean {
  return a[0] <= b[1] && b[0] <= a[1];
}

function firstCommon(a: CallRule, b: CallRule | undefined): string {
  const extension = Math.max(a.extension[0], b?.extension[0] ?? 0);
  const functions = [a.function?.[0], b?.function?.[0]].filter((id) => id !== undefined);
  const hex = `extension 0x${extension.toString(16)}`;
  return functions.length === 0 ? hex : `${hex}, function ${Math.max(...functions)}`;
}
