/**
 * Where the sources that a compiler recorded are on this disk, and back. Recorded paths are tried
 * through `sourceMap`, then as they are, then from `cwd` and from the program's folder.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import type { ProgramSymbols } from '../core/debug/symbols/symbols.ts';

export interface SourcePathOptions {
  readonly sourceMap: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly program: string;
}

export class SourcePaths {
  private readonly options: SourcePathOptions;
  private readonly symbols: ProgramSymbols;
  private readonly local = new Map<string, string | undefined>();
  private readonly exists: (file: string) => boolean;

  constructor(
    symbols: ProgramSymbols,
    options: SourcePathOptions,
    exists: (file: string) => boolean = existsSync,
  ) {
    this.symbols = symbols;
    this.options = options;
    this.exists = exists;
  }

  /** The file on disk behind a recorded path, undefined when it is nowhere. */
  toLocal(recorded: string): string | undefined {
    if (!this.local.has(recorded)) {
      this.local.set(recorded, this.candidates(recorded).find(this.exists));
    }
    return this.local.get(recorded);
  }

  /** The recorded path that a file on disk stands for. */
  toRecorded(local: string): string | undefined {
    const wanted = path.normalize(local);
    return (
      this.symbols.sources.find((recorded) => this.toLocal(recorded) === wanted) ??
      this.symbols.findSource(local)
    );
  }

  private candidates(recorded: string): string[] {
    const { cwd, program, sourceMap } = this.options;
    const mapped = Object.entries(sourceMap)
      .filter(([prefix]) => isUnder(recorded, prefix))
      .sort(([a], [b]) => b.length - a.length)
      .map(([prefix, folder]) => path.join(folder, recorded.slice(prefix.length)));
    const folders = [cwd, path.dirname(path.resolve(cwd, program))];
    return [...mapped, recorded, ...folders.map((folder) => path.resolve(folder, recorded))]
      .filter((file) => path.isAbsolute(file))
      .map((file) => path.normalize(file));
  }
}

/** `sourceMap` of a launch, checked. */
export function parseSourceMap(value: unknown, cwd: string): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const ok =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((folder) => typeof folder === 'string');
  if (!ok) {
    const allowed = '{ "recorded prefix": "folder", … }';
    throw new UserError(`sourceMap: ${JSON.stringify(value)} is not ${allowed}`, 'sourceMap');
  }
  const entries = Object.entries(value as Record<string, string>);
  return Object.fromEntries(entries.map(([from, to]) => [from, path.resolve(cwd, to)]));
}

function isUnder(file: string, prefix: string): boolean {
  if (!file.startsWith(prefix)) return false;
  const next = file[prefix.length];
  return prefix.endsWith('/') || next === undefined || next === '/' || next === '\\';
}
