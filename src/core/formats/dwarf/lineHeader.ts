/**
 * Header of a line number program, versions 2 to 5 (DWARF 5, section 6.2.4): directories, files and
 * the parameters of the state machine in lineProgram.ts.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { readOffset, type Encoding } from './forms.ts';
import { LineEntries, readEntries } from './lineEntries.ts';
import { joinPath } from './paths.ts';
import type { DwarfSections } from './sections.ts';
import { readInitialLength } from './unit.ts';

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
  readonly directories: LineEntries;
  /** By the number that rows use, less `firstFile`: 0 in version 5, 1 before. */
  readonly files: LineEntries;
  readonly firstFile: 0 | 1;
}

/**
 * Offsets of the tables in their section, where they follow one another; `broken` ends the list when
 * one is not of version 5, whose header would need its unit to be understood.
 */
export function* lineTableOffsets(sections: DwarfSections): Generator<number | 'broken'> {
  const reader = sections.reader('line');
  while (!reader.atEnd) {
    const start = reader.offset;
    const { length } = readInitialLength(reader);
    const end = reader.offset + length;
    if (end > reader.end || reader.u16() !== 5) {
      yield 'broken';
      return;
    }
    yield start;
    reader.seek(end);
  }
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
      ? {
          directories: readEntries(header, sections, encoding),
          files: readEntries(header, sections, encoding),
        }
      : readOldTables(header, sections, compilationDirectory);
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
    firstFile: version >= 5 ? 0 : 1,
  };
}

/** Path of a file by its number, joined with its directory and the compilation directory. */
export function filePath(
  header: {
    readonly files: Pick<LineEntries, 'name' | 'directory'>;
    readonly directories: Pick<LineEntries, 'name'>;
    readonly firstFile: 0 | 1;
  },
  file: number,
  compilationDirectory: string,
): string | undefined {
  const index = file - header.firstFile;
  const name = header.files.name(index);
  if (name === undefined) return undefined;
  const directory = header.files.directory(index);
  // Directory 0 is the compilation directory itself, and may be a relative one.
  if (directory === 0) return joinPath(header.directories.name(0) ?? compilationDirectory, name);
  return joinPath(compilationDirectory, joinPath(header.directories.name(directory) ?? '', name));
}

/** Versions 2 to 4: directory 0 is the compilation directory, files count from 1. */
function readOldTables(
  reader: ByteReader,
  sections: DwarfSections,
  compilationDirectory: string,
): Pick<LineHeader, 'directories' | 'files'> {
  const directories = [compilationDirectory];
  for (;;) {
    const directory = reader.cstring();
    if (directory === '') break;
    directories.push(directory);
  }
  const files: string[] = [];
  const indexes: number[] = [];
  for (;;) {
    const name = reader.cstring();
    if (name === '') break;
    files.push(name);
    indexes.push(reader.uleb());
    // Time of last modification and length in bytes.
    reader.uleb();
    reader.uleb();
  }
  return {
    directories: new LineEntries(sections, undefined, directories, new Uint32Array(0)),
    files: new LineEntries(sections, undefined, files, Uint32Array.from(indexes)),
  };
}
