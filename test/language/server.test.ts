/** The server as a process, spoken to as an editor does: only that requests reach the functions. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type {
  CompletionItem,
  DocumentSymbol,
  Hover,
  InitializeResult,
  Location,
  PublishDiagnosticsParams,
} from 'vscode-languageserver/node';

const text = `#include "macros.h"
	.text
start:
	addi a0, a0, 1
	shared a0
	frob a0
	csrr t0, satp
	j start
`;

describe('language/server', () => {
  let folder: string;
  let server: ChildProcess;
  let editor: MessageConnection;
  let initialized: InitializeResult;
  let wanted = true;
  let uri: string;
  const published: PublishDiagnosticsParams[] = [];
  let onPublished: () => void = () => {};

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-lsp-'));
    const bundle = path.join(folder, 'server.cjs');
    await esbuild.build({
      entryPoints: ['src/language/server.ts'],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'es2023',
      loader: { '.wasm': 'binary', '.bin': 'binary' },
      alias: { '#generated': path.resolve('dist/generated') },
    });
    writeFileSync(path.join(folder, 'macros.h'), '.macro shared r\n.endm\n');
    server = spawn(process.execPath, [bundle, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    editor = createMessageConnection(
      new StreamMessageReader(server.stdout!),
      new StreamMessageWriter(server.stdin!),
    );
    editor.onRequest('workspace/configuration', ({ items }: { items: { section: string }[] }) =>
      items.map((i) => (i.section === 'trapline.assembly.diagnostics' ? wanted : null)),
    );
    editor.onRequest('client/registerCapability', () => null);
    editor.onNotification('textDocument/publishDiagnostics', (p: PublishDiagnosticsParams) => {
      published.push(p);
      onPublished();
    });
    editor.listen();
    initialized = await editor.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'test' }],
      capabilities: { workspace: { configuration: true } },
    });
    await editor.sendNotification('initialized', {});
    uri = pathToFileURL(path.join(folder, 'main.S')).href;
  });

  after(async () => {
    await editor.sendRequest('shutdown');
    const exited = new Promise((resolve) => server.once('exit', resolve));
    await editor.sendNotification('exit');
    await exited;
    rmSync(folder, { recursive: true });
  });

  const at = (line: number, character: number): object => ({
    textDocument: { uri },
    position: { line, character },
  });

  it('warns of an unknown word, but not of a macro of an included file', async () => {
    const arrived = new Promise<void>((resolve) => (onPublished = resolve));
    await editor.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId: 'riscv-asm', version: 1, text },
    });
    await arrived;
    assert.deepEqual(
      published.at(-1)!.diagnostics.map((d) => [d.range.start.line, d.code, d.severity]),
      [[5, 'unknownMnemonic', 2]],
    );
  });

  it('warns of nothing when the setting says so', async () => {
    wanted = false;
    const arrived = new Promise<void>((resolve) => (onPublished = resolve));
    await editor.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await arrived;
    assert.deepEqual(published.at(-1)!.diagnostics, []);
  });

  it('hovers with the tables of the core', async () => {
    const hover: Hover = await editor.sendRequest('textDocument/hover', at(6, 12));
    assert.match(JSON.stringify(hover.contents), /satp.*0x180.*MODE/s);
    assert.deepEqual(hover.range?.start, { line: 6, character: 10 });
  });

  it('completes, and describes what is looked at', async () => {
    const items: CompletionItem[] = await editor.sendRequest('textDocument/completion', at(6, 10));
    const satp = items.find((i) => i.label === 'satp');
    assert.ok(satp);
    const resolved: CompletionItem = await editor.sendRequest('completionItem/resolve', satp);
    assert.match(JSON.stringify(resolved.documentation), /MODE/);
    assert.ok(initialized.capabilities.completionProvider);
  });

  it('knows symbols, definitions and references', async () => {
    const symbols: DocumentSymbol[] = await editor.sendRequest('textDocument/documentSymbol', {
      textDocument: { uri },
    });
    assert.deepEqual(
      symbols.map((s) => [s.name, s.children?.map((c) => c.name)]),
      [['.text', ['start']]],
    );
    const [definition]: Location[] = await editor.sendRequest('textDocument/definition', at(7, 4));
    assert.equal(definition?.range.start.line, 2);
    const references = async (includeDeclaration: boolean): Promise<number[]> => {
      const params = { ...at(7, 4), context: { includeDeclaration } };
      const found: Location[] = await editor.sendRequest('textDocument/references', params);
      return found.map((r) => r.range.start.line);
    };
    assert.deepEqual(await references(true), [2, 7]);
    assert.deepEqual(await references(false), [7]);
  });
});
