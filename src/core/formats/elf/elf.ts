/**
 * ELF files, 32 and 64 bit, little-endian: header, program headers, sections and symbols (System V
 * gABI, chapters 4 and 5). Headers are checked when the file is opened, contents when they are
 * asked for. Which machine is acceptable is the caller's check; nothing is loaded or relocated here.
 */
import { ByteReader, FormatError } from '../../base/byteReader.ts';
import { bytesInMemory, partOfFile, type FileBytes } from '../../base/fileBytes.ts';
import {
  ET_REL,
  PN_XNUM,
  PT_LOAD,
  SHF_ALLOC,
  SHN_XINDEX,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_SYMTAB,
} from './constants.ts';
import { layOut, type RelocationsOf, type SectionAddresses } from './relocations.ts';
import { SymbolTable, type ElfSymbol } from './symbolTable.ts';

/** The file is not an ELF file that can be used; the message says what is wrong and where. */
export class ElfError extends FormatError {
  override readonly name = 'ElfError';
}

/** A program header. */
export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly fileSize: number;
  readonly memorySize: number;
}

/** A section header. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entrySize: number;
}

/** What is needed to read a file that was not linked. */
export interface ElfOptions {
  readonly relocationsOf?: RelocationsOf | undefined;
  readonly sectionAddresses?: SectionAddresses | undefined;
}

export class ElfFile {
  /** As given, for messages. */
  readonly name: string;
  /** What is in memory is a `Uint8Array`; anything else is read in ranges, when they are asked for. */
  readonly bytes: Uint8Array | FileBytes;
  readonly size: number;
  readonly is64: boolean;
  /** e_type, e_machine, e_flags, e_entry. */
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  /** PT_LOAD segments that occupy memory, in file order. */
  readonly loadable: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  readonly options: ElfOptions;
  private readonly file: FileBytes;
  private table: SymbolTable | undefined;
  private symbolList: readonly ElfSymbol[] | undefined;

  /** Throws `ElfError` when `bytes` is not a whole little-endian ELF file. */
  constructor(bytes: Uint8Array | FileBytes, name: string, options: ElfOptions = {}) {
    this.name = name;
    this.options = options;
    this.bytes = bytes;
    this.file = bytes instanceof Uint8Array ? bytesInMemory(bytes) : bytes;
    this.size = this.file.size;
    this.is64 = checkIdentification(this.file.read(0, Math.min(64, this.size)), name);
    const reader = new ByteReader(bytes, name, 16);
    try {
      this.type = reader.u16();
      this.machine = reader.u16();
      reader.skip(4);
      this.entry = this.word(reader);
      const programHeaders = this.wordNumber(reader);
      const sectionHeaders = this.wordNumber(reader);
      this.flags = reader.u32();
      reader.skip(2);
      const table: HeaderTable = {
        programHeaders,
        programHeaderSize: reader.u16(),
        programHeaderCount: reader.u16(),
        sectionHeaders,
        sectionHeaderSize: reader.u16(),
        sectionHeaderCount: reader.u16(),
        sectionNames: reader.u16(),
      };
      const first = this.extendedCounts(table);
      this.segments = this.readSegments(first);
      this.loadable = this.segments.filter((s) => s.type === PT_LOAD && s.memorySize > 0);
      this.sections = this.readSections(first);
    } catch (error) {
      throw asElfError(error);
    }
  }

  /** Whether bytes begin like an ELF file, of whatever kind. */
  static recognises(bytes: Uint8Array): boolean {
    return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
  }

  /** The file's bytes of a segment; `memorySize - fileSize` zero bytes follow them in memory. */
  segmentBytes(segment: ElfSegment): Uint8Array {
    return this.range(segment.offset, segment.fileSize, 'a segment');
  }

  section(name: string): ElfSection | undefined {
    return this.sections.find((s) => s.name === name);
  }

  /** Empty for SHT_NOBITS. Compressed sections come as they are in the file. */
  sectionBytes(section: ElfSection): Uint8Array {
    if (section.type === SHT_NOBITS) return new Uint8Array(0);
    return this.range(section.offset, section.size, `section ${section.name}`);
  }

  /** The same without reading it: a view, or a part of the file to read from. */
  sectionFile(section: ElfSection): Uint8Array | FileBytes {
    if (section.type === SHT_NOBITS || this.bytes instanceof Uint8Array) {
      return this.sectionBytes(section);
    }
    this.checkRange(section.offset, section.size, `section ${section.name}`);
    return partOfFile(this.bytes, section.offset, section.size);
  }

