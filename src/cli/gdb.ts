/**
 * `trapline gdb`: a guest that waits at its first instruction for gdb, lldb or another program that
 * speaks gdb's remote protocol. Its consoles are on standard output, as with `trapline run`.
 */
import { SessionConsoles } from '../adapter/sessionConsoles.ts';
import { LocalTarget } from '../core/debug/localTarget.ts';
import type { EndEvent } from '../core/debug/target.ts';
import { createMachine, isaNamed } from '../core/registry.ts';
import { GdbServer } from '../gdb/server.ts';
import { handlersOf } from '../handlers/attach.ts';
import { readLaunchFiles } from '../host/node/launchFiles.ts';
import { KeptInterpreter } from '../host/node/keptInterpreter.ts';
import { quickDrafts } from '../host/node/quickDrafts.ts';
import { nodeRunHost } from '../worker/nodePort.ts';
import { exitCodes, type Command } from './command.ts';
import { paceOf, parseDestination } from './console.ts';
import { launchConfig, launchOptions } from './launchOptions.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';

/** As QEMU's `-s`. */
const usualPort = 1234;

const spec: CommandSpec = {
  name: 'gdb',
  operands: 'IMAGE',
  summary: 'Waits at the first instruction of an image for gdb or lldb to attach.',
  options: [
    { name: 'port', value: 'N', help: `TCP port of the loopback, ${usualPort} by default; 0: any` },
    ...launchOptions,
  ],
  notes: `In gdb:  target remote :${usualPort}        In lldb:  gdb-remote ${usualPort}
A debugger that detaches lets the guest go on, and another one may attach. The program ends when the
guest has ended and no debugger is attached, with the guest's exit code, or when a debugger kills it.`,
};

export const gdbCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const config = launchConfig(options);
  const port = parsePort(options.text('port'));
  const destinations = options.texts('console').map(parseDestination);
  const files = readLaunchFiles(config, process.cwd());
  const withHandlers = await handlersOf(config);
  const interpreter = new KeptInterpreter();
  const create = (again?: boolean) =>
    withHandlers(
      createMachine(config, files, { drafts: quickDrafts }, { compile: interpreter.compile }),
      again,
    );
  const target = new LocalTarget(create, nodeRunHost, {
    pace: paceOf(config),
    consoleWindow: 1 << 18,
  });
  const info = await target.info();
  const consoles = new SessionConsoles({
    show: (_, bytes) => void process.stdout.write(bytes),
    say,
    failed: (error) => say(error instanceof Error ? error.message : String(error)),
  });
  const where = destinations.length > 0 ? destinations : [{ kind: 'terminal' } as const];
  await consoles.open({ consoles: where, cwd: process.cwd() });
  consoles.attach({ target, info });
  target.onConsole((event) => consoles.write({ target, info }, event));
  target.onLog(say);
  if (where.some(({ kind }) => kind === 'terminal')) {
    process.stdin.on('data', (bytes: Buffer) => consoles.input(bytes));
  }
  const whole = new Lifetime();
  target.onEnd((end) => whole.ended(end));
  const server = await GdbServer.listen({
    target,
    isa: isaNamed(info.isa),
    port,
    kill: async () => whole.killed(),
    restarted: () => whole.restarted(),
    log: say,
    attached: (is) => whole.attached(is),
  });
  say(`waiting for a debugger on 127.0.0.1:${server.port}`);
  const code = await whole.code;
  await server.close();
  await target.dispose();
  await consoles.close();
  process.stdin.pause();
  return code;
}

/** When the program ends, and with which exit code. */
class Lifetime {
  readonly code: Promise<number>;
  private finish: (code: number) => void = () => undefined;
  private end: EndEvent | undefined;
  private isAttached = false;

  constructor() {
    this.code = new Promise((resolve) => (this.finish = resolve));
  }

  ended(end: EndEvent): void {
    this.end = end;
    if (end.code !== 0) say(`${end.reason}: ${end.text} (exit code ${end.code})`);
    this.check();
  }

  restarted(): void {
    this.end = undefined;
  }

  attached(is: boolean): void {
    this.isAttached = is;
    this.check();
  }

  killed(): void {
    this.finish(exitCodes.done);
  }

  private check(): void {
    if (this.end && !this.isAttached) this.finish(this.end.code);
  }
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return usualPort;
  if (/^\d+$/.test(text) && Number(text) < 65536) return Number(text);
  throw new UsageError(`--port wants a port number, not '${text}'`, 'port');
}

function say(line: string): void {
  process.stderr.write(`trapline: ${line}\n`);
}
