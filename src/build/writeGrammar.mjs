// Writes syntaxes/riscv-asm.tmLanguage.json from the core's tables:
//   node src/build/writeGrammar.mjs
// The file is committed, so that the sources can be looked at and packed without a build; a test
// compares it with what this would write.
import * as esbuild from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { common, generatedDir, generateEngine, root } from './bundle.mjs';

const contents = `
  export { grammarOf } from './src/build/generateGrammar.ts';
  export { isaNamed } from './src/core/registry.ts';
`;
const out = path.join(generatedDir, 'generateGrammar.mjs');
// The registry knows machines too, and they need the engine.
await generateEngine();
mkdirSync(generatedDir, { recursive: true });
await esbuild.build({
  ...common,
  stdin: { contents, resolveDir: root, loader: 'ts' },
  outfile: out,
  format: 'esm',
  platform: 'node',
});
const { grammarOf, isaNamed } = await import(pathToFileURL(out).href);
const file = path.join(root, 'syntaxes/riscv-asm.tmLanguage.json');
writeFileSync(file, grammarOf(isaNamed('rv64'), 'source.riscv-asm', 'RISC-V Assembly'));
console.log(path.relative(root, file));
