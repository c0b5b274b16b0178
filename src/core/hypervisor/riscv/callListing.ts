/** The policy table for people: each range of ids with its name, who answers and who said so. */
import { CallPolicy, type CallRule } from '../callPolicy.ts';
import { describeExtension } from './sbiNames.ts';
import { defaultCalls } from './vcpuSbi.ts';

/** Throws `UserError` when the user's rules are malformed or overlap. */
export function callListing(user: readonly CallRule[]): readonly string[] {
  const rows = new CallPolicy(defaultCalls, user)
    .rows()
    .map((row) => [
      rangeText(row.extension),
      row.function ? rangeText(row.function) : 'all functions',
      row.action,
      row.source,
      row.extension[0] === row.extension[1] ? describeExtension(row.extension[0]) : '',
    ]);
  const table = [['extension', 'function', 'action', 'rule', 'name'], ...rows];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function rangeText([first, last]: readonly [number, number]): string {
  return first === last ? hex(first) : `${hex(first)}–${hex(last)}`;
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(2, '0')}`;
}
