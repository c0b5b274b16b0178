// `npm test`: everything, from a clone with nothing but Node. Installs what is missing, builds,
// runs every phase whatever the others did, and ends with the sum of all: `N passed, N failed`.
//   node test/run.mjs [--grep NAME] [phase]...
// A phase that runs no test counts as a failure: a suite that silently vanished must not pass.
// Two phases run side by side where the machine has two processors (QEMU and we wait for each other
// in some); what such a phase prints comes when it ends, and until then it is in out/results.
import * as fs from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTools } from './tools/debian.mjs';
import { installNode } from './vscode/harness/install.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const results = path.join(root, 'out/results');

/** What runs whole guests (pacing is about time, not engines); firmware/lockstep.test.ts runs firmware on both engines. */
const guests = [
  ...['test/guests/', 'test/dap/', 'test/core/hypervisor/riscv/', 'test/core/machine/'],
  ...['test/cli/run.test', '!machine/lockstep.test'],
];
/** Harts by themselves; left out is what takes long: instructions and CSRs one by one. */
const harts = [
  'test/core/isa/riscv/',
  ...['riscv/csr/', 'riscv/float/', 'riscv/disassemble', 'riscv/assembler'].map((not) => `!${not}`),
];
/** What a newer host may do otherwise: WebAssembly that was probed for, and its compiler. */
const hostDependent = [
  ...['test/core/wasm/', 'riscv/float/', 'core/engine/translator', 'core/engine/boundaries'],
  ...['core/engine/words', 'core/engine/directLoads', 'core/engine/linearLoads'],
  'test/cli/keptInterpreter',
];
const onEngine = (name, parts) => ({
  name,
  args: ['test/unit.mjs', ...parts],
  env: () => ({ TRAPLINE_ENGINE: name }),
});

const named = ['test/tidy/', 'test/cli/', 'test/firmware/', 'test/differential/'];
/**
 * Name and command of each phase; `unit` is what no other phase names. Phases that are `alone` look
 * at a window, where a busy machine is a slow one.
 */
const phases = [
  { name: 'tidy', args: ['test/unit.mjs', 'test/tidy/'] },
  { name: 'unit', args: ['test/unit.mjs', ...named.map((not) => `!${not}`)] },
  { name: 'differential', args: ['test/unit.mjs', 'test/differential/'] },
  { name: 'cli', args: ['test/unit.mjs', 'test/cli/'], env: otherNodes },
  { name: 'firmware', args: ['test/unit.mjs', 'test/firmware/', '--timeout', '300000'] },
  // The phases before have the engine that a user has who names none.
  onEngine('interpreter', guests),
  onEngine('jit', [...guests, ...harts]),
  onEngine('drafts', [
    ...guests.filter((part) => !/dap|cli/.test(part)),
    ...harts.slice(0, 2),
    ...harts.slice(3),
  ]),
  onEngine('lockstep', guests),
  { name: 'newest', node: () => installNode(24), args: ['test/unit.mjs', ...hostDependent] },
  { name: 'host', alone: true, args: ['test/vscode/run.mjs', 'host'] },
  { name: 'ui', alone: true, args: ['test/vscode/run.mjs', 'ui'] },
];

const args = process.argv.slice(2);
const grepAt = args.indexOf('--grep');
const grep = grepAt < 0 ? [] : args.splice(grepAt, 2);
const unknown = args.filter((name) => !phases.some((phase) => phase.name === name));
if (unknown.length > 0) {
  console.error(`no phase '${unknown[0]}'; there are ${phases.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

try {
  installPackages();
  installTools();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const total = { passes: 0, failures: 0 };
heading('build');
const build = spawnSync(process.execPath, ['src/build/build.mjs'], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) total.failures++;
const wanted = phases.filter(({ name }) => args.length === 0 || args.includes(name));
await sideBySide(wanted.filter(({ alone }) => !alone));
for (const phase of wanted.filter(({ alone }) => alone)) await runPhase(phase, 1);
console.log(`\n${total.passes} passed, ${total.failures} failed`);
process.exit(total.failures === 0 ? 0 : 1);

async function sideBySide(several) {
  const waiting = [...several];
  const seats = Math.min(2, os.availableParallelism(), several.length);
  const work = async () => {
    for (let phase = waiting.shift(); phase; phase = waiting.shift()) await runPhase(phase, seats);
  };
  await Promise.all(Array.from({ length: seats }, work));
}

async function runPhase({ name, args: command, env, node }, seats) {
  const file = path.join(results, `${name}.json`);
  const log = path.join(results, `${name}.log`);
  fs.mkdirSync(results, { recursive: true });
  fs.rmSync(file, { force: true });
  const environment = { TRAPLINE_TEST_RESULT: file, ...env?.() };
  const host = node?.();
  const shared = seats > 1;
  if (!shared) heading(name);
  else console.log(`begun: ${name} (${path.relative(root, log)})`);
  const begin = Date.now();
  const output = shared ? fs.openSync(log, 'w') : 'inherit';
  const status = await runBeside([...command, ...grep], environment, host, output);
  if (shared) {
    fs.closeSync(output);
    heading(`${name}, ${Math.round((Date.now() - begin) / 1000)} s`);
    process.stdout.write(fs.readFileSync(log));
  }
  const { passes, failures } = fs.existsSync(file)
    ? JSON.parse(fs.readFileSync(file, 'utf8'))
    : { passes: 0, failures: 0 };
  total.passes += passes;
  total.failures += failures;
  if (failures > 0) return;
  if (status !== 0) {
    console.error(`phase ${name} ended with status ${status}`);
    total.failures++;
  } else if (passes === 0 && grep.length === 0) {
    console.error(`phase ${name} ran no test`);
    total.failures++;
  }
}

/** Nodes of the other major versions that we support: the same guests must run the same on them. */
function otherNodes() {
  const own = Number(process.versions.node.split('.')[0]);
  const others = [20, 22, 24].filter((major) => major !== own).slice(0, 2);
  return { TRAPLINE_OTHER_NODES: others.map(installNode).join(path.delimiter) };
}

/** `npm ci`, unless what the lock file asks for is there already. */
function installPackages() {
  const lock = path.join(root, 'package-lock.json');
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs)
    return;
  heading('npm ci');
  const status = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
  }).status;
  if (status !== 0) throw new Error('npm ci failed');
}

async function runBeside(command, env, node = process.execPath, output) {
  const child = spawn(node, command, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

function heading(text) {
  console.log(`\n=== ${text}`);
}
