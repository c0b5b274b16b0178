/** *Run Image…*: starts an image that the user chooses, with no launch.json. */
import path from 'node:path';
import * as vscode from 'vscode';
import { findImages, pickImage } from '../images.ts';
import { configurationFor } from '../launchCompletion.ts';

/** `uri` comes from a menu on a file; without it the user picks one. */
export async function runImage(uri?: vscode.Uri): Promise<void> {
  const image = uri ?? (await choose());
  if (!image) return;
  const folder = vscode.workspace.getWorkspaceFolder(image);
  const configuration = configurationFor(image.fsPath) as vscode.DebugConfiguration;
  await vscode.debug.startDebugging(folder, configuration);
}

async function choose(): Promise<vscode.Uri | undefined> {
  const images = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Looking for images' },
    () => findImages(),
  );
  if (images.length === 0) return browse();
  if (images.length > 1) return (await pickImage(images))?.uri;
  const [image] = images;
  return image?.uri;
}

async function browse(): Promise<vscode.Uri | undefined> {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const picked = await vscode.window.showOpenDialog({
    title: `Image to run${folder ? ` (${path.basename(folder.uri.path)} holds none)` : ''}`,
    openLabel: 'Run',
    ...(folder ? { defaultUri: folder.uri } : {}),
  });
  return picked?.[0];
}
