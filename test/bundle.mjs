// Turns test files in TypeScript into modules that mocha loads: what unit.mjs and the VS Code
// suites share.
import * as esbuild from 'esbuild';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { common, root } from '../src/build/bundle.mjs';

/** All `*.test.ts` under a folder of test/, as paths from the root with forward slashes. */
export function testFiles(folder = 'test') {
  return readdirSync(path.join(root, folder), { recursive: true })
    .map((file) => path.join(folder, file).replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

/**
 * Bundles `files` into a folder of this process's own, so that two runs at once do not disturb
 * each other, and gives the bundles' paths and a function that takes the folder away.
 */
export async function bundleTests(files, settings = {}) {
  const outdir = path.join(root, 'out', `test-${process.pid}-${Date.now()}`);
  const extension = settings.format === 'cjs' ? '.cjs' : '.mjs';
  mkdirSync(outdir, { recursive: true });
  await esbuild.build({
    ...common,
    entryPoints: files,
    outdir,
    outbase: root,
    outExtension: { '.js': extension },
    format: 'esm',
    splitting: settings.format !== 'cjs',
    platform: 'node',
    packages: 'external',
    sourcemap: 'inline',
    ...settings,
  });
  return {
    outdir,
    outputs: files.map((file) => path.join(outdir, file.replace(/\.ts$/, extension))),
    remove: () => rmSync(outdir, { recursive: true, force: true }),
  };
}

/** Runs mocha over bundles with our reporter; its exit status. */
export function runMocha(bundles, mochaArgs, env = {}) {
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
  const reporter = mochaArgs.includes('--reporter')
    ? []
    : ['--reporter', path.join(root, 'test/reporter.mjs')];
  const run = spawnSync(
    process.execPath,
    ['--enable-source-maps', mocha, ...reporter, ...mochaArgs, ...bundles],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } },
  );
  return run.status ?? 1;
}
