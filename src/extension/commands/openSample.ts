/**
 * *Open Sample Workspace*: copies a sample to a folder of the user's, once for each version of
 * the extension so that changes survive, and opens it.
 */
import * as vscode from 'vscode';

interface Sample {
  readonly name: string;
  readonly description: string;
}

export async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const samples = vscode.Uri.joinPath(context.extensionUri, 'media', 'samples');
  const found = await listSamples(samples);
  const name = await pickSample(found);
  if (name === undefined) return;
  const version = String(context.extension.packageJSON.version);
  const parent = vscode.Uri.joinPath(context.globalStorageUri, 'samples', version);
  const target = vscode.Uri.joinPath(parent, name);
  if (!(await exists(target))) {
    await vscode.workspace.fs.createDirectory(parent);
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(samples, name), target);
  }
  const inUse = vscode.workspace.workspaceFolders !== undefined;
  await vscode.commands.executeCommand('vscode.openFolder', target, { forceNewWindow: inUse });
}

async function pickSample(samples: readonly Sample[]): Promise<string | undefined> {
  const items = samples.map(({ name, description }) => ({ label: name, detail: description }));
  const placeHolder = 'Sample to open as a folder';
  const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true });
  return picked?.label;
}

async function listSamples(folder: vscode.Uri): Promise<Sample[]> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const folders = entries.filter(([, type]) => type === vscode.FileType.Directory);
  return Promise.all(
    folders.map(async ([name]) => ({ name, description: await describe(folder, name) })),
  );
}

/** The first line of text of the sample's README, its heading left out. */
async function describe(folder: vscode.Uri, name: string): Promise<string> {
  const readme = vscode.Uri.joinPath(folder, name, 'README.md');
  if (!(await exists(readme))) return '';
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(readme));
  return text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
