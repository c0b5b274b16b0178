// `npm run build`: everything that ships, into dist/. With --watch it goes on building.
import * as esbuild from 'esbuild';
import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { common, generateEngine, root } from './bundle.mjs';
import { writeNotices } from './notices.mjs';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');
/**
 * What the engine generator makes are files beside the bundles, which share them: as text they would
 * be a third of what some bundles are, and longer.
 */
const generatedBeside = {
  name: 'generatedBeside',
  setup({ onLoad }) {
    onLoad({ filter: /\.(wasm|bin)$/ }, ({ path: file }) => {
      const name = path.basename(file);
      copyFileSync(file, path.join(root, 'dist', name));
      return {
        contents: `import { readFileSync } from 'node:fs';
          import path from 'node:path';
          export default readFileSync(path.join(__dirname, '${name}'));`,
        resolveDir: root,
      };
    });
  },
};

/**
 * Node reads a bundle whole at each start. What is left out of it otherwise too are spaces and comments;
 * names stay outside of production, and lines stay short, for stack traces.
 */
const dense = {
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: production,
  lineLimit: 160,
};
const node = {
  ...dense,
  platform: 'node',
  format: 'cjs',
  sourcemap: !production,
  plugins: [generatedBeside],
};
const browser = { platform: 'browser', format: 'iife', minify: production, sourcemap: !production };

/** A module that is imported dynamically stays in a bundle of its own beside the importer's. */
const apart = (filter, bundle) => ({
  name: bundle,
  setup: ({ onResolve }) =>
    onResolve({ filter }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${bundle}`, external: true } : undefined,
    ),
});
const requires = { ...node, supported: { 'dynamic-import': false } };
/**
 * VS Code answers `require('vscode')`; a module that is imported instead would not get it. The
 * extension must be there within a blink, so the language client, most of its code, is read with
 * the first assembly document.
 */
const extension = {
  ...requires,
  external: ['vscode'],
  plugins: [...node.plugins, apart(/\/languageClient\.ts$/, 'languageClient.cjs')],
};
const start = { ...node, banner: { js: '#!/usr/bin/env node' } };

/** Taking types away is a third of a megabyte that only handler modules need. */
const withHandlers = {
  ...requires,
  plugins: [...node.plugins, apart(/\/stripTypes\.ts$/, 'stripTypes.cjs')],
};

/** Entry point, output, settings. An entry belongs here and nowhere else. */
const bundles = [
  ['src/extension/extension.ts', 'dist/extension.cjs', extension],
  ['src/extension/languageClient.ts', 'dist/languageClient.cjs', extension],
  ['src/host/node/startBundle.ts', 'dist/adapter.cjs', node],
  ['src/adapter/main.ts', 'dist/adapter.bundle.cjs', node],
  ['src/host/node/startBundle.ts', 'dist/machineWorker.cjs', node],
  ['src/worker/machineWorker.ts', 'dist/machineWorker.bundle.cjs', withHandlers],
  ['src/handlers/stripTypes.ts', 'dist/stripTypes.cjs', node],
  ['src/language/server.ts', 'dist/languageServer.cjs', node],
  ['src/cli/start.ts', 'dist/cli.cjs', start],
  ['src/cli/main.ts', 'dist/trapline.cjs', withHandlers],
  ['src/cli/runMain.ts', 'dist/run.cjs', withHandlers],
  ['src/webview/csrs.ts', 'dist/webview/csrs.js', browser],
  ['src/webview/mappings.ts', 'dist/webview/mappings.js', browser],
];

/** One bundle; undefined, with a message, when it cannot be made. */
async function build([entry, outfile, settings]) {
  if (!existsSync(path.join(root, entry))) {
    console.error(`missing ${entry}`);
    return undefined;
  }
  const options = { ...common, ...settings, entryPoints: [entry], outfile, metafile: true };
  if (watch) {
    await (await esbuild.context(options)).watch();
    return undefined;
  }
  const { metafile } = await esbuild.build(options);
  console.log(`${outfile} ${(metafile.outputs[outfile].bytes / 1024).toFixed(0)} KiB`);
  return metafile;
}

/** The same, but a bundle that fails (esbuild has said why) does not keep the others from being made. */
const attempt = (bundle) => build(bundle).catch(() => undefined);

for (const name of await generateEngine()) console.log(`generated ${name}`);
const metafiles = await Promise.all(bundles.map(attempt));
if (!watch) {
  const made = metafiles.filter((metafile) => metafile !== undefined);
  writeNotices(made);
  if (made.length < bundles.length) process.exitCode = 1;
}
