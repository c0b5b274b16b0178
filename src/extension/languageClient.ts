/**
 * Starts the language server in a process of its own and connects the editor to it. Everything
 * about the language is in the server (`src/language`).
 */
import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

export async function startLanguageClient(context: vscode.ExtensionContext): Promise<void> {
  const module = context.asAbsolutePath('dist/languageServer.cjs');
  const run = { module, transport: TransportKind.ipc };
  const client = new LanguageClient(
    'trapline.assembly',
    'Trapline: Assembly',
    { run, debug: { ...run, options: { execArgv: ['--nolazy', '--inspect=6021'] } } },
    { documentSelector: [{ language: 'riscv-asm' }] },
  );
  // Stopped with the extension; `stop` may be asked for while it is still starting.
  context.subscriptions.push(new vscode.Disposable(() => void client.dispose()));
  await client.start();
}
