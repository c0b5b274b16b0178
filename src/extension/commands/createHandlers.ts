/**
 * *Create Call Handlers*: writes a module that answers calls, with its types beside it, or adds to
 * the one that the session has a handler for the call that the guest stands at.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import type { WaitingCallBody } from '../../adapter/protocol.ts';
import { handlerFunction, handlerModule, handlerName } from '../../handlers/skeleton.ts';
import type { Guest, Sessions } from '../sessions.ts';

const typesFile = 'trapline.d.ts';

export async function createHandlers(extension: vscode.Uri, sessions: Sessions): Promise<void> {
  const guest = sessions.current;
  const { call } = guest ? await sessions.request(guest, 'trapline/call', {}) : {};
  const present = guest && handlersOf(guest);
  if (call && present && (await exists(present))) return append(present, call);
  const file = present ?? (await askWhere(guest));
  if (!file) return;
  if (await exists(file)) {
    if (call) await append(file, call);
    else await vscode.window.showTextDocument(file);
  } else {
    await write(file, handlerModule(`./${typesFile}`, call));
    const types = vscode.Uri.joinPath(file, '..', typesFile);
    if (!(await exists(types))) {
      const shipped = vscode.Uri.joinPath(extension, 'media', 'samples', typesFile);
      await vscode.workspace.fs.copy(shipped, types);
    }
    await show(file, call ? handlerName(call) : 'export function');
  }
  if (!present) await offerLaunchAttribute(file, guest);
}

/** The module that the session's configuration names, if it names one. */
function handlersOf({ session }: Guest): vscode.Uri | undefined {
  const { handlers, cwd } = session.configuration as { handlers?: unknown; cwd?: unknown };
  if (typeof handlers !== 'string' || handlers === '') return undefined;
  const folder = session.workspaceFolder?.uri.fsPath ?? '';
  const base = typeof cwd === 'string' ? path.resolve(folder, cwd) : folder;
  return vscode.Uri.file(path.resolve(base, handlers));
}

async function askWhere(guest: Guest | undefined): Promise<vscode.Uri | undefined> {
  const folder = guest?.session.workspaceFolder ?? vscode.workspace.workspaceFolders?.[0];
  return vscode.window.showSaveDialog({
    title: 'A module that answers calls of the guest',
    saveLabel: 'Create',
    filters: { TypeScript: ['ts'], JavaScript: ['js', 'mjs', 'cjs'] },
    ...(folder ? { defaultUri: vscode.Uri.joinPath(folder.uri, 'handlers.ts') } : {}),
  });
}

async function append(file: vscode.Uri, call: WaitingCallBody): Promise<void> {
  const name = handlerName(call);
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  if (!text.includes(`function ${name}(`)) await write(file, text + handlerFunction(call));
  await show(file, name);
}

async function write(file: vscode.Uri, text: string): Promise<void> {
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
}

/** With the cursor where the person goes on. */
async function show(file: vscode.Uri, name: string): Promise<void> {
  const editor = await vscode.window.showTextDocument(file);
  const at = editor.document.getText().indexOf(name);
  if (at < 0) return;
  const position = editor.document.positionAt(at);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position));
}

/** The session has none yet; one that is named later counts from its next start on. */
async function offerLaunchAttribute(file: vscode.Uri, guest: Guest | undefined): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(file);
  const name = guest?.session.configuration.name;
  const launch = vscode.workspace.getConfiguration('launch', folder?.uri);
  const all = launch.get<vscode.DebugConfiguration[]>('configurations') ?? [];
  const known = all.some((each) => each.type === 'trapline' && each.name === name);
  if (!folder || !known) {
    void vscode.window.showInformationMessage(
      `Name it in launch.json to have it asked: "handlers": "${path.basename(file.fsPath)}".`,
    );
    return;
  }
  const add = 'Add to launch.json';
  const question = `Have '${name}' ask ${path.basename(file.fsPath)} from its next start on?`;
  if ((await vscode.window.showInformationMessage(question, add)) !== add) return;
  const relative = path.relative(folder.uri.fsPath, file.fsPath).replaceAll(path.sep, '/');
  const handlers = `\${workspaceFolder}/${relative}`;
  const changed = all.map((each) =>
    each.type === 'trapline' && each.name === name ? { ...each, handlers } : each,
  );
  await launch.update('configurations', changed, vscode.ConfigurationTarget.WorkspaceFolder);
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
