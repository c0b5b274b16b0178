// What Trapline's speed is, beside QEMU's.
//   npm run bench                          what a run costs by itself, every kernel on M-mode
//   npm run bench -- cpu                   every kernel in every world, warm too, on Node 20 and 24
//   npm run bench -- cold                  code that is hardly repeated
//   npm run bench -- exits [part…]         what leaves fast code: calls, faults, devices, CSRs, interrupts
//   npm run bench -- debugger              what breakpoints, watchpoints and traces cost
//   npm run bench -- prompt                the first second: hello-dbcn's first line, U-Boot's prompt
//   npm run bench -- modules               what V8 asks for a function, in modules of one and of many
//   npm run bench -- step                  how long a step takes in 50 MB of DWARF
//   npm run bench -- dwarf                 the first breakpoint in a kernel's debug file, beside gdb
//   npm run bench -- [option…] [kernel…]   kernels whose names contain one of the words
// Options:
//   --runs N              runs of each, medians are shown (3; 5 for cpu)
//   --worlds A,B          of bare, sv39 and guest: M-mode, S-mode with pages, VS-mode with two stages
//   --engines A,B         of interpreter, jit and auto (auto)
//   --nodes A,B           paths of Node, or the version of one in .cache, as 24 (the one that runs
//                         this; 20,24 for cpu)
//   --no-qemu             our own side alone
//   --length N|short      hundredths of each kernel's length, short being 10 (100)
//   --resume              goes on with the run that Ctrl-C interrupted
//   --steady, --no-steady half of each run too: the difference is what a run costs once it is warm
//   --name NAME           what this run is called in .cache/bench/history.jsonl
//   --against NAME        the run of that name or commit to compare with (the last one)
import path from 'node:path';
import { existsSync } from 'node:fs';
import { compare, compareColdCode } from './cpu.mjs';
import { measureDebugger } from './debugger.mjs';
import { measureDwarf } from './dwarf.mjs';
import { measureExits } from './exits.mjs';
import { BenchError, root } from './process.mjs';
import { measureModules } from './modules.mjs';
import { measurePrompt } from './prompt.mjs';
import { measureSteps } from './step.mjs';
import { worldNames } from './kernels.mjs';

try {
  const { cold, exits, debug, step, dwarf, modules, prompt, ...options } = parse(
    process.argv.slice(2),
  );
  if (cold) await compareColdCode(options);
  else if (exits) await measureExits(options);
  else if (debug) await measureDebugger(options);
  else if (step) await measureSteps();
  else if (dwarf) await measureDwarf(options);
  else if (modules) await measureModules(options);
  else if (prompt) await measurePrompt(options);
  else await compare(options);
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exit(1);
}

function parse(args) {
  const whole = args.includes('cpu');
  const options = {
    runs: whole ? 5 : 3,
    worlds: whole ? worldNames : ['bare'],
    engines: ['auto'],
    nodes: whole ? ['20', '24'].map(nodeAt) : [process.execPath],
    qemu: true,
    length: 100,
    steady: whole,
    resume: false,
    name: undefined,
    against: undefined,
    cold: false,
    exits: false,
    debug: false,
    step: false,
    dwarf: false,
    modules: false,
    prompt: false,
    filters: [],
  };
  const take = {
    '--runs': (value) => (options.runs = positive('--runs', value)),
    '--worlds': (value) => (options.worlds = listed('--worlds', value, worldNames)),
    '--engines': (value) =>
      (options.engines = listed('--engines', value, ['interpreter', 'jit', 'auto'])),
    '--length': (value) => (options.length = value === 'short' ? 10 : positive('--length', value)),
    '--name': (value) => (options.name = value),
    '--against': (value) => (options.against = value),
    '--nodes': (value) => (options.nodes = value.split(',').map(nodeAt)),
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (take[arg]) take[arg](args[++i] ?? '');
    else if (arg === '--no-qemu') options.qemu = false;
    else if (arg === '--steady') options.steady = true;
    else if (arg === '--no-steady') options.steady = false;
    else if (arg === 'cold') options.cold = true;
    else if (arg === 'debugger') options.debug = true;
    else if (arg === 'dwarf') options.dwarf = true;
    else if (arg === 'modules') options.modules = true;
    else if (arg === 'exits') options.exits = true;
    else if (arg === 'step') options.step = true;
    else if (arg === 'prompt') options.prompt = true;
    else if (arg === '--resume') options.resume = true;
    else if (arg === 'cpu') continue;
    else if (arg.startsWith('--')) throw new BenchError(`there is no option ${arg}`);
    else options.filters.push(arg);
  }
  return options;
}

function positive(option, value) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw new BenchError(`${option} wants a number of at least 1, not '${value}'`);
  }
  return number;
}

function listed(option, value, known) {
  const names = value.split(',');
  const wrong = names.filter((name) => !known.includes(name));
  if (wrong.length > 0) {
    throw new BenchError(`${option}: '${wrong.join(', ')}' is none of ${known.join(', ')}`);
  }
  return names;
}

/** `24` is the Node 24 that the tests install in `.cache`; anything else is a path. */
function nodeAt(value) {
  if (!/^\d+$/.test(value)) return value;
  if (process.versions.node.startsWith(`${value}.`)) return process.execPath;
  const file = path.join(root, `.cache/node-${value}/node_modules/.bin/node`);
  if (!existsSync(file)) {
    throw new BenchError(`--nodes: no Node ${value} at ${path.relative(root, file)}`);
  }
  return file;
}
