/**
 * Directories or files of a line table (DWARF 5, sections 6.2.4 and 6.2.4.1). Big programs name
 * millions of them: of each only the place of its name and its directory are kept.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { endOfText } from '../../base/stringTable.ts';
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

  /** `names` are places in the section, or else texts. */
  constructor(
    sections: DwarfSections,
    section: StringSection | undefined,
    names: Uint32Array | readonly string[],
    directories: Uint32Array,
  ) {
    this.sections = sections;
    this.section = section;
    this.count = names.length;
    this.places = names instanceof Uint32Array ? names : noPlaces;
    this.texts = names instanceof Uint32Array ? [] : names;
    this.directories = directories;
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

  /** Indexes of the entries whose names are at marked places of their section. */
  at(marks: Uint8Array): readonly number[] {
    const { places } = this;
    const found: number[] = [];
    for (let i = 0; i < places.length; i++) if (marks[places[i] ?? 0] === 1) found.push(i);
    return found;
  }
}

const noPlaces = new Uint32Array(0);
const NUL = 0;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/**
 * Marks, with a 1, every place of a section of strings at which one begins that is a file name, or a
 * path that ends with it. Linkers let a string begin within another one.
 */
export function placesOfFile(
  sections: DwarfSections,
  section: StringSection,
  fileName: string,
): Uint8Array {
  const reader = sections.reader(section);
  const strings = reader.block(reader.remaining);
  const marks = new Uint8Array(strings.length);
  const wanted = new TextEncoder().encode(fileName);
  for (let end = strings.indexOf(NUL); end >= 0; end = strings.indexOf(NUL, end + 1)) {
    const start = end - wanted.length;
    if (start < 0 || endOfText(strings, start, wanted) < 0) continue;
    marks[start] = 1;
    const before = strings[start - 1];
    if (before !== SLASH && before !== BACKSLASH) continue;
    for (let i = start - 1; i >= 0 && strings[i] !== NUL; i--) marks[i] = 1;
  }
  return marks;
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
  // Each entry takes a byte at least.
  if (count > reader.remaining) throw reader.error(`a table of ${count} files is truncated`);
  const pathForm = formats.findLast(({ content }) => content === DW_LNCT.path)?.form;
  const section = sectionOf(pathForm);
  const texts: string[] = [];
  const places = new Uint32Array(section === undefined ? 0 : count);
  const directories = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    if (section === undefined) texts.push('');
    for (const { content, form } of formats) {
      if (content === DW_LNCT.path && form === pathForm) {
        if (section === undefined) texts[i] = text(reader, form, encoding);
        else places[i] = readOffset(reader, encoding);
      } else if (content === DW_LNCT.directory_index) {
        directories[i] = readIndex(reader, form, encoding);
      } else {
        // Time, size and MD5 are of no use where the source cannot be compared.
        skipForm(reader, form, encoding);
      }
    }
    if (reader.offset === start) throw reader.error('a file entry has no bytes');
  }
  return new LineEntries(sections, section, section === undefined ? texts : places, directories);
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
