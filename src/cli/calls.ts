/** `trapline calls`: who answers which firmware call, as the policy table says it. */
import { UserError } from '../core/base/userError.ts';
import type { CallTableRow } from '../core/debug/target.ts';
import { parseCallRules } from '../core/machine/parseCallRules.ts';
import { callNames, callTableFor } from '../core/registry.ts';
import { parseKey } from '../handlers/keys.ts';
import { exitCodes, type Command } from './command.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'calls',
  operands: '[CALL]',
  summary: 'Lists, for every range of call ids, who answers: the policy table with its defaults.',
  options: [
    {
      name: 'calls',
      value: 'RULE',
      repeats: true,
      help: 'EXTENSION[/FUNCTION]=ACTION, as DBCN=deny',
    },
  ],
  notes: `CALL is an extension or one function of it, as DBCN, DBCN/console_write or 0x08000042/7; then
only the row that decides it is shown. The first row that matches a call counts.`,
};

export const callsCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const [call, extra] = options.operands;
  if (extra !== undefined) throw new UsageError(`unexpected '${extra}'`);
  const table = callTableFor(parseCallRules(options.texts('calls').map(parseCallOption)));
  for (const row of listing(call === undefined ? table.rows : [table.query(...parseCall(call))])) {
    process.stdout.write(`${row}\n`);
  }
  return exitCodes.done;
}

/** `DBCN/2=deny` as a rule of launch.json, which is then checked like one. */
export function parseCallOption(text: string): object {
  const match = /^([^/=]+)(?:\/([^/=]+))?=(\w+)$/.exec(text);
  if (!match) {
    throw new UsageError(`--calls wants EXTENSION[/FUNCTION]=ACTION, not '${text}'`, 'calls');
  }
  const [, extension, fn, action] = match;
  return { extension, ...(fn === undefined ? {} : { function: fn }), action };
}

function parseCall(text: string): [extension: number, fn: number | undefined] {
  try {
    const { extensions, function: fn } = parseKey(text, callNames);
    if (extensions[0] === extensions[1]) return [extensions[0], fn];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  throw new UsageError(
    `'${text}' is no call: give one as DBCN, DBCN/console_write or 0x08000042/7`,
  );
}

function listing(rows: readonly CallTableRow[]): readonly string[] {
  const cells = rows.map((row) => [
    rangeText(row.extension),
    row.function ? rangeText(row.function) : 'all functions',
    row.action,
    row.source,
    row.answeredBy,
    row.name,
  ]);
  const table = [['extension', 'function', 'action', 'rule', 'answered by', 'name'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
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
