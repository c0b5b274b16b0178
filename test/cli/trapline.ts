/** Runs the built command line as a user does, and makes small guests for it. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testEngine } from '../engine.ts';

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Bytes on standard input, as a file; without them it is closed. */
  readonly input?: string;
  readonly node?: string;
  readonly cwd?: string;
}

const cli = path.resolve('dist/cli.cjs');

/** A folder that is gone after the suite. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function trapline(args: readonly string[], options: RunOptions = {}): Result {
  const { input, node = process.execPath, cwd = process.cwd() } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-input-'));
  const file = path.join(folder, 'input');
  writeFileSync(file, input ?? '');
  const descriptor = openSync(file, 'r');
  const [command = '', ...rest] = args;
  const named = command !== 'run' || rest.includes('--engine') || testEngine === 'auto';
  const words = named ? args : [command, '--engine', testEngine, ...rest];
  try {
    const run: SpawnSyncReturns<string> = spawnSync(node, [cli, ...words], {
      cwd,
      encoding: 'utf8',
      timeout: 60_000,
      stdio: [input === undefined ? 'ignore' : descriptor, 'pipe', 'pipe'],
    });
    return { code: run.status, stdout: run.stdout, stderr: run.stderr };
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Assembles a guest with GNU as, which is no part of Trapline; its path. */
export function assemble(
  folder: string,
  name: string,
  source: string,
  address: number,
  bits: 32 | 64 = 64,
): string {
  const output = path.join(folder, `${name}.elf`);
  const input = path.join(folder, `${name}.S`);
  writeFileSync(input, `.globl _start\n_start:\n${source}\n`);
  const run = spawnSync(
    'riscv64-unknown-elf-gcc',
    [
      '-g',
      '-nostdlib',
      '-static',
      // Without it the headers are loaded too, on a page below the code.
      '-Wl,-N',
      `-march=rv${bits}gc`,
      bits === 32 ? '-mabi=ilp32d' : '-mabi=lp64d',
      `-Wl,-Ttext=0x${address.toString(16)}`,
      '-o',
      output,
      input,
    ],
    { encoding: 'utf8' },
  );
  if (run.status !== 0) throw new Error(`${name} does not assemble:\n${run.stderr}`);
  return output;
}
