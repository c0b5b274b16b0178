/** Reads the files that a launch names, from the current folder. */
import { readFileSync } from 'node:fs';
import { UserError } from '../core/base/userError.ts';
import type { LaunchConfig, LaunchFiles } from '../core/machine/launchConfig.ts';

export function readLaunchFiles(config: LaunchConfig): LaunchFiles {
  const named: readonly (readonly [setting: string, file: string | undefined])[] = [
    ['program', config.program],
    ['firmware', config.firmware],
    ['initrd', config.initrd],
    ['dtb', config.dtb],
    ...config.loadFiles.map(({ file }) => ['loadFiles', file] as const),
  ];
  const files = new Map<string, Uint8Array>();
  for (const [setting, file] of named)
    if (file !== undefined) files.set(file, readInput(file, setting));
  return files;
}

/** A file's bytes; `setting` is what named it. */
export function readInput(file: string, setting: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new UserError(`${setting}: cannot read '${file}': ${why}`, setting);
  }
}
