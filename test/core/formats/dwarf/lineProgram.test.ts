import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { placesOfFile } from '../../../../src/core/formats/dwarf/lineEntries.ts';
import { readLineHeader } from '../../../../src/core/formats/dwarf/lineHeader.ts';
import { runLineProgram } from '../../../../src/core/formats/dwarf/lineProgram.ts';
import { DwarfSections } from '../../../../src/core/formats/dwarf/sections.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { build, fixtures, run } from './fixtures.ts';

interface DumpedTable {
  readonly offset: number;
  readonly files: string[];
  readonly rows: string[];
}

/** The tables as `llvm-dwarfdump --debug-line` prints them. */
function dumpTables(file: string): readonly DumpedTable[] {
  const tables: DumpedTable[] = [];
  let number = '';
  let name = '';
  for (const line of run('llvm-dwarfdump', ['--debug-line', file]).split('\n')) {
    const table = tables.at(-1);
    const start = /^debug_line\[(0x[0-9a-f]+)\]/.exec(line);
    if (start) tables.push({ offset: Number(start[1]), files: [], rows: [] });
    number = /^file_names\[ *(\d+)\]/.exec(line)?.[1] ?? number;
    name = /^ +name: "(.*)"$/.exec(line)?.[1] ?? name;
    const directory = /^ +dir_index: (\d+)$/.exec(line);
    if (directory) table?.files.push(`${number} ${directory[1]} ${name}`);
    const row = /^(0x[0-9a-f]+) +(\d+) +(\d+) +(\d+) +\d+ +\d+ *(.*)$/.exec(line);
    if (!row) continue;
    const flags = (row[5] ?? '').split(' ').filter((f) => /is_stmt|prologue_end|end_seq/.test(f));
    table?.rows.push([BigInt(row[1] ?? 0), row[2], row[3], row[4], ...flags].join(' '));
  }
  return tables;
}

describe('line number programs', () => {
  for (const fixture of fixtures) {
    it(`gives the rows and files that llvm-dwarfdump gives: ${fixture.name}`, () => {
      const file = build(fixture);
      const elf = new ElfFile(readFileSync(file), file);
      const sections = new DwarfSections(elf);
      const tables = dumpTables(file);
      assert.ok(tables.length >= 3, 'a table for each source');
      for (const table of tables) {
        const header = readLineHeader(sections, table.offset, sections.addressSize, '');
        const files = Array.from({ length: header.files.count }, (_, i) =>
          [i + header.firstFile, header.files.directory(i), header.files.name(i)].join(' '),
        );
        assert.deepEqual(files, table.files);
        const rows = runLineProgram(sections, header).flatMap(({ rows }) =>
          rows.map((row) =>
            [
              row.address,
              row.line,
              row.column,
              row.file,
              ...(row.isStmt ? ['is_stmt'] : []),
              ...(row.prologueEnd ? ['prologue_end'] : []),
              ...(row.endSequence ? ['end_sequence'] : []),
            ].join(' '),
          ),
        );
        assert.ok(rows.length > 5);
        assert.deepEqual(rows, table.rows);
      }
    });
  }

  it('finds where strings of a section begin that are paths of a file name', () => {
    let known = 0;
    for (const fixture of fixtures) {
      const file = build(fixture);
      const sections = new DwarfSections(new ElfFile(readFileSync(file), file));
      if (!sections.has('line_str')) continue;
      const { end } = sections.reader('line_str');
      const texts = Array.from({ length: end }, (_, at) => sections.string('line_str', at));
      const names = texts.map((text) => text.slice(text.lastIndexOf('/') + 1));
      for (const wanted of new Set(names)) {
        const expected = names.map((name) => (name === wanted ? 1 : 0));
        assert.deepEqual([...placesOfFile(sections, 'line_str', wanted)], expected, wanted);
        known++;
      }
    }
    assert.ok(known > 100, `${known} names`);
  });
});
