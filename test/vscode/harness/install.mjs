// Installs a real VS Code to test in: code-server from npm, which is VS Code's own workbench,
// extension host and debugger served to a browser, and the Node it was built for, also from npm.
// Everything lands in .cache, which git ignores, and is used again by the next run. Only what the
// extension host and the log need is compiled (two small modules); the rest carries binaries.
//   node test/vscode/harness/install.mjs [version]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const cache = path.join(root, '.cache');

/** code-server's version and the major version of Node it was built with. */
export const versions = {
  current: { codeServer: '4.139.1', node: 24 },
  oldest: { codeServer: '4.100.3', node: 20 },
};

function npm(cwd, args, env = {}) {
  const command = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(command, [...args, '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1', ...env },
  });
  if (run.status !== 0) {
    throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${run.stdout}${run.stderr}`);
  }
}

/** A folder of npm packages; `finish` runs once, and a folder cut short is made again. */
function folder(name, packages, finish = () => {}) {
  const dir = path.join(cache, name);
  const mark = path.join(dir, '.complete');
  if (!existsSync(mark)) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, 'package.json'), '{ "private": true }\n');
    npm(dir, ['install', '--ignore-scripts', ...packages]);
    finish(dir);
    writeFileSync(mark, '');
  }
  return dir;
}

/** The binary of that major version of Node: this very process's when it is that version. */
export function installNode(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const dir = folder(`node-${major}`, [`${name}@${major}`]);
  const home = path.join(dir, 'node_modules', name);
  return path.join(home, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
}

/** Where the headers lie that modules for `node` are compiled with. */
function nodeHome(node) {
  return path.dirname(path.dirname(node));
}

/**
 * @param {keyof typeof versions} [which]
 * @returns {{ entry: string, node: string, version: string }}
 */
export function installCodeServer(which = 'current') {
  const { codeServer, node: major } = versions[which];
  const node = installNode(major);
  const dir = folder(`code-server-${codeServer}`, [`code-server@${codeServer}`], (made) => {
    const vscode = path.join(made, 'node_modules/code-server/lib/vscode');
    const env = {
      npm_config_nodedir: nodeHome(node),
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
    };
    npm(vscode, ['install', '--omit=dev', '--ignore-scripts'], env);
    npm(path.join(vscode, 'extensions'), ['install', '--omit=dev', '--ignore-scripts'], env);
    npm(vscode, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog'], env);
    // Later versions carry it as a binary; without it this one's server does not start.
    if (which === 'oldest') npm(made, ['rebuild', 'argon2', '--build-from-source'], env);
  });
  const entry = path.join(dir, 'node_modules/code-server/out/node/entry.js');
  return { entry, node, version: codeServer };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const which = process.argv[2] === 'oldest' ? 'oldest' : 'current';
  console.log(installCodeServer(which));
}
