/**
 * `trapline`, the command line: finds the command, and turns what goes wrong into one message on
 * standard error and an exit code. Each command has a file of its own.
 */
import { Bug } from '../core/base/assert.ts';
import { UserError } from '../core/base/userError.ts';
import { exitCodes, type Command } from './command.ts';
import { helpText, parseOptions, UsageError } from './options.ts';

/** The command for a name, or what `dispatch` did in its place: an exit code. */
export type FindCommand = (name: string | undefined, args: readonly string[]) => Command | number;

/** Runs what the process's arguments say, and ends the process. */
export async function runProgram(find: FindCommand): Promise<void> {
  // Who reads our output may stop reading (`trapline dis … | head`), which is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.done);
  });
  const code = await dispatch(find, process.argv.slice(2));
  // What was written to a pipe is not all out yet, and open handles (a raw terminal, a listening
  // socket) must not keep the program alive once the guest has ended.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

async function dispatch(find: FindCommand, words: readonly string[]): Promise<number> {
  const [name, ...args] = words;
  const command = find(name, args);
  if (typeof command === 'number') return command;
  try {
    const options = parseOptions(command.spec, args);
    if (options.has('help')) {
      process.stdout.write(helpText(command.spec));
      return exitCodes.done;
    }
    return await command.run(options);
  } catch (error) {
    return explain(command, error);
  }
}

/** One message for each of the three kinds of error. */
function explain(command: Command, error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`trapline: ${error.message}\n\n${helpText(command.spec)}`);
    return exitCodes.usage;
  }
  if (error instanceof UserError) {
    process.stderr.write(`trapline: ${error.message}\n`);
    return exitCodes.usage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kind = error instanceof Bug ? 'a defect of Trapline' : 'unexpected';
  process.stderr.write(`trapline: ${kind}: ${text}\n`);
  return exitCodes.crash;
}
