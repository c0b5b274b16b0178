// Speed of our engines and of QEMU on the same programs. Runs of all sides alternate, so that a slow
// spell of the machine meets all of them; medians are shown. The checksums must agree.
import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { coldKernel } from './coldCode.mjs';
import { kernelIn, kernelNames } from './kernels.mjs';
import { BenchError, geometricMean, median, root, timed, versionOf } from './process.mjs';

const cli = path.join(root, 'dist/cli.cjs');
const history = path.join(root, '.cache/bench-history.jsonl');
const qemu = 'qemu-system-riscv64';

/**
 * Whole processes: `ratio` is QEMU's processor time by ours. `net` is the same less what a guest
 * costs that does nothing.
 */
export function compare({ worlds, filters, ...options }) {
  const { runs } = options;
  const names = kernelNames(filters);
  if (names.length === 0) throw new BenchError(`no kernel matches ${filters.join(' ')}`);
  const { sides, reference } = begin(options);
  const results = worlds.flatMap((world) => {
    const idle = measure('empty', kernelIn(world, 'empty'), sides, runs);
    return names.flatMap((name) => {
      const measured = measure(name, kernelIn(world, name), sides, runs);
      return shown(resultsOf(world, name, measured, idle));
    });
  });
  summarise(results, sides);
  remember(results, reference, runs);
}

/** Code that is hardly repeated: 4,000 functions, each called 20, 200 and 2,000 times. */
export function compareColdCode(options) {
  const { sides, reference } = begin(options);
  const idle = measure('empty', kernelIn('bare', 'empty'), sides, options.runs);
  const results = [20, 200, 2000].flatMap((calls) => {
    const name = `cold${calls}`;
    return shown(
      resultsOf('bare', name, measure(name, coldKernel(calls), sides, options.runs), idle),
    );
  });
  remember(results, reference, options.runs);
}

function begin({ runs, engines, nodes, qemu: wanted }) {
  if (!existsSync(cli)) throw new BenchError('dist/cli.cjs is missing: npm run build');
  const reference = wanted ? versionOf(qemu) : undefined;
  const sides = [
    ...(reference ? [{ name: 'qemu', run: runQemu }] : []),
    ...nodes.flatMap((node) => engines.map((engine) => ourSide(node, engine))),
  ];
  console.log(`${reference ?? `${qemu}: not compared`}; medians of ${runs} runs`);
  console.log(row('kernel', 'side', 'M instr.', 'wall s', 'CPU s', 'MIPS', 'ratio', 'net'));
  return { sides, reference };
}

function shown(lines) {
  for (const line of lines) print(line);
  return lines;
}

function ourSide(node, engine) {
  const version = versionOf(node);
  if (!version) throw new BenchError(`--nodes: '${node}' is no Node`);
  const run = (name, file) => {
    const command = [node, cli, 'run', '--mode', 'machine', '--engine', engine, '--json', file];
    const { wall, cpu, output } = timed(name, command);
    const result = output.split('\n').find((line) => line.startsWith('{'));
    if (!result) throw new BenchError(`${name}: no JSON object in\n${output}`);
    const { instructions } = JSON.parse(result);
    return { wall, cpu, instructions, checksum: checksumIn(name, output) };
  };
  return { name: `${engine}/${version.replace(/^v(\d+).*/, '$1')}`, run };
}

function runQemu(name, file) {
  const machine = ['-M', 'virt', '-cpu', 'rv64,h=true', '-m', '256M', '-nographic'];
  const { wall, cpu, output } = timed(name, [qemu, ...machine, '-bios', file]);
  return { wall, cpu, checksum: checksumIn(name, output) };
}

/** Medians by the side's name. */
function measure(name, file, sides, runs) {
  const samples = new Map(sides.map((side) => [side.name, []]));
  let first;
  for (let i = 0; i < runs; i++) {
    for (const side of sides) {
      const sample = side.run(name, file);
      first ??= sample;
      if (sample.checksum !== first.checksum) {
        const [a, b] = [sample.checksum, first.checksum];
        throw new BenchError(`${name}: ${side.name} prints '${a}', not '${b}'`);
      }
      samples.get(side.name).push(sample);
    }
  }
  return new Map(
    [...samples].map(([side, list]) => {
      const of = (key) => median(list.map((sample) => sample[key]));
      return [side, { wall: of('wall'), cpu: of('cpu'), instructions: sameCount(name, list) }];
    }),
  );
}

function sameCount(name, samples) {
  const counts = new Set(samples.map((sample) => sample.instructions));
  if (counts.size === 1) return samples[0].instructions;
  throw new BenchError(`${name}: the runs count ${[...counts].join(', ')} instructions`);
}

function resultsOf(world, name, measured, idle) {
  const reference = measured.get('qemu');
  const instructions = [...measured.values()].find((m) => m.instructions)?.instructions;
  const net = (side) => Math.max(measured.get(side).cpu - idle.get(side).cpu, 0.001);
  return [...measured].map(([side, { wall, cpu }]) => ({
    world,
    name,
    side,
    instructions,
    wall,
    cpu,
    mips: instructions / cpu / 1e6,
    ratio: reference && reference.cpu / cpu,
    net: reference && net('qemu') / net(side),
  }));
}

function print({ world, name, side, instructions, wall, cpu, mips, ratio, net }) {
  const count = (instructions / 1e6).toFixed(0);
  const figures = [wall, cpu].map((v) => v.toFixed(2));
  console.log(
    row(`${name} ${world}`, side, count, ...figures, mips.toFixed(0), two(ratio), two(net)),
  );
}

function summarise(results, sides) {
  for (const { name: side } of sides) {
    const own = results.filter((r) => r.side === side);
    const mean = (key) => geometricMean(own.map((r) => r[key]).filter((v) => v !== undefined));
    const least = own.reduce((a, b) => ((a.ratio ?? 0) <= (b.ratio ?? 0) ? a : b));
    const rest = side === 'qemu' ? [] : [two(mean('ratio')), two(mean('net'))];
    console.log(row('geometric mean', side, '', '', '', mean('mips').toFixed(0), ...rest));
    if (side !== 'qemu' && least.ratio !== undefined) {
      console.log(`  least: ${least.name} ${least.world}, ${two(least.ratio)}`);
    }
  }
}

function remember(results, reference, runs) {
  mkdirSync(path.dirname(history), { recursive: true });
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  const entry = {
    date: new Date().toISOString(),
    commit: commit.stdout.trim(),
    processor: os.cpus()[0]?.model,
    qemu: reference,
    runs,
    results,
  };
  appendFileSync(history, `${JSON.stringify(entry)}\n`);
}

function checksumIn(name, output) {
  const found = /^checksum [0-9a-f]{16}$/m.exec(output.replaceAll('\r', ''));
  if (!found) throw new BenchError(`${name}: no checksum in\n${output}`);
  return found[0];
}

function two(value) {
  return value === undefined ? '-' : value.toFixed(2);
}

function row(name, side, ...numbers) {
  return name.padEnd(18) + side.padEnd(16) + numbers.map((n) => n.padStart(9)).join('');
}
