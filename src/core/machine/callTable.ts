/** The policy table for people: each range of ids with its name, who answers, and who said so. */
import type { CallTable, CallTableRow } from '../debug/target.ts';
import type { CallNames } from '../hypervisor/arch.ts';
import type { CallPolicy, PolicyRow } from '../hypervisor/callPolicy.ts';

type CallRange = readonly [first: number, last: number];

interface Answerer {
  readonly name: string;
  readonly extensions: readonly (readonly [first: number, last: number])[];
}

export function callTable(
  policy: CallPolicy,
  names: CallNames,
  answerers: readonly Answerer[],
): CallTable {
  const row = (found: PolicyRow): CallTableRow => ({
    ...found,
    name: isOne(found.extension) ? names.extension(found.extension[0]) : '',
    answeredBy: answeredBy(found, answerers),
  });
  return { rows: policy.rows().map(row) };
}

/**
 * Who would answer one call: the row that decides it, cut down to the call. Without a function, the
 * first that is about all functions of the extension.
 */
export function callTableQuery(
  policy: CallPolicy,
  names: CallNames,
  answerers: readonly Answerer[],
  extension: number,
  fn: number | undefined,
): CallTableRow {
  const found = fn === undefined ? policy.queryExtension(extension) : policy.query(extension, fn);
  const one: PolicyRow = {
    ...found,
    extension: [extension, extension],
    ...(fn === undefined ? {} : { function: [fn, fn] }),
  };
  return { ...one, name: names.extension(extension), answeredBy: answeredBy(one, answerers) };
}

function answeredBy({ action, extension }: PolicyRow, answerers: readonly Answerer[]): string {
  switch (action) {
    case 'handle':
      return 'hypervisor';
    case 'deny':
      return 'NOT_SUPPORTED';
    case 'break':
      return 'debugger';
    case 'forward':
      return forwardedTo(extension, answerers);
  }
}

function forwardedTo([first, last]: CallRange, answerers: readonly Answerer[]): string {
  const meets = ([a, b]: CallRange) => a <= last && first <= b;
  const found = answerers.filter(({ extensions }) => extensions.some(meets));
  return found.map(({ name }) => name).join(', ') || 'nobody';
}

function isOne([first, last]: readonly [number, number]): boolean {
  return first === last;
}
