// Bundles test/suites and runs programs of public test suites with it; see test/suites/README.md.
import { spawnSync } from 'node:child_process';
import { generateEngine } from '../src/build/bundle.mjs';
import { bundleTests } from './bundle.mjs';

await generateEngine();
const { outputs, remove } = await bundleTests(['test/suites/main.ts']);
const args = ['--enable-source-maps', ...outputs, ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
remove();
