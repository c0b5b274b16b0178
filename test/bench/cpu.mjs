// Speed of our engines and of QEMU on the same programs. Runs of all sides alternate, so that a slow
// spell of the machine meets all of them; medians are shown. The checksums must agree.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { coldKernel } from './coldCode.mjs';
import { compareWith, earlier, remember } from './history.mjs';
import { kernelIn, kernelNames } from './kernels.mjs';
import {
  BenchError,
  Interrupted,
  geometricMean,
  median,
  root,
  timed,
  unlessInterrupted,
  versionOf,
} from './process.mjs';
import { Progress, Unfinished } from './progress.mjs';

const cli = path.join(root, 'dist/cli.cjs');
const qemu = 'qemu-system-riscv64';
/** Differences below are noise. */
const leastSeconds = 0.02;

/**
 * Whole processes: `ratio` is QEMU's processor time by ours. `net` is the same less what a guest
 * costs that does nothing, `steady` that of the second half of a run.
 */
export async function compare({ worlds, filters, steady, ...options }) {
  const names = kernelNames(filters);
  if (names.length === 0) throw new BenchError(`no kernel matches ${filters.join(' ')}`);
  const { length } = options;
  const lengths = steady ? [length, Math.ceil(length / 2)] : [length];
  const jobs = worlds.flatMap((world) =>
    names.map((name) => ({
      ...{ world, name },
      files: () => lengths.map((each) => kernelIn(world, name, each)),
    })),
  );
  await run(jobs, { ...options, kind: lengths.length });
}

/** Code that is hardly repeated: 4,000 functions, each called 20, 200 and 2,000 times. */
export async function compareColdCode(options) {
  const jobs = [20, 200, 2000].map((calls) => ({
    ...{ world: 'bare', name: `cold${calls}` },
    files: () => [coldKernel(calls)],
  }));
  await run(jobs, options);
}

