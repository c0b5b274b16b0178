// Processes that are timed: wall clock, and processor time of all their threads.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What the caller did wrong or what is missing: told as it is. */
export class BenchError extends Error {}

/** Ctrl-C was pressed. */
export class Interrupted extends Error {}

/**
 * What `run` returns. Ctrl-C reaches the processes that it starts and waits for, so that it may
 * fail; we hear of it only afterwards.
 */
export async function unlessInterrupted(run) {
  let pressed = false;
  const note = () => (pressed = true);
  process.once('SIGINT', note);
  try {
    return run();
  } finally {
    // A signal is handed on once the event loop turns.
    await setImmediate();
    await setImmediate();
    process.off('SIGINT', note);
    if (pressed) throw new Interrupted();
  }
}

/** Seconds of wall clock and of processor time, and what the command printed. */
export function timed(name, command) {
  // The shell's `times` gives the processor time of what it ran: user and system of children.
  const script = '"$@" </dev/null; s=$?; times; exit $s';
  const begin = performance.now();
  const result = spawnSync('sh', ['-c', script, 'sh', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  const wall = (performance.now() - begin) / 1000;
  if (result.status !== 0) {
    const what = path.basename(command[0]);
    throw new BenchError(`${name}: ${what} ended with ${result.status}\n${result.stderr}`);
  }
  const times = /(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*$/.exec(result.stdout);
  if (!times) throw new BenchError(`the shell's 'times' printed something else:\n${result.stdout}`);
  const [, userMinutes, user, systemMinutes, system] = times.map(Number);
  const cpu = 60 * (userMinutes + systemMinutes) + user + system;
  return { wall, cpu, output: result.stdout };
}

/** The first line of what `command --version` prints; undefined when there is no such command. */
export function versionOf(command) {
  const result = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.split('\n')[0] : undefined;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function geometricMean(values) {
  if (values.length === 0) return undefined;
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}
