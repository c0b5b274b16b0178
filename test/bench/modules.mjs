// What V8 asks for a function of WebAssembly, beside what QEMU needs for all of its life in the
// kernel `rewrite`: to translate it and to run it 2,000 times. Who makes a module for each such
// function cannot be faster than the first of these figures.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { qemuCommand } from './cpu.mjs';
import { bundled } from './inProcess.mjs';
import { kernelIn } from './kernels.mjs';
import { median, root, timed } from './process.mjs';

const functions = 12_800;
const batches = [1, 8, 64];
const compilers = { 'as usual': [], 'optimized at once': ['--no-liftoff'] };

export async function measureModules({ runs, nodes, qemu }) {
  const folder = path.join(root, 'out/bench-modules');
  mkdirSync(folder, { recursive: true });
  const bundle = await bundled('modules/modules.ts', folder);
  console.log(`medians of ${runs}, microseconds of processor time a function`);
  console.log(
    `${'functions in a module'.padEnd(34)}${batches.map((n) => `${n}`.padStart(9)).join('')}`,
  );
  for (const node of nodes) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    for (const [name, flags] of Object.entries(compilers)) {
      const figures = batches.map((batch) =>
        ofRuns(runs, () => {
          const args = [...flags, bundle, `${functions}`, `${batch}`];
          return JSON.parse(execFileSync(node, args, { encoding: 'utf8' })).microseconds;
        }),
      );
      console.log(`Node ${version}, ${name}`.padEnd(34) + figures.join(''));
    }
  }
  if (!qemu) return;
  const made = Number(/REPS (\d+)/.exec(kernelSource())[1]);
  const life = (name) => timed(name, qemuCommand(kernelIn('bare', name))).cpu;
  const all = ofRuns(runs, () => ((life('rewrite') - life('empty')) * 1e6) / made);
  console.log('QEMU, a function of rewrite'.padEnd(34) + all);
}

const kernelSource = () => readFileSync(path.join(root, 'test/bench/kernels/rewrite.c'), 'utf8');

function ofRuns(runs, measure) {
  return median(Array.from({ length: runs }, measure))
    .toFixed(1)
    .padStart(9);
}
