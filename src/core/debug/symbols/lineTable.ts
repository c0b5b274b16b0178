/**
 * The line table of one unit as a debugger wants it: sequences of code that is really there, rows
 * with paths. Headers are read at once, rows when they are first needed. Addresses are the file's.
 */
import { filePath, readLineHeader, type LineHeader } from '../../formats/dwarf/lineHeader.ts';
import {
  runLineProgram,
  type LineRow,
  type LineSequence,
} from '../../formats/dwarf/lineProgram.ts';
import { normalizePath } from '../../formats/dwarf/paths.ts';
import type { DwarfSections } from '../../formats/dwarf/sections.ts';

export interface RowRange {
  readonly row: LineRow;
  readonly low: bigint;
  readonly high: bigint;
}

export class LineTable {
  readonly header: LineHeader;
  private readonly sections: DwarfSections;
  private readonly directory: string | undefined;
  private readonly pathsByFile = new Map<number, string | undefined>();
  private sorted: readonly LineSequence[] | undefined;

  /** Of a table of version 5 the compilation directory is known without its unit. */
  constructor(
    sections: DwarfSections,
    offset: number,
    addressSize: number,
    compilationDirectory?: string,
  ) {
    this.sections = sections;
    this.header = readLineHeader(sections, offset, addressSize, compilationDirectory ?? '');
    this.directory = compilationDirectory;
  }

  /** Path of a file by the number that rows use; normalised. */
  path(file: number): string | undefined {
    if (!this.pathsByFile.has(file)) {
      const directory = this.directory ?? this.header.directories.name(0) ?? '';
      const path = filePath(this.header, file, directory);
      this.pathsByFile.set(file, path === undefined ? undefined : normalizePath(path));
    }
    return this.pathsByFile.get(file);
  }

  /** Numbers of all files. */
  *fileNumbers(): Generator<number> {
    const { files, firstFile } = this.header;
    for (let i = 0; i < files.count; i++) yield i + firstFile;
  }

  /** Ascending by address. Linkers leave sequences of discarded code; they are not here. */
  get sequences(): readonly LineSequence[] {
    this.sorted ??= this.real(runLineProgram(this.sections, this.header)).sort((a, b) =>
      a.low < b.low ? -1 : a.low > b.low ? 1 : 0,
    );
    return this.sorted;
  }

  /**
   * Rows of some files that begin a statement, from a line on. Of a table that nobody has asked for
   * an address they are found without keeping the others.
   */
  statements(files: ReadonlySet<number>, firstLine: number): readonly LineRow[] {
    const wanted = (file: number, line: number) => line >= firstLine && files.has(file);
    const isStatement = (r: LineRow) =>
      r.isStmt && !r.endSequence && r.line !== 0 && wanted(r.file, r.line);
    const all = this.sorted ?? this.real(runLineProgram(this.sections, this.header, wanted));
    return all.flatMap(({ rows }) => rows.filter(isStatement));
  }

  private real(sequences: readonly LineSequence[]): LineSequence[] {
    return sequences.filter((s) => s.low < s.high && this.sections.covers(s.low));
  }

  sequenceAt(address: bigint): LineSequence | undefined {
    return this.sequences.find((s) => address >= s.low && address < s.high);
  }

  /**
   * The row that describes the instruction at an address. Code of no line (line 0) belongs to the
   * row before it, as in gdb.
   */
  rowAt(address: bigint): RowRange | undefined {
    const rows = this.sequenceAt(address)?.rows;
    if (!rows) return undefined;
    const last = lastUpTo(rows, address);
    const next = rows[last + 1];
    let index = last;
    while (index > 0 && shown(rows, index)?.line === 0) index = previousVisible(rows, index);
    const row = shown(rows, index);
    return row && next && { row, low: row.address, high: next.address };
  }

  /**
   * The adjacent rows around an address with the same file and line. Rows that begin no statement
   * and rows of line 0, which is code of no line, belong to the row before them.
   */
  lineAt(address: bigint): RowRange | undefined {
    const rows = this.sequenceAt(address)?.rows;
    if (!rows) return undefined;
    let first = lastUpTo(rows, address);
    while (first > 0 && continues(rows, first)) first = previousVisible(rows, first);
    const row = shown(rows, first);
    if (!row) return undefined;
    const same = (index: number) => {
      const other = shown(rows, index);
      if (other === undefined || other.endSequence) return false;
      return continues(rows, index) || (other.line === row.line && other.file === row.file);
    };
    let last = first;
    while (isHidden(rows, last + 1) || same(last + 1)) last++;
    for (let i = first - 1; i >= 0; i--) {
      if (isHidden(rows, i)) continue;
      if (!same(i)) break;
      if (!continues(rows, i)) first = i;
    }
    const start = shown(rows, first) ?? row;
    return { row: start, low: start.address, high: rows[last + 1]?.address ?? address };
  }
}

/** Index of the last row at or before an address. */
function lastUpTo(rows: readonly LineRow[], address: bigint): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.address ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Of several rows at one address, the last of which is at `index`, the one that counts: the last
 * that begins a statement, which a breakpoint on its line stops at; compilers with location views
 * often add others behind it. The last one of the same line knows the column best.
 */
function shown(rows: readonly LineRow[], index: number): LineRow | undefined {
  const row = rows[index];
  for (let i = index; rows[i]?.address === row?.address && i >= 0; i--) {
    const other = rows[i];
    if (!row || row.endSequence || !other?.isStmt || other.line === 0) continue;
    const isSame = other.line === row.line && other.file === row.file;
    return isSame ? { ...row, isStmt: true } : other;
  }
  return row;
}

/** Whether a row begins no statement. */
function continues(rows: readonly LineRow[], index: number): boolean {
  const row = shown(rows, index);
  return row !== undefined && (row.line === 0 || !row.isStmt);
}

/** True for a row without code: another one follows at the same address. */
function isHidden(rows: readonly LineRow[], index: number): boolean {
  const row = rows[index];
  return row !== undefined && !row.endSequence && rows[index + 1]?.address === row.address;
}

function previousVisible(rows: readonly LineRow[], index: number): number {
  let i = index - 1;
  while (i > 0 && isHidden(rows, i)) i--;
  return i;
}
