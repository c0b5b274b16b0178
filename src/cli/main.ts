/**
 * `trapline`, the command line: finds the command, and turns what goes wrong into one message on
 * standard error and an exit code. Each command has a file of its own.
 */
import { Bug } from '../core/base/assert.ts';
import { UserError } from '../core/base/userError.ts';
import { probeHostFeatures } from '../core/wasm/hostFeatures.ts';
import { callsCommand } from './calls.ts';
import { exitCodes, type Command } from './command.ts';
import { debugCommand } from './debug.ts';
import { disCommand } from './dis.ts';
import { dwarfCommand } from './dwarf.ts';
import { fdtCommand } from './fdt.ts';
import { gdbCommand } from './gdb.ts';
import { helpText, parseOptions, usageLine, UsageError } from './options.ts';
import { runCommand } from './run.ts';
import { version } from '../../package.json';

const commands: readonly Command[] = [
  runCommand,
  debugCommand,
  gdbCommand,
  disCommand,
  dwarfCommand,
  fdtCommand,
  callsCommand,
];

// Who reads our output may stop reading (`trapline dis … | head`), which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.done);
});

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const code = await dispatch(args);
  // What was written to a pipe is not all out yet, and open handles (a raw terminal, a listening
  // socket) must not keep the program alive once the guest has ended.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

async function dispatch([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version') {
    process.stdout.write(`trapline ${version}\n${args.includes('--verbose') ? hostText() : ''}`);
    return exitCodes.done;
  }
  if (name === '--help' || name === 'help') {
    process.stdout.write(overview());
    return exitCodes.done;
  }
  const command = commands.find((candidate) => candidate.spec.name === name);
  if (!command) {
    const problem = name === undefined ? 'no command given' : `unknown command '${name}'`;
    process.stderr.write(`trapline: ${problem}\n\n${overview()}`);
    return exitCodes.usage;
  }
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

/** What the same guest may run at another speed for, never otherwise. */
function hostText(): string {
  const { node, v8 } = process.versions;
  const features = Object.entries(probeHostFeatures());
  const lines = features.map(([name, there]) => `  ${name}: ${there ? 'yes' : 'no'}`);
  return `Node ${node}, V8 ${v8}\n${lines.join('\n')}\n`;
}

function overview(): string {
  const lines = commands.map(({ spec }) => `  ${usageLine(spec)}\n      ${spec.summary}\n`);
  return (
    `usage: trapline COMMAND …\n\n${lines.join('')}\n` +
    'trapline COMMAND --help tells the options of a command; trapline --version its version\n' +
    '(with --verbose, what of WebAssembly this host has).\n'
  );
}
