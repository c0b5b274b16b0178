// Bundles the tests named on the command line (default: all of test/**/*.test.ts but those that
// run inside VS Code) and runs them with mocha.
//   node test/unit.mjs [path or part of one]... [--grep NAME] [--reporter NAME]
import * as esbuild from 'esbuild';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { common, generateEngine, root } from '../src/build/bundle.mjs';

const filters = [];
const mochaArgs = [];
for (let i = 2; i < process.argv.length; i++) {
  const arg = process.argv[i];
  if (arg.startsWith('--')) mochaArgs.push(arg, process.argv[++i]);
  else filters.push(arg);
}

const tests = readdirSync(path.join(root, 'test'), { recursive: true })
  .map((f) => path.join('test', f))
  .filter((f) => f.endsWith('.test.ts') && !f.startsWith(path.join('test', 'vscode')))
  .filter((f) => filters.length === 0 || filters.some((part) => f.includes(part)))
  .sort();
if (tests.length === 0) {
  console.error(`no test file matches ${filters.join(' ')}`);
  process.exit(1);
}

await generateEngine();
// A folder of its own for each run, so that two runs at once do not disturb each other.
const outdir = path.join(root, 'out', `unit-${process.pid}`);
mkdirSync(outdir, { recursive: true });
await esbuild.build({
  ...common,
  entryPoints: tests,
  outdir,
  outbase: root,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  splitting: true,
  platform: 'node',
  packages: 'external',
  sourcemap: 'inline',
});
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
const files = tests.map((f) => path.join(outdir, f.replace(/\.ts$/, '.mjs')));
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', mocha, '--timeout', '60000', ...mochaArgs, ...files],
  { cwd: root, stdio: 'inherit' },
);
rmSync(outdir, { recursive: true, force: true });
process.exit(run.status ?? 1);