/** Prints each kernel's results when they are there; what there is until Ctrl-C is summed up, too. */
async function run(jobs, { runs, name, against, length, kind, resume, ...options }) {
  const before = earlier(against, length);
  const { sides, reference } = begin({ runs, ...options });
  const setting = { runs, length, kind, qemu: reference, sides: sides.map((side) => side.name) };
  const unfinished = new Unfinished(setting, resume);
  const progress = new Progress(jobs);
  const idle = new Map();
  const results = [];
  try {
    for (const { world, name: kernel, files } of jobs) {
      let lines = unfinished.of(world, kernel);
      if (!lines) {
        if (!idle.has(world)) {
          idle.set(world, (await measure('empty', [kernelIn(world, 'empty')], sides, runs))[0]);
        }
        progress.begin(world, kernel);
        const measured = await measure(kernel, files(), sides, runs);
        lines = resultsOf(world, kernel, measured, idle.get(world));
        unfinished.add(lines);
      }
      progress.end();
      results.push(...lines);
      for (const line of lines) print(line);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    progress.clear();
    console.log(`\ninterrupted after ${progress.done} of ${jobs.length}; --resume goes on`);
  }
  if (results.length === 0) return;
  summarise(results, sides);
  if (before) compareWith(before, results);
  if (progress.done < jobs.length) return;
  unfinished.remove();
  remember({ name, length, qemu: reference, runs, results });
}

function begin({ runs, engines, nodes, qemu: wanted }) {
  if (!existsSync(cli)) throw new BenchError('dist/cli.cjs is missing: npm run build');
  const reference = wanted ? versionOf(qemu) : undefined;
  const sides = [
    ...(reference ? [{ name: 'qemu', run: runQemu }] : []),
    ...nodes.flatMap((node) => engines.map((engine) => ourSide(node, engine))),
  ];
  console.log(`${reference ?? `${qemu}: not compared`}; medians of ${runs} runs`);
  console.log(
    row('kernel', 'side', 'M instr.', 'wall s', 'CPU s', 'MIPS', 'ratio', 'net', 'steady'),
  );
  return { sides, reference };
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

/** Runs a kernel's file to its end. */
export function qemuCommand(file) {
  const machine = ['-M', 'virt', '-cpu', 'rv64,h=true', '-m', '256M', '-nographic'];
  return [qemu, ...machine, '-bios', file];
}

function runQemu(name, file) {
  const { wall, cpu, output } = timed(name, qemuCommand(file));
  return { wall, cpu, checksum: checksumIn(name, output) };
}

/** For each of the files, medians by the side's name. */
async function measure(name, files, sides, runs) {
  const samples = files.map(() => new Map(sides.map((side) => [side.name, []])));
  for (let i = 0; i < runs; i++) {
    for (const [which, file] of files.entries()) {
      for (const side of sides) {
        samples[which].get(side.name).push(await unlessInterrupted(() => side.run(name, file)));
      }
    }
  }
  return samples.map((bySide) => {
    sameChecksum(name, bySide);
    return new Map(
      [...bySide].map(([side, list]) => {
        const of = (key) => median(list.map((sample) => sample[key]));
        return [side, { wall: of('wall'), cpu: of('cpu'), instructions: sameCount(name, list) }];
      }),
    );
  });
}

function sameChecksum(name, bySide) {
  const [[, [first]]] = bySide;
  for (const [side, list] of bySide) {
    for (const { checksum } of list) {
      if (checksum === first.checksum) continue;
      throw new BenchError(`${name}: ${side} prints '${checksum}', not '${first.checksum}'`);
    }
  }
}

function sameCount(name, samples) {
  const counts = new Set(samples.map((sample) => sample.instructions));
  if (counts.size === 1) return samples[0].instructions;
  throw new BenchError(`${name}: the runs count ${[...counts].join(', ')} instructions`);
}

/** `measured` is of the whole run and, if the steady state is asked for, of half of it. */
function resultsOf(world, name, [measured, half], idle) {
  const reference = measured.get('qemu');
  const instructions = [...measured.values()].find((m) => m.instructions)?.instructions;
  const beyond = (less, side) => measured.get(side).cpu - less.get(side).cpu;
  const by = (less, side) => {
    if (!reference || !less) return undefined;
    const [theirs, ours] = [beyond(less, 'qemu'), beyond(less, side)];
    return Math.min(theirs, ours) < leastSeconds ? undefined : theirs / ours;
  };
  return [...measured].map(([side, { wall, cpu }]) => ({
    world,
    name,
    side,
    instructions,
    wall,
    cpu,
    mips: instructions / cpu / 1e6,
    ratio: reference && reference.cpu / cpu,
    wallRatio: reference && reference.wall / wall,
    net: by(idle, side),
    steady: by(half, side),
  }));
}

function print({ world, name, side, instructions, wall, cpu, mips, ...ratios }) {
  const count = (instructions / 1e6).toFixed(0);
  const figures = [wall, cpu].map((v) => v.toFixed(2));
  const { ratio, net, steady } = ratios;
  const rest = [ratio, net, steady].map(two);
  console.log(row(`${name} ${world}`, side, count, ...figures, mips.toFixed(0), ...rest));
}

function summarise(results, sides) {
  for (const { name: side } of sides) {
    const own = results.filter((r) => r.side === side);
    const mean = (key) => geometricMean(own.map((r) => r[key]).filter((v) => v !== undefined));
    const least = own.reduce((a, b) => ((a.ratio ?? 0) <= (b.ratio ?? 0) ? a : b));
    const rest = side === 'qemu' ? [] : ['ratio', 'net', 'steady'].map((key) => two(mean(key)));
    console.log(row('geometric mean', side, '', '', '', mean('mips').toFixed(0), ...rest));
    const worlds = [...new Set(own.map(({ world }) => world))];
    if (side !== 'qemu' && worlds.length > 1) {
      const means = worlds.map((world) => {
        const ratios = own.filter((r) => r.world === world && r.ratio !== undefined);
        const [cpu, wall] = ['ratio', 'wallRatio'].map((key) =>
          two(geometricMean(ratios.map((r) => r[key]))),
        );
        return `${world} ${cpu} (by wall clock ${wall})`;
      });
      console.log(`  by world: ${means.join(', ')}`);
    }
    const walls = own.map((r) => r.wallRatio).filter((v) => v !== undefined);
    if (walls.length > 0 && side !== 'qemu') {
      console.log(`  by wall clock: ${two(geometricMean(walls))}`);
    }
    if (side !== 'qemu' && least.ratio !== undefined) {
      console.log(`  least: ${least.name} ${least.world}, ${two(least.ratio)}`);
    }
  }
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