  /** The allocated section that covers an address. */
  sectionAt(address: bigint): ElfSection | undefined {
    return this.sections.find(
      (s) =>
        (s.flags & SHF_ALLOC) !== 0 && address >= s.address && address - s.address < BigInt(s.size),
    );
  }

  /** True where the file says that there is memory at a virtual address, or says nothing at all. */
  covers(address: bigint): boolean {
    if (this.loadable.length === 0) return true;
    return this.loadable.some(
      (s) => address >= s.virtualAddress && address - s.virtualAddress < BigInt(s.memorySize),
    );
  }

  /** `.symtab`, or `.dynsym` in a stripped file. */
  get symbolTable(): SymbolTable | undefined {
    this.table ??= this.loadSymbols();
    return this.table;
  }

  /** All symbols, in the table's order. */
  get symbols(): readonly ElfSymbol[] {
    const table = this.symbolTable;
    if (!this.symbolList) {
      try {
        const indexes = Array.from({ length: table?.count ?? 0 }, (_, index) => index);
        this.symbolList = table ? indexes.map((index) => table.symbol(index)) : [];
      } catch (error) {
        throw asElfError(error);
      }
    }
    return this.symbolList;
  }

  private loadSymbols(): SymbolTable | undefined {
    const table =
      this.sections.find((s) => s.type === SHT_SYMTAB) ??
      this.sections.find((s) => s.type === SHT_DYNSYM);
    if (!table) return undefined;
    const strings = this.sections[table.link];
    if (!strings) {
      throw new ElfError(
        this.name,
        table.offset,
        `${table.name} names section ${table.link} for its strings, which does not exist`,
      );
    }
    return new SymbolTable(
      this.sectionBytes(table),
      this.sectionBytes(strings),
      this.is64,
      [`${this.name}: ${table.name}`, `${this.name}: ${strings.name}`],
      // In a file that was not linked a symbol's value counts from its section.
      (index) => (this.type === ET_REL ? (this.sections[index]?.address ?? 0n) : 0n),
    );
  }

  /** What a type of relocation does, of files for machines that are known. */
  get relocations(): ReturnType<RelocationsOf> {
    return this.options.relocationsOf?.(this.machine);
  }

  private range(offset: number, size: number, what: string): Uint8Array {
    this.checkRange(offset, size, what);
    return this.file.read(offset, size);
  }

  private checkRange(offset: number, size: number, what: string): void {
    if (offset + size > this.size) {
      throw new ElfError(
        this.name,
        offset,
        `the file is truncated: ${what} needs 0x${size.toString(16)} bytes, ` +
          `the file has 0x${this.size.toString(16)}`,
      );
    }
  }

  private word(reader: ByteReader): bigint {
    return this.is64 ? reader.u64() : BigInt(reader.u32());
  }

  private wordNumber(reader: ByteReader): number {
    return this.is64 ? reader.u64Number() : reader.u32();
  }

  /** Counts that do not fit the header are in section header 0 (gABI, "ELF Header", e_shnum). */
  private extendedCounts(table: HeaderTable): HeaderTable {
    if (table.sectionHeaders === 0) return { ...table, sectionHeaderCount: 0 };
    const needed =
      table.sectionHeaderCount === 0 ||
      table.sectionNames === SHN_XINDEX ||
      table.programHeaderCount === PN_XNUM;
    if (!needed) return table;
    const first = this.readSectionHeader(table, 0);
    return {
      ...table,
      sectionHeaderCount: table.sectionHeaderCount || first.size,
      sectionNames: table.sectionNames === SHN_XINDEX ? first.link : table.sectionNames,
      programHeaderCount:
        table.programHeaderCount === PN_XNUM ? first.info : table.programHeaderCount,
    };
  }

  private readSegments(table: HeaderTable): readonly ElfSegment[] {
    const size = this.is64 ? 56 : 32;
    const count = table.programHeaderCount;
    if (count === 0) return [];
    this.checkTable('program header', table.programHeaders, count, table.programHeaderSize, size);
    const segments: ElfSegment[] = [];
    for (let i = 0; i < count; i++) {
      const at = table.programHeaders + i * table.programHeaderSize;
      const segment = this.readSegment(new ByteReader(this.bytes, this.name, at));
      if (segment.type === PT_LOAD) this.checkLoadable(segment, i);
      segments.push(segment);
    }
    return segments;
  }

