/** The whole command line: every command, and what it says of itself. */
import { probeHostFeatures } from '../core/wasm/hostFeatures.ts';
import { callsCommand } from './calls.ts';
import { exitCodes, type Command } from './command.ts';
import { debugCommand } from './debug.ts';
import { disCommand } from './dis.ts';
import { dwarfCommand } from './dwarf.ts';
import { fdtCommand } from './fdt.ts';
import { gdbCommand } from './gdb.ts';
import { usageLine } from './options.ts';
import { newProfiler } from './profile/profiler.ts';
import { runProgram } from './program.ts';
import { runCommand } from './run.ts';
import { version } from '../../package.json';

const commands: readonly Command[] = [
  runCommand(newProfiler),
  debugCommand,
  gdbCommand,
  disCommand,
  dwarfCommand,
  fdtCommand,
  callsCommand,
];

void runProgram((name, args) => {
  if (name === '--version') {
    process.stdout.write(`trapline ${version}\n${args.includes('--verbose') ? hostText() : ''}`);
    return exitCodes.done;
  }
  if (name === '--help' || name === 'help') {
    process.stdout.write(overview());
    return exitCodes.done;
  }
  const command = commands.find((candidate) => candidate.spec.name === name);
  if (command) return command;
  const problem = name === undefined ? 'no command given' : `unknown command '${name}'`;
  process.stderr.write(`trapline: ${problem}\n\n${overview()}`);
  return exitCodes.usage;
});

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
