// `npm run build`: everything that ships, into dist/. With --watch it goes on building.
import * as esbuild from 'esbuild';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { common, generateEngine, root } from './bundle.mjs';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
const node = { platform: 'node', format: 'cjs', minify: production, sourcemap: !production };
const browser = { platform: 'browser', format: 'iife', minify: production, sourcemap: !production };

/** Entry point, output, settings. An entry belongs here and nowhere else. */
const bundles = [
  ['src/extension/extension.ts', 'dist/extension.cjs', { ...node, external: ['vscode'] }],
  ['src/adapter/main.ts', 'dist/adapter.cjs', node],
  ['src/worker/machineWorker.ts', 'dist/machineWorker.cjs', node],
  ['src/language/server.ts', 'dist/languageServer.cjs', node],
  ['src/cli/main.ts', 'dist/cli.cjs', { ...node, banner: { js: '#!/usr/bin/env node' } }],
  ['src/webview/csrs.ts', 'dist/webview/csrs.js', browser],
  ['src/webview/mappings.ts', 'dist/webview/mappings.js', browser],
];

for (const name of await generateEngine()) console.log(`generated ${name}`);
for (const [entry, outfile, settings] of bundles) {
  if (!existsSync(path.join(root, entry))) {
    console.error(`missing ${entry}`);
    process.exitCode = 1;
    continue;
  }
  const options = { ...common, ...settings, entryPoints: [entry], outfile, metafile: true };
  if (watch) {
    await (await esbuild.context(options)).watch();
  } else {
    const result = await esbuild.build(options);
    const bytes = result.metafile.outputs[outfile].bytes;
    console.log(`${outfile} ${(bytes / 1024).toFixed(0)} KiB`);
  }
}
