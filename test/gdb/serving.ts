/** A machine behind the stub, in this process, and debuggers of others' making that attach to it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LocalTarget } from '../../src/core/debug/localTarget.ts';
import { loadProgramSymbols } from '../../src/core/debug/symbols/programSymbols.ts';
import { parseLaunchConfig } from '../../src/core/machine/parseLaunchConfig.ts';
import { isaNamed } from '../../src/core/registry.ts';
import { GdbServer } from '../../src/gdb/server.ts';
import type { MonitorCommand } from '../../src/gdb/stub.ts';
import { readLaunchFiles } from '../../src/host/node/launchFiles.ts';
import { nodeRunHost } from '../../src/worker/nodePort.ts';
import { machineOnTestEngine } from '../engine.ts';

export interface Serving extends Launched {
  readonly port: number;
  readonly killed: () => boolean;
  close(): Promise<void>;
}

export interface Launched {
  readonly target: LocalTarget;
  /** What the guest has written to its consoles. */
  output(): string;
}

export async function targetOf(attributes: Readonly<Record<string, unknown>>): Promise<Launched> {
  const config = parseLaunchConfig(attributes);
  const files = readLaunchFiles(config, process.cwd());
  const create = () => machineOnTestEngine(config, files);
  const target = new LocalTarget(create, nodeRunHost, { pace: 'never' });
  let text = '';
  target.onConsole(({ bytes }) => (text += Buffer.from(bytes).toString('latin1')));
  return { target, output: () => text };
}

export async function serve(
  attributes: Readonly<Record<string, unknown>>,
  monitor: readonly MonitorCommand[] = [],
): Promise<Serving> {
  const { target, output } = await targetOf(attributes);
  let killed = false;
  const isa = isaNamed((await target.info()).isa);
  const server = await GdbServer.listen({
    target,
    isa,
    port: 0,
    monitor,
    async kill() {
      killed = true;
    },
    log: (line) => {
      throw new Error(line);
    },
  });
  return {
    target,
    port: server.port,
    output,
    killed: () => killed,
    async close() {
      await server.close();
      await target.dispose();
    },
  };
}

export const sample = (name: string) => path.resolve(`media/samples/${name}/${name}.elf`);

/** Addresses of a sample's symbols. */
export function symbolsOf(name: string): (symbol: string) => bigint {
  const symbols = loadProgramSymbols([{ name, bytes: readFileSync(sample(name)) }]);
  return (symbol) => {
    const found = symbols.symbolNamed(symbol);
    if (!found) throw new Error(`${name} has no symbol ${symbol}`);
    return found.address;
  };
}

/** Runs a program to its end and gives what it wrote, errors too. */
export function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
    child.on('error', (error) =>
      reject(
        new Error(`${command} is missing (node test/tools/debian.mjs tools): ${error.message}`),
      ),
    );
    child.on('close', () => resolve(text));
  });
}

export function gdb(elf: string, commands: readonly string[]): Promise<string> {
  const each = commands.flatMap((command) => ['-ex', command]);
  // Where it finds no source, it says so on standard error, in the middle of what it prints.
  const options = ['-nx', '-q', '-batch', '-d', path.dirname(elf), '-ex', 'set width 0'];
  return output('gdb-multiarch', [...options, ...each, elf]);
}

export function lldb(elf: string, commands: readonly string[]): Promise<string> {
  const each = commands.flatMap((command) => ['-o', command]);
  return output('lldb-19', ['--no-lldbinit', '--batch', ...each, elf]);
}
