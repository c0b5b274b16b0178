/** `trapline calls`: who answers which firmware call, as the policy table says it. */
import { callListing } from '../core/registry.ts';
import { exitCodes, type Command } from './command.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'calls',
  operands: '',
  summary: 'Lists, for every range of call ids, who answers: the policy table with its defaults.',
  options: [],
};

export const callsCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const [extra] = options.operands;
  if (extra !== undefined) throw new UsageError(`unexpected '${extra}'`);
  for (const row of callListing([])) process.stdout.write(`${row}\n`);
  return exitCodes.done;
}