  private readSegment(reader: ByteReader): ElfSegment {
    const type = reader.u32();
    let flags = this.is64 ? reader.u32() : 0;
    const offset = this.wordNumber(reader);
    const virtualAddress = this.word(reader);
    const physicalAddress = this.word(reader);
    const fileSize = this.wordNumber(reader);
    const memorySize = this.wordNumber(reader);
    if (!this.is64) flags = reader.u32();
    return { type, flags, offset, virtualAddress, physicalAddress, fileSize, memorySize };
  }

  private checkLoadable(segment: ElfSegment, index: number): void {
    this.checkRange(segment.offset, segment.fileSize, `loadable segment ${index}`);
    if (segment.fileSize <= segment.memorySize) return;
    throw new ElfError(
      this.name,
      segment.offset,
      `loadable segment ${index} has 0x${segment.fileSize.toString(16)} bytes in the file ` +
        `and only 0x${segment.memorySize.toString(16)} in memory`,
    );
  }

  private readSections(table: HeaderTable): readonly ElfSection[] {
    const count = table.sectionHeaderCount;
    if (count === 0) return [];
    const size = this.is64 ? 64 : 40;
    this.checkTable('section header', table.sectionHeaders, count, table.sectionHeaderSize, size);
    const headers: SectionHeader[] = [];
    for (let i = 0; i < count; i++) headers.push(this.readSectionHeader(table, i));
    const names = headers[table.sectionNames];
    const strings =
      names && names.type !== SHT_NOBITS
        ? this.range(names.offset, names.size, 'the section names')
        : new Uint8Array(0);
    const sections = headers.map(({ nameOffset, ...header }, index) => ({
      ...header,
      index,
      name: sectionName(strings, nameOffset, `${this.name}: section names`),
    }));
    if (this.type !== ET_REL) return sections;
    const addresses = layOut(sections, this.options.sectionAddresses);
    return sections.map((section, i) => ({ ...section, address: addresses[i] ?? section.address }));
  }

  private readSectionHeader(table: HeaderTable, index: number): SectionHeader {
    const at = table.sectionHeaders + index * table.sectionHeaderSize;
    if (at > this.size) this.checkRange(at, table.sectionHeaderSize, `section header ${index}`);
    const reader = new ByteReader(this.bytes, this.name, at);
    const nameOffset = reader.u32();
    const type = reader.u32();
    const flags = Number(BigInt.asUintN(32, this.word(reader)));
    const address = this.word(reader);
    const offset = this.wordNumber(reader);
    const size = this.wordNumber(reader);
    const link = reader.u32();
    const info = reader.u32();
    const alignment = Number(this.word(reader));
    const entrySize = this.wordNumber(reader);
    return { nameOffset, type, flags, address, offset, size, link, info, alignment, entrySize };
  }

  private checkTable(what: string, at: number, count: number, size: number, least: number): void {
    if (size < least) {
      throw new ElfError(this.name, at, `a ${what} of ${size} bytes is shorter than ${least}`);
    }
    this.checkRange(at, count * size, `the ${what} table`);
  }
}

interface HeaderTable {
  readonly programHeaders: number;
  readonly programHeaderSize: number;
  readonly programHeaderCount: number;
  readonly sectionHeaders: number;
  readonly sectionHeaderSize: number;
  readonly sectionHeaderCount: number;
  readonly sectionNames: number;
}

type SectionHeader = Omit<ElfSection, 'index' | 'name'> & { readonly nameOffset: number };

/** Checks e_ident; true for ELFCLASS64. */
function checkIdentification(bytes: Uint8Array, name: string): boolean {
  if (!ElfFile.recognises(bytes)) {
    throw new ElfError(name, 0, 'not an ELF file: it does not begin with 7f 45 4c 46');
  }
  if (bytes.length < 52) {
    throw new ElfError(name, bytes.length, 'the file is truncated inside its ELF header');
  }
  const fileClass = bytes[4];
  if (fileClass !== 1 && fileClass !== 2) {
    throw new ElfError(name, 4, `ELF class ${fileClass} is neither 32 nor 64 bit`);
  }
  if (bytes[5] !== 1) {
    throw new ElfError(
      name,
      5,
      bytes[5] === 2
        ? 'a big-endian ELF file; only little-endian ones are supported'
        : `ELF data encoding ${bytes[5]} is unknown`,
    );
  }
  return fileClass === 2;
}

function sectionName(strings: Uint8Array, offset: number, what: string): string {
  if (strings.length === 0) return '';
  return new ByteReader(strings, what).seek(offset).cstring();
}

function asElfError(error: unknown): unknown {
  if (!(error instanceof FormatError) || error instanceof ElfError) return error;
  const elfError = new ElfError(error.subject ?? '', error.offset, '');
  elfError.message = error.message;
  return elfError;
}
