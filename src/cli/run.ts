/**
 * `trapline run`: one guest from its first instruction to its end, the way CI uses it. Option
 * names are launch.json's; what they mean and may be is decided where launch.json's attributes are
 * checked, so both speak with one voice.
 */
import { defined } from '../core/base/assert.ts';
import type { EndEvent } from '../core/debug/target.ts';
import type { ObservedModule } from '../core/engine/translator/observed.ts';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import type { Machine } from '../core/machine/machine.ts';
import { createMachine } from '../core/registry.ts';
import { handlersOf } from '../handlers/attach.ts';
import { milliseconds } from '../host/node/clock.ts';
import { readLaunchFiles } from '../host/node/launchFiles.ts';
import { KeptInterpreter } from '../host/node/keptInterpreter.ts';
import { quickDrafts } from '../host/node/quickDrafts.ts';
import { takeSpareMemory } from '../host/node/spareMemory.ts';
import type { Command } from './command.ts';
import { Consoles, paceOf, parseDestination } from './console.ts';
import { Dump, dumpKinds, parseDump } from './dump.ts';
import { drive, type Outcome } from './drive.ts';
import { launchConfig, launchOptions } from './launchOptions.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';
import type { NewProfiler } from './profile/profiler.ts';
import { resultObject, summaryText } from './report.ts';
import { writeSignature } from './signature.ts';
import { jsonKinds, parseTrace, Tracer } from './trace.ts';

const spec: CommandSpec = {
  name: 'run',
  operands: 'IMAGE',
  summary: 'Runs an image to its end; its consoles on standard output, what is typed to them.',
  options: [
    ...launchOptions,
    { name: 'max-instructions', value: 'N', help: 'end after so many instructions, with code 124' },
    { name: 'timeout', value: 'SECONDS', help: 'end after so much host time, with code 124' },
    { name: 'trace', value: 'LIST', help: 'of exits,calls,traps,mmio,csr,instr' },
    { name: 'trace-format', value: 'text|json', help: 'json: exits and calls as JSON lines' },
    { name: 'trace-file', value: 'FILE', help: 'where the trace goes instead of standard error' },
    { name: 'json', help: 'at the end, one line with the result as JSON' },
    { name: 'summary', help: 'at the end, exits by kind and the stage-2 mappings' },
    { name: 'profile', value: 'FILE', help: 'time by guest function, as .cpuprofile for VS Code' },
    { name: 'dump', value: 'LIST', help: `of ${dumpKinds.join(',')}: what hot code was made into` },
    { name: 'dump-dir', value: 'DIR', help: 'where the dump goes, trapline-dump by default' },
    { name: 'signature', value: 'FILE', help: 'write memory from begin_ to end_signature' },
    { name: 'signature-granularity', value: '4|8', help: 'bytes per line of it, 4 by default' },
  ],
  notes: `Exit codes: what the guest ends with (0 for a clean shutdown); 124 at a limit; 125 when the
guest cannot go on; 2 for wrong usage or an image that cannot be used. At a terminal, Ctrl-A x
quits and Ctrl-A Ctrl-A types a Ctrl-A.`,
};

/** `--profile` reads debug information; what does without it may go without its reader. */
export function runCommand(newProfiler: NewProfiler | undefined): Command {
  return { spec, run: (options) => run(options, newProfiler) };
}

async function run(options: ParsedOptions, newProfiler: NewProfiler | undefined): Promise<number> {
  const config = launchConfig(options);
  const destinations = options.texts('console').map(parseDestination);
  const granularity = signatureGranularity(options);
  const timeout = options.seconds('timeout');
  const trace = options.text('trace');
  if (trace === undefined && options.text('trace-file') !== undefined) {
    throw new UsageError('--trace-file without --trace: say what to trace');
  }
  const tracer = trace && newTracer(options, trace);

  const files = readLaunchFiles(config, process.cwd());
  const withHandlers = await handlersOf(config);
  const dump = dumpOf(options, config);
  const profile = options.text('profile');
  if (profile !== undefined && tracer) throw new UsageError('--profile of a traced run', 'profile');
  const profiler =
    profile === undefined
      ? undefined
      : defined(newProfiler, 'the profiler')(profile, config, files);
  const observe = (module: ObservedModule): void => {
    dump?.add(machine, module);
    profiler?.observe(module);
  };
  // Who looks at what is made of the guest's code wants what is made of it in the end.
  const translation = dump || profiler ? { observe } : { drafts: quickDrafts };
  const interpreter = new KeptInterpreter();
  const machine: Machine = createMachine(
    config,
    files,
    { now: milliseconds, ...translation },
    { spareMemory: takeSpareMemory(), compile: interpreter.compile },
  );
  machine.log.on(say);
  withHandlers(machine);
  const consoles = new Consoles(machine.consoles);
  let outcome: Outcome;
  try {
    await consoles.open(destinations.length > 0 ? destinations : [{ kind: 'terminal' }]);
    outcome = await drive(machine, consoles, {
      maxInstructions: options.count('max-instructions'),
      timeout,
      pace: paceOf(config),
      onlooker: tracer || profiler,
      say,
    });
  } finally {
    await consoles.close();
    machine.calls?.close();
    if (tracer) tracer.close();
    dump?.close();
    if (profiler) say(`profile written to ${profiler.close().join(' and ')}`);
  }
  explainEnd(outcome.end);
  const signature = options.text('signature');
  if (signature !== undefined) {
    writeSignature(signature, granularity, machine, files.get(config.program), config.program);
  }
  report(options, machine, outcome, interpreter.isUsed);
  return outcome.end.code;
}

function dumpOf(options: ParsedOptions, { engine }: LaunchConfig): Dump | undefined {
  const kinds = options.text('dump');
  if (kinds === undefined) return undefined;
  if (engine === 'interpreter') {
    throw new UsageError(
      '--dump is of what the translator makes: --engine jit or lockstep',
      'dump',
    );
  }
  return new Dump(parseDump(kinds), options.text('dump-dir') ?? 'trapline-dump');
}

function newTracer(options: ParsedOptions, trace: string): Tracer {
  const format = options.text('trace-format') ?? 'text';
  if (format !== 'text' && format !== 'json') {
    throw new UsageError(`--trace-format wants text or json, not '${format}'`);
  }
  const kinds = parseTrace(trace);
  const without = [...kinds].find((kind) => format === 'json' && !jsonKinds.includes(kind));
  if (without !== undefined) {
    throw new UsageError(`--trace ${without} has no form in JSON; ${jsonKinds.join(', ')} have`);
  }
  return new Tracer(kinds, options.text('trace-file'), format);
}

function signatureGranularity(options: ParsedOptions): 4 | 8 {
  const text = options.text('signature-granularity') ?? '4';
  if (text === '4' || text === '8') return text === '4' ? 4 : 8;
  throw new UsageError(`--signature-granularity wants 4 or 8, not '${text}'`);
}

function report(
  options: ParsedOptions,
  machine: Machine,
  outcome: Outcome,
  keptIsUsed: boolean,
): void {
  if (options.has('summary')) process.stdout.write(`\n${summaryText(machine)}`);
  if (options.has('json')) {
    const result = resultObject(machine, outcome, keptIsUsed);
    process.stdout.write(`\n${JSON.stringify(result)}\n`);
  }
}

/** A clean shutdown speaks for itself; every other end is explained. */
function explainEnd(end: EndEvent): void {
  if (end.code !== 0) say(`${end.reason}: ${end.text} (exit code ${end.code})`);
}

function say(line: string): void {
  process.stderr.write(`trapline: ${line}\n`);
}
