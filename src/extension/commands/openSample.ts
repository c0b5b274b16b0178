/**
 * *Open Sample Workspace*: copies the samples to a folder of the user's, once for each version of
 * the extension so that changes survive, and opens it.
 */
import * as vscode from 'vscode';

export async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const samples = vscode.Uri.joinPath(context.extensionUri, 'media', 'samples');
  const version = String(context.extension.packageJSON.version);
  const parent = vscode.Uri.joinPath(context.globalStorageUri, version);
  const target = vscode.Uri.joinPath(parent, 'trapline-samples');
  if (!(await exists(target))) {
    await vscode.workspace.fs.createDirectory(parent);
    await vscode.workspace.fs.copy(samples, target);
  }
  const inUse = vscode.workspace.workspaceFolders !== undefined;
  await vscode.commands.executeCommand('vscode.openFolder', target, { forceNewWindow: inUse });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
