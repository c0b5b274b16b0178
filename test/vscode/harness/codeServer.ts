/**
 * A throw-away VS Code on this machine's loopback: started with settings that make it quiet and
 * repeatable, on a free port, and stopped with everything it started.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What `installCodeServer` of install.mjs gives, handed over in the environment. */
export interface Installed {
  readonly entry: string;
  readonly node: string;
  readonly version: string;
}

export interface StartOptions {
  readonly settings?: Record<string, unknown>;
  readonly vsix?: string;
  /** Lets the page's address name an extension under development and its tests. */
  readonly development?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CodeServer {
  readonly url: string;
  readonly authority: string;
  /** Everything it writes lies below this folder. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'git.openRepositoryInParentFolders': 'never',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.editor.enablePreview': false,
  'workbench.editor.useModal': 'off',
  'workbench.reduceMotion': 'on',
  'editor.minimap.enabled': false,
  'window.commandCenter': false,
  'files.autoSave': 'off',
  'debug.internalConsoleOptions': 'neverOpen',
  // With the DOM renderer a terminal's text is in the document.
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.enablePersistentSessions': false,
  'terminal.integrated.shellIntegration.enabled': false,
};

const startTimeout = 60_000;
const stopTimeout = 3_000;

/** The installation that test/vscode/run.mjs put into the environment. */
export function installedCodeServer(): Installed {
  const text = process.env.TRAPLINE_CODE_SERVER;
  if (!text) throw new Error('run these tests with node test/vscode/run.mjs');
  return JSON.parse(text) as Installed;
}

export async function startCodeServer(
  installed: Installed,
  options: StartOptions = {},
): Promise<CodeServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-vscode-'));
  const userData = path.join(folder, 'user-data');
  const extensions = path.join(folder, 'extensions');
  const config = path.join(folder, 'config.yaml');
  mkdirSync(path.join(userData, 'User'), { recursive: true });
  mkdirSync(extensions, { recursive: true });
  writeFileSync(config, 'auth: none\n');
  writeFileSync(
    path.join(userData, 'User', 'settings.json'),
    JSON.stringify({ ...quietSettings, ...options.settings }, null, 2),
  );

  const env = cleanEnvironment(folder, options.env);
  const common = [installed.entry, '--config', config];
  common.push('--user-data-dir', userData, '--extensions-dir', extensions);
  if (options.vsix)
    installVsix(installed.node, [...common, '--install-extension', options.vsix], env);

  const port = await freePort();
  const log = createWriteStream(path.join(folder, 'code-server.log'));
  // Its own process group, so that stopping it takes the whole tree along.
  const child = spawn(
    installed.node,
    [...common, '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none', ...flags(installed, options)],
    { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return child.pid !== undefined && process.kill(-child.pid, name);
    } catch {
      // The group is gone, which is what the caller wants to know.
      return false;
    }
  };
  const killAtExit = () => void signal('SIGKILL');
  process.once('exit', killAtExit);

  const authority = `127.0.0.1:${port}`;
  const url = `http://${authority}`;
  const stop = async () => {
    signal('SIGTERM');
    const end = Date.now() + stopTimeout;
    while (signal(0) && Date.now() < end) await delay(50);
    signal('SIGKILL');
    process.off('exit', killAtExit);
    log.end();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  const end = Date.now() + startTimeout;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > end) {
      const text = readFileSync(path.join(folder, 'code-server.log'), 'utf8');
      await stop();
      throw new Error(`code-server did not start:\n${text}`);
    }
    await delay(50);
  }
  return { url, authority, folder, stop };
}

/** Options that this version knows; older ones have fewer. */
function flags(installed: Installed, options: StartOptions): string[] {
  const cli = readFileSync(path.join(path.dirname(installed.entry), 'cli.js'), 'utf8');
  const wanted = [
    'disable-telemetry',
    'disable-update-check',
    'disable-workspace-trust',
    'disable-getting-started-override',
  ];
  const known = wanted.filter((flag) => cli.includes(`"${flag}"`)).map((flag) => `--${flag}`);
  // A built workbench takes development extensions from its address only with this option, which
  // also hides notifications. Versions that lack the option need none.
  const needsOption = options.development && cli.includes('vscode-option');
  return needsOption ? [...known, '--vscode-option', 'enable-smoke-test-driver'] : known;
}

function cleanEnvironment(folder: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_)/.test(name) && name !== 'NODE_OPTIONS',
  );
  return {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: path.join(folder, 'xdg-config'),
    XDG_DATA_HOME: path.join(folder, 'xdg-data'),
    ...extra,
  };
}

function installVsix(node: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const run = spawnSync(node, args, { env, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the VSIX was not installed:\n${run.stdout}${run.stderr}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    // Nobody listens on the port yet.
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
