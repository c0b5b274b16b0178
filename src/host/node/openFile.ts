/**
 * Files that are read in ranges, however large they are: debug information is looked at here and
 * there. A file stays open as long as somebody refers to it.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FileBytes } from '../../core/base/fileBytes.ts';
import { unreadable } from './launchFiles.ts';

const open = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

class OpenFile implements FileBytes {
  readonly size: number;
  readonly version: string;
  private readonly descriptor: number;

  constructor(name: string) {
    this.descriptor = openSync(name, 'r');
    open.register(this, this.descriptor);
    const { dev, ino, size, mtimeNs } = fstatSync(this.descriptor, { bigint: true });
    this.size = Number(size);
    this.version = `${dev} ${ino} ${size} ${mtimeNs}`;
  }

  read(offset: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    let count = 0;
    while (count < size) {
      const more = readSync(this.descriptor, bytes, count, size - count, offset + count);
      if (more === 0) return bytes.subarray(0, count);
      count += more;
    }
    return bytes;
  }
}

/** Undefined when there is no such file, or it cannot be read. */
export function openFile(name: string): FileBytes | undefined {
  try {
    return statSync(name).isFile() ? new OpenFile(name) : undefined;
  } catch {
    return undefined;
  }
}

/** A file that the setting `attribute` names, a relative path from a folder. */
export function openInput(attribute: string, file: string, folder: string): FileBytes {
  try {
    const name = path.resolve(folder, file);
    const opened = new OpenFile(name);
    // A folder can be opened, but not read.
    opened.read(0, Math.min(1, opened.size));
    return opened;
  } catch (error) {
    throw unreadable(attribute, file, error as NodeJS.ErrnoException);
  }
}
