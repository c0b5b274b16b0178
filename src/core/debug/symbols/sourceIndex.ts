/**
 * From sources to code: which sources there are, and where the code of a line begins. Made of all
 * line tables' headers when first asked; rows are read only of tables that name the source.
 */
import { normalizePath } from '../../formats/dwarf/paths.ts';
import type { LineRow } from '../../formats/dwarf/lineProgram.ts';
import { inlinedCallsAt } from './functions.ts';
import { afterPrologue } from './prologue.ts';
import type { SourceUse, SymbolModule } from './symbolModule.ts';
import type { LineLocations } from './symbols.ts';

interface Located {
  readonly module: SymbolModule;
  readonly address: bigint;
}

export class SourceIndex {
  private readonly modules: readonly SymbolModule[];
  private usesByPath: Map<string, SourceUse[]> | undefined;
  private pathsByName: Map<string, string[]> | undefined;

  constructor(modules: readonly SymbolModule[]) {
    this.modules = modules;
  }

  get paths(): readonly string[] {
    return [...this.uses.keys()].sort();
  }

  find(path: string): string | undefined {
    const wanted = normalizePath(path);
    if (this.uses.has(wanted)) return wanted;
    const parts = wanted.split('/');
    let best: string | undefined;
    let bestShared = 0;
    for (const candidate of this.candidates(parts.at(-1) ?? '')) {
      const shared = sharedTail(parts, candidate.split('/'));
      if (shared > bestShared) {
        best = candidate;
        bestShared = shared;
      }
    }
    return best;
  }

  locationsOfLine(path: string, line: number): LineLocations | undefined {
    const found = this.find(path);
    if (found === undefined) return undefined;
    const uses = this.uses.get(found) ?? [];
    const actual = this.firstLineWithCode(uses, line);
    if (actual === undefined) return undefined;
    const addresses = new Set<bigint>();
    for (const use of uses) {
      for (const { module, address } of startsOfLine(use, actual)) {
        addresses.add(address + module.relocation);
      }
    }
    const sorted = [...addresses].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return { path: found, line: actual, addresses: sorted };
  }

  linesWithCode(path: string, first: number, last: number): readonly number[] {
    const found = this.find(path);
    if (found === undefined) return [];
    const lines = new Set<number>();
    for (const use of this.uses.get(found) ?? []) {
      for (const row of codeRows(use)) {
        if (row.line >= first && row.line <= last) lines.add(row.line);
      }
    }
    return [...lines].sort((a, b) => a - b);
  }

  private firstLineWithCode(uses: readonly SourceUse[], line: number): number | undefined {
    let best: number | undefined;
    for (const use of uses) {
      for (const row of codeRows(use)) {
        if (row.line >= line && (best === undefined || row.line < best)) best = row.line;
      }
    }
    return best;
  }

  private get uses(): ReadonlyMap<string, readonly SourceUse[]> {
    if (this.usesByPath) return this.usesByPath;
    const uses = new Map<string, SourceUse[]>();
    for (const module of this.modules) {
      module.eachSource((path, use) => {
        const list = uses.get(path);
        if (list) list.push(use);
        else uses.set(path, [use]);
      });
    }
    this.usesByPath = uses;
    return uses;
  }

  private candidates(name: string): readonly string[] {
    if (!this.pathsByName) {
      this.pathsByName = new Map();
      for (const path of this.paths) {
        const key = path.slice(path.lastIndexOf('/') + 1);
        const list = this.pathsByName.get(key);
        if (list) list.push(path);
        else this.pathsByName.set(key, [path]);
      }
    }
    return this.pathsByName.get(name) ?? [];
  }
}

/** Rows of a source that begin a statement. Optimised code has several at one address. */
function codeRows(use: SourceUse): readonly LineRow[] {
  const sequences = use.module.attempt(() => use.table.sequences) ?? [];
  return sequences.flatMap(({ rows }) =>
    rows.filter((r) => r.isStmt && !r.endSequence && r.line !== 0 && use.files.has(r.file)),
  );
}

/**
 * Where a breakpoint on a line belongs: the first address of the line in each function, and in each
 * place that a function was inlined to. A loop comes back to its line at other addresses, which are
 * not beginnings of it.
 */
function startsOfLine(use: SourceUse, line: number): readonly Located[] {
  const { module } = use;
  const starts = new Map<string, bigint>();
  for (const row of codeRows(use)) {
    if (row.line !== line) continue;
    const { address } = row;
    const scope = module.attempt(() => scopeKey(module, address)) ?? `0x${address.toString(16)}`;
    const known = starts.get(scope);
    if (known === undefined || address < known) starts.set(scope, address);
  }
  return [...starts.values()].map((address) => ({
    module,
    address: module.attempt(() => skipPrologue(module, address)) ?? address,
  }));
}

/** The same for all addresses of one function, or of one inlined call in it. */
function scopeKey(module: SymbolModule, address: bigint): string {
  const entry = module.functionAt(address);
  // Without a function, as in hand-written code, every place counts.
  if (!entry) return `0x${address.toString(16)}`;
  const call = inlinedCallsAt(entry.die, address).at(-1);
  return `${entry.die.offset} ${call?.offset ?? ''}`;
}

/** A breakpoint on the line of a function's opening brace belongs after its prologue. */
function skipPrologue(module: SymbolModule, address: bigint): bigint {
  const unit = module.unitAt(address);
  const range = module.functionAt(address)?.ranges[0];
  if (!unit || !range || range.low !== address || module.isAssembly(unit)) return address;
  return afterPrologue(module, range.low, range.high);
}

function sharedTail(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a.at(-1 - shared) === b.at(-1 - shared))
    shared++;
  return shared;
}
