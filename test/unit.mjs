// Bundles the tests named on the command line (default: all of test/**/*.test.ts but those that
// run inside VS Code) and runs them with mocha.
//   node test/unit.mjs [part of a path | !part to leave out]... [--grep NAME] [--reporter NAME]
import { generateEngine } from '../src/build/bundle.mjs';
import { bundleTests, runMocha, testFiles } from './bundle.mjs';

const wanted = [];
const unwanted = ['test/vscode/'];
const mochaArgs = [];
for (let i = 2; i < process.argv.length; i++) {
  const arg = process.argv[i];
  if (arg.startsWith('--'))
    mochaArgs.push(...(arg.includes('=') ? [arg] : [arg, process.argv[++i]]));
  else if (arg.startsWith('!')) unwanted.push(arg.slice(1));
  else wanted.push(arg);
}

const tests = testFiles()
  .filter((file) => !unwanted.some((part) => file.includes(part)))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (tests.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}

await generateEngine();
const { outputs, remove } = await bundleTests(tests);
process.exitCode = runMocha(outputs, ['--timeout', '60000', ...mochaArgs]);
remove();
