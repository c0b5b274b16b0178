// `npm run package`: a production build and trapline.vsix from it, with its size checked.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { root } from './bundle.mjs';

/** What issue and README promise: an extension that is quick to fetch. */
const maxBytes = 2 * 1024 * 1024;
const out = path.join(root, 'trapline.vsix');

run(process.execPath, ['src/build/build.mjs', '--production']);
// The bundles hold all dependencies. Links in the README stay relative: there is no repository address.
run(process.execPath, [
  'node_modules/@vscode/vsce/vsce',
  'package',
  '--no-dependencies',
  '--allow-missing-repository',
  '--no-rewrite-relative-links',
  '--out',
  out,
]);

const { size } = statSync(out);
console.log(`trapline.vsix ${(size / 1024).toFixed(0)} KiB`);
if (size > maxBytes) {
  console.error(`trapline.vsix is larger than ${maxBytes / 1024} KiB`);
  process.exit(1);
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
