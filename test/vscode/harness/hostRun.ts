/**
 * Runs a mocha suite inside VS Code's extension host: in code-server, or in the desktop VS Code
 * that TRAPLINE_VSCODE names. The suite is the same module, as @vscode/test-electron wants it.
 *
 * An exit code of 0 proves nothing, for a dying extension host gives it too. The suite therefore
 * writes its counts to a file as the last thing it does, and the caller counts what stands there.
 */
import { runTests } from '@vscode/test-electron';
import path from 'node:path';
import { format } from 'node:util';
import { launchBrowser, openPage } from './browser.ts';
import { startCodeServer, type Installed } from './codeServer.ts';

export interface HostRun {
  readonly installed: Installed | undefined;
  /** The extension's folder, the suite's module, and the folder to open. */
  readonly extension: string;
  readonly suite: string;
  readonly folder: string;
  /** Environment of the extension host. */
  readonly env: Record<string, string>;
}

const timeout = 180_000;

export async function runInHost(run: HostRun): Promise<number> {
  const desktop = process.env.TRAPLINE_VSCODE;
  if (!desktop) return runInCodeServer(run);
  return runTests({
    vscodeExecutablePath: desktop,
    extensionDevelopmentPath: run.extension,
    extensionTestsPath: run.suite,
    extensionTestsEnv: run.env,
    launchArgs: [run.folder, '--disable-extensions', '--disable-workspace-trust'],
  });
}

async function runInCodeServer(run: HostRun): Promise<number> {
  if (!run.installed) throw new Error('code-server is not installed');
  const server = await startCodeServer(run.installed, { development: true, env: run.env });
  const browser = await launchBrowser();
  try {
    const page = await openPage(browser);
    let timer: NodeJS.Timeout | undefined;
    const exit = new Promise<number>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('the tests did not end in time')), timeout);
      void page.exposeFunction('codeAutomationExit', resolve);
    });
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      const line = /^\[mocha\] ?([^]*)/.exec(format(...args));
      if (line) console.log(line[1]);
    });
    await page.goto(address(server.url, server.authority, run));
    const code = await exit;
    clearTimeout(timer);
    return code;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** The workbench takes what to develop and what to test from a list in its address. */
function address(url: string, authority: string, run: HostRun): string {
  const uri = (file: string) => `vscode-remote://${authority}${path.resolve(file)}`;
  const payload = [
    ['extensionDevelopmentPath', uri(run.extension)],
    ['extensionTestsPath', uri(run.suite)],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  const query = new URLSearchParams({ folder: run.folder, payload: JSON.stringify(payload) });
  return `${url}/?${query}`;
}
