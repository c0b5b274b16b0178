/**
 * Finds sources of one module by their file name without making the paths of all others: line tables
 * of a kernel name millions of files by some thousand strings.
 */
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
    const known = { str: new Map<number, boolean>(), line_str: new Map<number, boolean>() };
    for (const table of this.module.allLineTables) {
      const { files } = table.header;
      const numbers = new Map<string, Set<number>>();
      for (let i = 0; i < files.count; i++) {
        const places = files.section && known[files.section];
        let isNamed = places?.get(files.place(i));
        if (isNamed === undefined) {
          isNamed = fileName(this.module.attempt(() => files.name(i)) ?? '') === name;
          places?.set(files.place(i), isNamed);
        }
        if (isNamed) this.note(table, i + table.header.firstFile, numbers);
      }
      for (const [path, own] of numbers) found.push({ path, table, files: own });
    }
    return found;
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

function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
