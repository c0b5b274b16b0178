/**
 * Reads the files that a launch names, relative ones from a folder; at once, as nothing can begin
 * before they are there, and waiting for each would take longer than reading it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../core/base/userError.ts';
import type { LaunchConfig, LaunchFiles } from '../../core/machine/launchConfig.ts';

/** The files under the names that the configuration gives them. */
export function readLaunchFiles(config: LaunchConfig, folder: string): LaunchFiles {
  const named: readonly (readonly [attribute: string, file: string | undefined])[] = [
    ['program', config.program],
    ['firmware', config.firmware],
    ['initrd', config.initrd],
    ['dtb', config.dtb],
    ...config.loadFiles.map(({ file }) => ['loadFiles', file] as const),
  ];
  const files = new Map<string, Uint8Array>();
  for (const [attribute, file] of named) {
    if (file !== undefined) files.set(file, readInput(attribute, file, folder));
  }
  return files;
}

/** A file's bytes; `attribute` is the setting that named it. */
export function readInput(attribute: string, file: string, folder: string): Uint8Array {
  try {
    const { buffer, byteOffset, length } = readFileSync(path.resolve(folder, file));
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw unreadable(attribute, file, error as NodeJS.ErrnoException);
  }
}

/** The error that says why a file that a setting names cannot be read. */
export function unreadable(
  attribute: string,
  file: string,
  { code, message }: NodeJS.ErrnoException,
): UserError {
  const why = reason(code, message);
  return new UserError(`${attribute}: cannot read '${file}': ${why}`, attribute);
}

function reason(code: string | undefined, message: string): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  return message;
}
