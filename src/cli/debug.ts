/** `trapline debug --dap`: the debug adapter for any editor, on standard input and output or TCP. */
import { startDapServer } from '../adapter/server.ts';
import type { Command } from './command.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'debug',
  operands: '',
  summary: 'Runs the debug adapter (Debug Adapter Protocol).',
  options: [
    { name: 'dap', help: 'speak the Debug Adapter Protocol; the only choice, so it must be given' },
    { name: 'port', value: 'N', help: 'listen on this TCP port of the loopback; default: stdio' },
  ],
};

export const debugCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  if (!options.has('dap')) throw new UsageError('trapline debug needs --dap');
  const [extra] = options.operands;
  if (extra !== undefined) throw new UsageError(`unexpected '${extra}'`);
  return startDapServer(options.count('port'));
}
