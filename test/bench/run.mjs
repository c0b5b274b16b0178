// Speed of our engine and of QEMU on the same bare-machine programs.
//   npm run bench [-- [--runs N] [filter]...]
// For each kernel: instructions counted by our engine, and for both the processor time (user and
// system, all threads) of the whole process less that of a guest that does nothing. Runs of both
// alternate, so that a slow spell of the machine meets both; medians are shown. The checksums must
// agree.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const kernels = path.join(root, 'test/bench/kernels');
const history = path.join(root, '.cache/bench-history.jsonl');
const qemu = 'qemu-system-riscv64';

const { runs, filters } = parseArguments(process.argv.slice(2));
const cli = path.join(root, 'dist/cli.cjs');
if (!existsSync(cli)) fail('dist/cli.cjs is missing: npm run build');

const names = readdirSync(kernels)
  .filter((f) => f.endsWith('.elf') && f !== 'empty.elf')
  .map((f) => f.slice(0, -4))
  .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part)));
if (names.length === 0) fail(`no kernel matches ${filters.join(' ')}`);

const qemuVersion = versionOfQemu();
console.log(`ours: ${path.relative(root, cli)}, node ${process.versions.node}`);
console.log(qemuVersion ?? `${qemu} is not installed: no comparison`);
const startUp = {
  ours: median(repeat(runs, () => runOurs('empty').seconds)),
  qemu: qemuVersion ? median(repeat(runs, () => runQemu('empty').seconds)) : 0,
};
console.log(
  `medians of ${runs} runs; start-up taken off: ours ${startUp.ours.toFixed(2)} s, ` +
    `QEMU ${startUp.qemu.toFixed(2)} s\n`,
);
console.log(row('kernel', 'instructions', 'ours MIPS', 'QEMU MIPS', 'ratio'));

const results = names.map(measure);
for (const name of ['ours', 'qemu', 'ratio']) {
  results[name] = geometricMean(results.map((r) => r[name]).filter((v) => v !== undefined));
}
console.log(row('geometric mean', '', mips(results.ours), mips(results.qemu), two(results.ratio)));
remember();

function measure(name) {
  const ours = [];
  const theirs = [];
  let instructions;
  for (let i = 0; i < runs; i++) {
    const our = runOurs(name);
    instructions ??= our.instructions;
    if (our.instructions !== instructions) {
      fail(`${name}: ${our.instructions} instructions, ${instructions} the run before`);
    }
    ours.push(Math.max(our.seconds - startUp.ours, 0.001));
    if (!qemuVersion) continue;
    const their = runQemu(name);
    if (their.checksum !== our.checksum) {
      fail(`${name}: we print '${our.checksum}', QEMU prints '${their.checksum}'`);
    }
    theirs.push(Math.max(their.seconds - startUp.qemu, 0.001));
  }
  const our = instructions / median(ours) / 1e6;
  const their = qemuVersion ? instructions / median(theirs) / 1e6 : undefined;
  const ratio = their && our / their;
  console.log(row(name, instructions.toLocaleString('en'), mips(our), mips(their), two(ratio)));
  return { name, instructions, ours: our, qemu: their, ratio };
}

function runOurs(name) {
  const args = ['run', '--mode', 'machine', '--json', kernelFile(name)];
  const { seconds, output } = timed(name, [process.execPath, cli, ...args]);
  const result = output.split('\n').find((line) => line.startsWith('{'));
  if (!result) fail(`${name}: no JSON object in\n${output}`);
  return {
    instructions: JSON.parse(result).instructions,
    seconds,
    checksum: checksumIn(name, output),
  };
}

function runQemu(name) {
  const machine = ['-M', 'virt', '-cpu', 'rv64,h=true', '-m', '256M', '-nographic'];
  const { seconds, output } = timed(name, [qemu, ...machine, '-bios', kernelFile(name)]);
  return { seconds, checksum: checksumIn(name, output) };
}

/** The shell's `times` gives the processor time of what it ran: user and system of children. */
function timed(name, command) {
  const script = '"$@" </dev/null; s=$?; times; exit $s';
  const result = spawnSync('sh', ['-c', script, 'sh', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  if (result.status !== 0) {
    fail(`${name}: ${path.basename(command[0])} ended with ${result.status}\n${result.stderr}`);
  }
  const times = /(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*$/.exec(result.stdout);
  if (!times) fail(`the shell's 'times' printed something else:\n${result.stdout}`);
  const [, userMinutes, user, systemMinutes, system] = times.map(Number);
  return { seconds: 60 * (userMinutes + systemMinutes) + user + system, output: result.stdout };
}

function kernelFile(name) {
  return path.join(kernels, `${name}.elf`);
}

function checksumIn(name, output) {
  const found = /^checksum [0-9a-f]{16}$/m.exec(output.replaceAll('\r', ''));
  if (!found) fail(`${name}: no checksum in\n${output}`);
  return found[0];
}

function versionOfQemu() {
  const result = spawnSync(qemu, ['--version'], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.split('\n')[0] : undefined;
}

function remember() {
  mkdirSync(path.dirname(history), { recursive: true });
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  const entry = {
    date: new Date().toISOString(),
    commit: commit.stdout.trim(),
    processor: os.cpus()[0]?.model,
    node: process.versions.node,
    qemu: qemuVersion,
    runs,
    results: [...results],
  };
  appendFileSync(history, `${JSON.stringify(entry)}\n`);
}

function parseArguments(args) {
  const filters = [];
  let runs = 3;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--runs') runs = Number(args[++i]);
    else filters.push(args[i]);
  }
  if (!Number.isInteger(runs) || runs < 1) fail('--runs wants a number of at least 1');
  return { runs, filters };
}

function repeat(count, action) {
  return Array.from({ length: count }, action);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function geometricMean(values) {
  if (values.length === 0) return undefined;
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);
}

function mips(value) {
  return value === undefined ? '-' : value.toFixed(value < 100 ? 1 : 0);
}

function two(value) {
  return value === undefined ? '-' : value.toFixed(2);
}

function row(name, ...numbers) {
  return name.padEnd(16) + numbers.map((n) => n.padStart(15)).join('');
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(1);
}
