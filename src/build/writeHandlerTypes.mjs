// Writes media/samples/trapline.d.ts, the types of handler modules, from src/handlers/api.ts. Run
// it after changing that file; a test compares the two.
import * as esbuild from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { common, generatedDir, root } from './bundle.mjs';

const outfile = path.join(generatedDir, 'handlerTypes.mjs');
await esbuild.build({
  ...common,
  entryPoints: [path.join(root, 'src/build/handlerTypes.ts')],
  outfile,
  format: 'esm',
});
const { handlerApi, handlerDeclarations, handlerTypes } = await import(pathToFileURL(outfile).href);
const source = readFileSync(path.join(root, handlerApi), 'utf8');
writeFileSync(path.join(root, handlerDeclarations), handlerTypes(source));
