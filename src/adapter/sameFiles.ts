/** Whether the files that symbols were made of are the same still: then a restart keeps the symbols. */
import { isDeepStrictEqual } from 'node:util';
import type { FileBytes } from '../core/base/fileBytes.ts';
import type { SymbolFile } from '../core/debug/symbols/symbols.ts';

export function areSameFiles(a: readonly SymbolFile[], b: readonly SymbolFile[]): boolean {
  return a.length === b.length && a.every((file, i) => isSameFile(file, b[i]!));
}

function isSameFile(a: SymbolFile, b: SymbolFile): boolean {
  const { bytes: ours, open: _ours, ...rest } = a;
  const { bytes: theirs, open: _theirs, ...others } = b;
  return isDeepStrictEqual(rest, others) && isSameContent(ours, theirs);
}

function isSameContent(a: Uint8Array | FileBytes, b: Uint8Array | FileBytes): boolean {
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  return a.version !== undefined && a.version === b.version;
}
