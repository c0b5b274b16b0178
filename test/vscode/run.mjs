// Runs the suites that need a real VS Code.
//   node test/vscode/run.mjs [host] [ui] [--grep NAME]
// `host`: mocha inside the extension host. `ui`: keys and clicks in the workbench, with the
// packaged VSIX. TRAPLINE_VSCODE=PATH runs `host` in that desktop VS Code, TRAPLINE_OLDEST=1 both
// in the oldest VS Code that package.json admits (code-server for Node 20). TRAPLINE_SCREENSHOTS=1
// writes the README's pictures to media/docs; otherwise they land in out/screenshots.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../src/build/bundle.mjs';
import { bundleTests, runMocha, testFiles } from '../bundle.mjs';
import { installCodeServer } from './harness/install.mjs';

const args = process.argv.slice(2);
const grepAt = args.indexOf('--grep');
const grep = grepAt < 0 ? undefined : args[grepAt + 1];
const suites = ['host', 'ui'].filter((name) => args.includes(name) || !/host|ui/.test(args.join()));
const desktop = process.env.TRAPLINE_VSCODE;
const installed =
  desktop && !suites.includes('ui')
    ? undefined
    : installCodeServer(process.env.TRAPLINE_OLDEST ? 'oldest' : 'current');

/** The samples in a folder of its own, so that no test writes into the repository. */
function sampleFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-sample-'));
  cpSync(path.join(root, 'media/samples'), folder, { recursive: true });
  return folder;
}

async function host() {
  const folder = sampleFolder();
  const suite = await bundleTests(['test/vscode/host/index.ts'], {
    format: 'cjs',
    external: ['vscode', 'mocha'],
  });
  const harness = await bundleTests(['test/vscode/harness/hostRun.ts']);
  const result = process.env.TRAPLINE_TEST_RESULT ?? path.join(suite.outdir, 'result.json');
  rmSync(result, { force: true });
  try {
    const { runInHost } = await import(pathToFileURL(harness.outputs[0]).href);
    const env = { TRAPLINE_TEST_RESULT: result, ...(grep ? { TRAPLINE_GREP: grep } : {}) };
    const code = await runInHost({
      installed,
      extension: root,
      suite: suite.outputs[0],
      folder,
      env,
    });
    if (!existsSync(result)) {
      console.error('the suite did not come to its end: the extension host died');
      return 1;
    }
    const { passes, failures } = JSON.parse(readFileSync(result, 'utf8'));
    console.log(`\n  ${passes} passing in the extension host, ${failures} failing`);
    return code === 0 && failures === 0 && (passes > 0 || grep) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    suite.remove();
    harness.remove();
  }
}

/** Path of a VSIX made from the tree as it is. */
function packageVsix() {
  const run = spawnSync(process.execPath, ['src/build/package.mjs'], {
    cwd: root,
    stdio: 'inherit',
  });
  const vsix = path.join(root, 'trapline.vsix');
  if (run.status !== 0 || !existsSync(vsix)) throw new Error('the VSIX could not be made');
  return vsix;
}

async function ui() {
  const { outputs, remove } = await bundleTests(testFiles('test/vscode/ui'));
  const env = {
    TRAPLINE_CODE_SERVER: JSON.stringify(installed),
    TRAPLINE_VSIX: process.env.TRAPLINE_VSIX ?? packageVsix(),
  };
  const mochaArgs = ['--timeout', '120000', ...(grep ? ['--grep', grep] : [])];
  try {
    return runMocha(outputs, mochaArgs, env);
  } finally {
    remove();
  }
}

for (const suite of suites) {
  const status = await (suite === 'host' ? host() : ui());
  if (status !== 0) process.exitCode = 1;
}
