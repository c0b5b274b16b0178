/**
 * Header of a line number program, versions 2 to 5 (DWARF 5, section 6.2.4): directories, files and
 * the parameters of the state machine in lineProgram.ts.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_LNCT } from './constants.ts';
import { readForm, readOffset, type AttributeValue, type Encoding } from './forms.ts';
import { joinPath } from './paths.ts';
import type { DwarfSections } from './sections.ts';
import { readInitialLength } from './unit.ts';

export interface LineFile {
  readonly name: string;
  /** Index into `directories`. */
  readonly directory: number;
}

export interface LineHeader extends Encoding {
  /** Offset of the header, of the program, and after it. */
  readonly offset: number;
  readonly programOffset: number;
  readonly end: number;
  readonly minimumInstructionLength: number;
  readonly maximumOperationsPerInstruction: number;
  readonly defaultIsStmt: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Number of LEB128 operands of each standard opcode, from opcode 1 at index 0. */
  readonly standardOpcodeLengths: readonly number[];
  readonly directories: readonly string[];
  /** By the number that rows use: the first is 0 in version 5 and 1, with a hole at 0, before. */
  readonly files: readonly (LineFile | undefined)[];
}

export function readLineHeader(
  sections: DwarfSections,
  offset: number,
  unitAddressSize: number,
  compilationDirectory: string,
): LineHeader {
  const reader = sections.reader('line', offset);
  const { length, offsetSize } = readInitialLength(reader);
  const end = reader.offset + length;
  if (end > reader.end) throw reader.error('a line number program is truncated', offset);
  const version = reader.u16();
  if (version < 2 || version > 5) {
    throw reader.error(`line table version ${version} is not supported`, offset);
  }
  const addressSize = version >= 5 ? reader.u8() : unitAddressSize;
  if (version >= 5) reader.skip(1);
  const headerLength = readOffset(reader, { offsetSize });
  const programOffset = reader.offset + headerLength;
  if (programOffset > end) throw reader.error('a line number header is truncated', offset);
  const header = reader.slice(reader.offset, programOffset);
  const minimumInstructionLength = header.u8();
  const maximumOperationsPerInstruction = version >= 4 ? header.u8() : 1;
  const defaultIsStmt = header.u8() !== 0;
  const lineBase = header.i8();
  const lineRange = header.u8();
  if (lineRange === 0) throw header.error('line_range is 0', offset);
  const opcodeBase = header.u8();
  const standardOpcodeLengths: number[] = [];
  for (let i = 1; i < opcodeBase; i++) standardOpcodeLengths.push(header.u8());
  const encoding: Encoding = { version, addressSize, offsetSize };
  const { directories, files } =
    version >= 5
      ? readTables(header, sections, encoding)
      : readOldTables(header, compilationDirectory);
  return {
    ...encoding,
    offset,
    programOffset,
    end,
    minimumInstructionLength,
    maximumOperationsPerInstruction,
    defaultIsStmt,
    lineBase,
    lineRange,
    opcodeBase,
    standardOpcodeLengths,
    directories,
    files,
  };
}

/** Path of a file by its number, joined with its directory and the compilation directory. */
export function filePath(
  header: Pick<LineHeader, 'files' | 'directories'>,
  file: number,
  compilationDirectory: string,
): string | undefined {
  const entry = header.files[file];
  if (!entry) return undefined;
  // Directory 0 is the compilation directory itself, and may be a relative one.
  if (entry.directory === 0) {
    return joinPath(header.directories[0] ?? compilationDirectory, entry.name);
  }
  const directory = header.directories[entry.directory] ?? '';
  return joinPath(compilationDirectory, joinPath(directory, entry.name));
}

interface Tables {
  readonly directories: readonly string[];
  readonly files: readonly (LineFile | undefined)[];
}

/** Versions 2 to 4: directory 0 is the compilation directory, files count from 1. */
function readOldTables(reader: ByteReader, compilationDirectory: string): Tables {
  const directories = [compilationDirectory];
  for (;;) {
    const directory = reader.cstring();
    if (directory === '') break;
    directories.push(directory);
  }
  const files: (LineFile | undefined)[] = [undefined];
  for (;;) {
    const name = reader.cstring();
    if (name === '') break;
    files.push({ name, directory: reader.uleb() });
    // Time of last modification and length in bytes.
    reader.uleb();
    reader.uleb();
  }
  return { directories, files };
}

function readTables(reader: ByteReader, sections: DwarfSections, encoding: Encoding): Tables {
  const directories = readEntries(reader, sections, encoding).map((entry) => entry.name);
  const files = readEntries(reader, sections, encoding);
  return { directories, files };
}

function readEntries(
  reader: ByteReader,
  sections: DwarfSections,
  encoding: Encoding,
): readonly LineFile[] {
  const formats: { content: number; form: number }[] = [];
  const formatCount = reader.u8();
  for (let i = 0; i < formatCount; i++) {
    formats.push({ content: reader.uleb(), form: reader.uleb() });
  }
  const count = reader.uleb();
  if (count > 0 && formats.length === 0) throw reader.error('file entries have no format');
  const entries: LineFile[] = [];
  for (let i = 0; i < count; i++) {
    let name = '';
    let directory = 0;
    const start = reader.offset;
    for (const { content, form } of formats) {
      const value = readForm(reader, form, 0n, encoding);
      if (content === DW_LNCT.path) name = text(value, sections);
      else if (content === DW_LNCT.directory_index && value.kind === 'constant') {
        directory = Number(value.value);
      }
    }
    if (reader.offset === start) throw reader.error('a file entry has no bytes');
    entries.push({ name, directory });
  }
  return entries;
}

function text(value: AttributeValue, sections: DwarfSections): string {
  if (value.kind === 'string') return value.text;
  if (value.kind === 'stringOffset') return sections.reader(value.section, value.offset).cstring();
  return '';
}
