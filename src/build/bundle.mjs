// How every bundle of the project is made: shared esbuild settings and the generated engine.
import * as esbuild from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const generatedDir = path.join(root, 'dist/generated');

/** Settings common to all bundles. Wasm modules, tables and style sheets are embedded. */
export const common = {
  absWorkingDir: root,
  bundle: true,
  target: 'es2023',
  logLevel: 'warning',
  loader: { '.wasm': 'binary', '.bin': 'binary' },
  alias: { '#generated': generatedDir },
};

/**
 * Runs the engine generator and writes its WebAssembly modules to dist/generated. The modules are
 * a function of src/core alone, so they are written only when they differ.
 */
export async function generateEngine() {
  const entry = path.join(root, 'src/build/generateEngine.ts');
  if (!existsSync(entry)) return [];
  mkdirSync(generatedDir, { recursive: true });
  // Its own name, and files left alone that would not change: test phases run side by side.
  const out = path.join(generatedDir, `generateEngine-${process.pid}.mjs`);
  await esbuild.build({
    ...common,
    entryPoints: [entry],
    outfile: out,
    format: 'esm',
    platform: 'node',
  });
  const { generate } = await import(`${pathToFileURL(out).href}?${Date.now()}`);
  rmSync(out);
  const names = [];
  for (const [name, bytes] of Object.entries(generate())) {
    const file = path.join(generatedDir, name);
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) writeFileSync(file, bytes);
    names.push(`${name} ${(bytes.length / 1024).toFixed(0)} KiB`);
  }
  return names;
}
