/** Finds the images in the folders of this window, by their content, and lets the user choose. */
import { open } from 'node:fs/promises';
import * as vscode from 'vscode';
import { mayBeImage, probeImage, probeSize, type ImageKind } from './imageProbe.ts';

export interface Image {
  readonly uri: vscode.Uri;
  readonly kind: ImageKind;
}

const searched = '**/*';
const notSearched = '**/{node_modules,.git,.hg,.svn,.cache}/**';
/** A folder with more files than this is not searched to its end. */
const maxFiles = 20000;
const probesAtOnce = 32;

/** Images below a folder, or below all folders, sorted by path. */
export async function findImages(folder?: vscode.WorkspaceFolder): Promise<Image[]> {
  const include = folder ? new vscode.RelativePattern(folder, searched) : searched;
  const uris = await vscode.workspace.findFiles(include, notSearched, maxFiles);
  const candidates = uris.filter((uri) => mayBeImage(uri.path));
  const images: Image[] = [];
  for (let at = 0; at < candidates.length; at += probesAtOnce) {
    const probes = candidates.slice(at, at + probesAtOnce).map(probe);
    for (const image of await Promise.all(probes)) if (image) images.push(image);
  }
  return images.sort((a, b) => a.uri.path.localeCompare(b.uri.path));
}

/** The only image, or the one the user picks; undefined when there is none or the user gave up. */
export async function pickImage(images: readonly Image[]): Promise<Image | undefined> {
  if (images.length < 2) return images[0];
  const items = images.map((image) => ({
    label: `$(file-binary) ${nameOf(image.uri.path)}`,
    description: folderOf(vscode.workspace.asRelativePath(image.uri)),
    detail: `${image.kind.bits}-bit RISC-V, entry 0x${image.kind.entry.toString(16)}`,
    image,
  }));
  const placeHolder = 'Image that Trapline shall run';
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder,
    matchOnDescription: true,
  });
  return picked?.image;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What stands before the name; nothing at the top of the workspace folder. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

async function probe(uri: vscode.Uri): Promise<Image | undefined> {
  try {
    const kind = probeImage(await firstBytes(uri));
    return kind && { uri, kind };
  } catch {
    // A file that cannot be read is not offered; running it by name says why.
    return undefined;
  }
}

async function firstBytes(uri: vscode.Uri): Promise<Uint8Array> {
  if (uri.scheme !== 'file') return vscode.workspace.fs.readFile(uri);
  const file = await open(uri.fsPath);
  try {
    const buffer = new Uint8Array(probeSize);
    const { bytesRead } = await file.read(buffer, 0, probeSize, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
