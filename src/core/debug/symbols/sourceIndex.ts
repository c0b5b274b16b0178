/**
 * From sources to code: which sources there are, and where the code of a line begins. Line tables'
 * headers are read when first asked, and searched by file names; rows only of tables that name the
 * source, and paths only of files that have its name.
 */
import { normalizePath } from '../../formats/dwarf/paths.ts';
import type { LineRow } from '../../formats/dwarf/lineProgram.ts';
import { inlinedCallsAt } from './functions.ts';
import type { LineTable } from './lineTable.ts';
import { afterPrologue } from './prologue.ts';
import { SourceNames } from './sourceNames.ts';
import type { SymbolModule } from './symbolModule.ts';
import type { LineLocations } from './symbols.ts';

/** One of a source's line tables, and the numbers the source has in it. */
interface SourceUse {
  readonly module: SymbolModule;
  readonly table: LineTable;
  readonly files: ReadonlySet<number>;
}

interface Located {
  readonly module: SymbolModule;
  readonly address: bigint;
}

export class SourceIndex {
  private readonly modules: readonly { module: SymbolModule; names: SourceNames }[];
  private readonly usesByName = new Map<string, ReadonlyMap<string, readonly SourceUse[]>>();
  private readonly locations = new Map<string, LineLocations | undefined>();
  private allPaths: readonly string[] | undefined;

  constructor(modules: readonly SymbolModule[]) {
    this.modules = modules.map((module) => ({ module, names: new SourceNames(module) }));
  }

  get paths(): readonly string[] {
    this.allPaths ??= [...new Set(this.modules.flatMap(({ names }) => names.paths()))].sort();
    return this.allPaths;
  }

  find(path: string): string | undefined {
    const wanted = normalizePath(path);
    const parts = wanted.split('/');
    const candidates = this.usesNamed(parts.at(-1) ?? '');
    if (candidates.has(wanted)) return wanted;
    let best: string | undefined;
    let bestShared = 0;
    for (const candidate of [...candidates.keys()].sort()) {
      const shared = sharedTail(parts, candidate.split('/'));
      if (shared > bestShared) {
        best = candidate;
        bestShared = shared;
      }
    }
    return best;
  }

  locationsOfLine(path: string, line: number, column?: number): LineLocations | undefined {
    const found = this.find(path);
    if (found === undefined) return undefined;
    const key = `${line}:${column ?? ''} ${found}`;
    if (!this.locations.has(key)) this.locations.set(key, this.locate(found, line, column));
    return this.locations.get(key);
  }

  columnsOfLine(path: string, line: number): readonly number[] {
    const found = this.find(path);
    if (found === undefined) return [];
    const rows = this.usesOf(found).flatMap((use) => statements(use, line));
    const columns = rows.filter((row) => row.line === line && row.column > 0);
    return [...new Set(columns.map((row) => row.column))].sort((a, b) => a - b);
  }

  private locate(
    path: string,
    line: number,
    column: number | undefined,
  ): LineLocations | undefined {
    const uses = this.usesOf(path).map((use) => ({ ...use, rows: statements(use, line) }));
    const actual = uses.reduce(
      (least, { rows }) => rows.reduce((min, row) => Math.min(min, row.line), least),
      Infinity,
    );
    if (actual === Infinity) return undefined;
    const wanted = column === undefined ? undefined : this.columnAt(path, actual, column);
    const addresses = new Set<bigint>();
    for (const { module, rows } of uses) {
      const own = rows.filter(
        (row) => row.line === actual && (wanted === undefined || row.column === wanted),
      );
      for (const { address } of startsOfLine(module, own)) {
        addresses.add(address + module.relocation);
      }
    }
    const sorted = [...addresses].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return { path, line: actual, addresses: sorted, ...(wanted && { column: wanted }) };
  }

  /** The column that is asked for, or the next one that has code, or the last. */
  private columnAt(path: string, line: number, column: number): number | undefined {
    const columns = this.columnsOfLine(path, line);
    return columns.find((each) => each >= column) ?? columns.at(-1);
  }

  linesWithCode(path: string, first: number, last: number): readonly number[] {
    const found = this.find(path);
    if (found === undefined) return [];
    const lines = new Set<number>();
    for (const use of this.usesOf(found)) {
      for (const row of statements(use, first)) if (row.line <= last) lines.add(row.line);
    }
    return [...lines].sort((a, b) => a - b);
  }

  private usesOf(path: string): readonly SourceUse[] {
    return this.usesNamed(path.slice(path.lastIndexOf('/') + 1)).get(path) ?? [];
  }

  /** By path, uses of all sources of a file name. */
  private usesNamed(name: string): ReadonlyMap<string, readonly SourceUse[]> {
    const known = this.usesByName.get(name);
    if (known) return known;
    const uses = new Map<string, SourceUse[]>();
    for (const { module, names } of this.modules) {
      for (const { path, table, files } of names.named(name)) {
        const list = uses.get(path);
        if (list) list.push({ module, table, files });
        else uses.set(path, [{ module, table, files }]);
      }
    }
    this.usesByName.set(name, uses);
    return uses;
  }
}

/** Rows of a source from a line on. Optimised code has several at one address. */
function statements({ module, table, files }: SourceUse, first: number): readonly LineRow[] {
  return module.attempt(() => table.statements(files, first)) ?? [];
}

/**
 * Where a breakpoint on a line belongs: the first address of the line in each function, and in each
 * place that a function was inlined to. A loop comes back to its line at other addresses, which are
 * not beginnings of it.
 */
function startsOfLine(module: SymbolModule, rows: readonly LineRow[]): readonly Located[] {
  const starts = new Map<string, bigint>();
  for (const { address } of rows) {
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
