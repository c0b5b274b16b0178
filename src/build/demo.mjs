// `npm run demo`: from a clone with nothing but Node to a guest under the virtual hypervisor.
// Its SBI console comes on standard output, then what it left the hypervisor for and the stage-2
// mappings that were made. Installing and building talk on standard error only.
import { existsSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function step(command, args, options = {}) {
  // File descriptor 2: what a step says is not the guest's output.
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) process.exit(status ?? 1);
}

const lock = path.join(root, 'package-lock.json');
const installed = path.join(root, 'node_modules/.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  step('npm', ['ci', '--no-audit', '--no-fund'], {
    shell: process.platform === 'win32',
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
  });
}
step(process.execPath, ['src/build/build.mjs']);
// The guest asks for a name and waits a minute of its time; nobody at a terminal, nobody to wait for.
const nobody = !process.stdin.isTTY;
step(
  process.execPath,
  ['dist/cli.cjs', 'run', '--summary', 'media/samples/hello-dbcn/hello-dbcn.elf'],
  nobody
    ? { input: 'nobody at the keyboard\r', stdio: ['pipe', 'inherit', 'inherit'] }
    : { stdio: 'inherit' },
);
