/**
 * Finds sources of one module by their file name without making the paths of all others: line tables
 * of a kernel name millions of files by some thousand strings.
 */
import { placesOfFile, type LineEntries } from '../../formats/dwarf/lineEntries.ts';
import type { LineTable } from './lineTable.ts';
import type { SymbolModule } from './symbolModule.ts';

export interface NamedSource {
  readonly path: string;
  readonly table: LineTable;
  /** The numbers that the source has in the table. */
  readonly files: ReadonlySet<number>;
}

export class SourceNames {
  private readonly module: SymbolModule;

  constructor(module: SymbolModule) {
    this.module = module;
  }

  paths(): readonly string[] {
    const found = new Set<string>();
    // Tables name the same files by the same places: each pair of them is one path.
    const known = new Set<string>();
    for (const table of this.module.allLineTables) {
      const { files, directories, section, root } = placesOf(table);
      for (const number of table.fileNumbers()) {
        const index = number - table.header.firstFile;
        if (section !== undefined) {
          const key = `${root} ${directories.place(files.directory(index))} ${files.place(index)}`;
          if (known.has(key)) continue;
          known.add(key);
        }
        const path = this.module.attempt(() => table.path(number));
        if (path !== undefined) found.add(path);
      }
    }
    return [...found];
  }

  /** Sources whose path ends with a file name, by table. */
  named(name: string): readonly NamedSource[] {
    const found: NamedSource[] = [];
    const marks: Partial<Record<'str' | 'line_str', Uint8Array>> = {};
    for (const table of this.module.allLineTables) {
      const { files, firstFile } = table.header;
      const { section } = files;
      const own = section && (marks[section] ??= this.placesOfFile(section, name));
      const indexes = own ? files.at(own) : indexesNamed(files, name);
      const numbers = new Map<string, Set<number>>();
      for (const index of indexes) this.note(table, index + firstFile, numbers);
      for (const [path, all] of numbers) found.push({ path, table, files: all });
    }
    return found;
  }

  private placesOfFile(section: 'str' | 'line_str', name: string): Uint8Array {
    const { module } = this;
    return module.attempt(() => placesOfFile(module.sections, section, name)) ?? new Uint8Array(0);
  }

  private note(table: LineTable, number: number, numbers: Map<string, Set<number>>): void {
    const path = this.module.attempt(() => table.path(number));
    if (path === undefined) return;
    const files = numbers.get(path);
    if (files) files.add(number);
    else numbers.set(path, new Set([number]));
  }
}

function placesOf({ header: { files, directories } }: LineTable) {
  // Places tell paths apart only where files and directories have them in the same section.
  const section = files.section === directories.section ? files.section : undefined;
  return { files, directories, section, root: section === undefined ? 0 : directories.place(0) };
}

/** Of tables that have the names in themselves. */
function indexesNamed(files: LineEntries, name: string): readonly number[] {
  const found: number[] = [];
  for (let i = 0; i < files.count; i++) if (fileName(files.name(i) ?? '') === name) found.push(i);
  return found;
}

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
