// Measurements within one process: guests of one assembly file, and a bundle that runs machines.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { common, generateEngine } from '../../src/build/bundle.mjs';
import { root } from './process.mjs';

/** Assembles a file of test/bench to an ELF file at an address. */
export function buildGuest(source, elf, base, definitions) {
  execFileSync('riscv64-unknown-elf-gcc', [
    ...['-march=rv64imac_zicsr_zifencei', '-mabi=lp64', '-nostdlib', '-static'],
    ...['-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments'],
    `-Wl,-n,-Ttext=0x${base.toString(16)}`,
    ...definitions,
    ...['-o', elf, path.join(root, 'test/bench', source)],
  ]);
}

/** Bundles a file of test/bench into a folder; the bundle's path. */
export async function bundled(source, folder) {
  await generateEngine();
  const outfile = path.join(folder, `${path.basename(source, '.ts')}.mjs`);
  await esbuild.build({
    ...common,
    entryPoints: [path.join(root, 'test/bench', source)],
    outfile,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  return outfile;
}
