/** `trapline fdt`: a device tree as source text, from a file or as a board generates it. */
import { UserError } from '../core/base/userError.ts';
import { fdtToSource } from '../core/formats/fdt/fdtSource.ts';
import { looksLikeFdt, readFdt } from '../core/formats/fdt/readFdt.ts';
import { readInput } from '../host/node/launchFiles.ts';
import { exitCodes, type Command } from './command.ts';
import type { CommandSpec, ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'fdt',
  operands: 'FILE',
  summary: 'Shows a flattened device tree as source text, which dtc compiles to the same tree.',
  options: [],
};

export const fdtCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const file = options.operand('file');
  const bytes = readInput('fdt', file, process.cwd());
  if (!looksLikeFdt(bytes)) throw new UserError(`'${file}' is no flattened device tree`);
  process.stdout.write(fdtToSource(readFdt(bytes)));
  return exitCodes.done;
}
