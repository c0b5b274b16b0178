/**
 * Directories or files of a line table (DWARF 5, sections 6.2.4 and 6.2.4.1). Big programs name
 * millions of them: of each only the place of its name and its directory are kept.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_FORM, DW_LNCT } from './constants.ts';
import { readForm, readOffset, skipForm, type Encoding } from './forms.ts';
import type { DwarfSections } from './sections.ts';

type StringSection = 'str' | 'line_str';

export class LineEntries {
  readonly count: number;
  /** The section that all names are in; undefined when they stand in the table itself. */
  readonly section: StringSection | undefined;
  private readonly sections: DwarfSections;
  private readonly places: Uint32Array;
  private readonly texts: readonly string[];
  private readonly directories: Uint32Array;

  constructor(
    sections: DwarfSections,
    section: StringSection | undefined,
    names: readonly (string | number)[],
    directories: readonly number[],
  ) {
    this.sections = sections;
    this.section = section;
    this.count = names.length;
    const isPlace = (name: string | number) => typeof name === 'number';
    this.places = Uint32Array.from(section === undefined ? [] : names.filter(isPlace));
    this.texts = section === undefined ? names.map(String) : [];
    this.directories = Uint32Array.from(directories);
  }

  name(index: number): string | undefined {
    if (!(index >= 0 && index < this.count)) return undefined;
    if (this.section === undefined) return this.texts[index];
    return this.sections.string(this.section, this.places[index] ?? 0);
  }

  /** Where a name is in its section. */
  place(index: number): number {
    return this.places[index] ?? 0;
  }

  directory(index: number): number {
    return this.directories[index] ?? 0;
  }
}

/** Tables of version 5, which say how their entries are written. */
export function readEntries(
  reader: ByteReader,
  sections: DwarfSections,
  encoding: Encoding,
): LineEntries {
  const formats: { content: number; form: number }[] = [];
  const formatCount = reader.u8();
  for (let i = 0; i < formatCount; i++) {
    formats.push({ content: reader.uleb(), form: reader.uleb() });
  }
  const count = reader.uleb();
  if (count > 0 && formats.length === 0) throw reader.error('file entries have no format');
  const pathForm = formats.findLast(({ content }) => content === DW_LNCT.path)?.form;
  const section = sectionOf(pathForm);
  const names: (string | number)[] = [];
  const directories: number[] = [];
  for (let i = 0; i < count; i++) {
    let name: string | number = section === undefined ? '' : 0;
    let directory = 0;
    const start = reader.offset;
    for (const { content, form } of formats) {
      if (content === DW_LNCT.path && form === pathForm) {
        name = section === undefined ? text(reader, form, encoding) : readOffset(reader, encoding);
      } else if (content === DW_LNCT.directory_index) {
        directory = readIndex(reader, form, encoding);
      } else {
        // Time, size and MD5 are of no use where the source cannot be compared.
        skipForm(reader, form, encoding);
      }
    }
    if (reader.offset === start) throw reader.error('a file entry has no bytes');
    names.push(name);
    directories.push(directory);
  }
  return new LineEntries(sections, section, names, directories);
}

function sectionOf(form: number | undefined): StringSection | undefined {
  if (form === DW_FORM.line_strp) return 'line_str';
  return form === DW_FORM.strp ? 'str' : undefined;
}

function text(reader: ByteReader, form: number, encoding: Encoding): string {
  const value = readForm(reader, form, 0n, encoding);
  return value.kind === 'string' ? value.text : '';
}

function readIndex(reader: ByteReader, form: number, encoding: Encoding): number {
  if (form === DW_FORM.udata) return reader.uleb();
  const value = readForm(reader, form, 0n, encoding);
  return value.kind === 'constant' ? Number(value.value) : 0;
}
