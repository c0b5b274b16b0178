/**
 * The DWARF sections of one ELF file as bytes: decompressed, relocated in a file that was not linked,
 * and read from the file only where they are asked for. Nothing is decoded here.
 */
import { ByteReader, FormatError } from '../../base/byteReader.ts';
import { BlockCache, partOfFile, type FileBytes } from '../../base/fileBytes.ts';
import { decompressed, isCompressed } from '../elf/compression.ts';
import { ET_REL } from '../elf/constants.ts';
import type { ElfFile, ElfSection } from '../elf/elf.ts';
import { relocated } from '../elf/relocations.ts';

/** Debug information that cannot be understood; names file, section and offset. */
export class DwarfError extends FormatError {
  override readonly name = 'DwarfError';
}

export type DwarfSectionName =
  | 'info'
  | 'types'
  | 'abbrev'
  | 'str'
  | 'line_str'
  | 'str_offsets'
  | 'addr'
  | 'line'
  | 'ranges'
  | 'rnglists'
  | 'loc'
  | 'loclists'
  | 'frame'
  | 'aranges'
  | 'names'
  | 'cu_index'
  | 'tu_index';

/** The part of each section that belongs to one unit of a package (`.dwp`). */
export type Contributions = ReadonlyMap<string, { readonly offset: number; readonly size: number }>;

/** Sections up to this size are read as a whole when they are first needed. */
const SMALL = 8 << 20;
/** Of the others so much is kept, each. Units are read as a whole, by themselves. */
const CACHED = 16 << 20;
const readAsUnits = /^\.debug_(info|types)(\.dwo)?$/;

export class DwarfSections {
  /** File name, for messages. */
  readonly file: string;
  /** Address bytes of the file's class: what `.debug_frame` and expressions assume. */
  readonly addressSize: 4 | 8;
  /** Section contents start at this address when loaded; only `.eh_frame` needs it. */
  readonly ehFrameAddress: bigint;
  readonly problems: string[] = [];
  /** Whether the ELF file has memory at an address; rows of code that was discarded are elsewhere. */
  readonly covers: (address: bigint) => boolean;
  /** True for the sections of a `.dwo` or `.dwp` file. */
  readonly isSplit: boolean;
  private readonly elf: ElfFile;
  private readonly parts: Contributions | undefined;
  private readonly whole: DwarfSections | undefined;
  private readonly readers = new Map<string, ByteReader>();
  /** Whole sections of a package, for its parts. */
  private readonly loaded = new Map<string, Uint8Array | FileBytes>();

  constructor(elf: ElfFile, isSplit = false, whole?: DwarfSections, parts?: Contributions) {
    this.elf = elf;
    this.isSplit = isSplit;
    this.whole = whole;
    this.parts = parts;
    this.file = elf.name;
    this.addressSize = elf.is64 ? 8 : 4;
    this.covers = (address) => elf.covers(address);
    this.ehFrameAddress = elf.section('.eh_frame')?.address ?? 0n;
  }

  /** What one unit of this package sees. */
  part(parts: Contributions): DwarfSections {
    return new DwarfSections(this.elf, this.isSplit, this, parts);
  }

  has(name: DwarfSectionName): boolean {
    return this.wholeReader(this.fullName(name)).end > 0;
  }

  /** A reader at `offset` of a `.debug_*` section. */
  reader(name: DwarfSectionName, offset = 0): ByteReader {
    return this.readerOf(this.fullName(name), offset);
  }

  string(name: 'str' | 'line_str', offset: number): string {
    return this.reader(name, offset).cstring();
  }

  get hasEhFrame(): boolean {
    return this.wholeReader('.eh_frame').end > 0;
  }

  ehFrame(offset = 0): ByteReader {
    return this.readerOf('.eh_frame', offset);
  }

  /** A section that is none of DWARF's own, such as `.gdb_index`; undefined when absent or empty. */
  other(name: string): ByteReader | undefined {
    const reader = this.wholeReader(name);
    return reader.end > 0 ? reader.slice(0) : undefined;
  }

  private fullName(name: DwarfSectionName): string {
    const isIndex = name === 'cu_index' || name === 'tu_index';
    return this.isSplit && !isIndex ? `.debug_${name}.dwo` : `.debug_${name}`;
  }

  private readerOf(name: string, offset: number): ByteReader {
    const whole = this.wholeReader(name);
    if (!(offset >= 0 && offset <= whole.end)) {
      throw new DwarfError(whole.what, offset, `is outside of the section's ${whole.end} bytes`);
    }
    return whole.slice(offset);
  }

  private wholeReader(name: string): ByteReader {
    let reader = this.readers.get(name);
    if (!reader) {
      reader = new ByteReader(this.load(name), `${this.file}: ${name}`);
      this.readers.set(name, reader);
    }
    return reader;
  }

  private load(name: string): Uint8Array | FileBytes {
    if (!this.whole) return this.loadSection(name);
    const bytes = this.whole.bytesOf(name);
    const column = /^\.debug_(.*)\.dwo$/.exec(name)?.[1] ?? '';
    const part = this.parts?.get(column);
    // Strings are shared by all units of a package.
    if (!part) return column === 'str' ? bytes : new Uint8Array(0);
    const size = bytes instanceof Uint8Array ? bytes.length : bytes.size;
    if (part.offset + part.size > size) {
      this.problems.push(`${this.file}: ${name}: a unit's part reaches past its ${size} bytes.`);
      return new Uint8Array(0);
    }
    if (!(bytes instanceof Uint8Array)) return partOfFile(bytes, part.offset, part.size);
    return bytes.subarray(part.offset, part.offset + part.size);
  }

  private bytesOf(name: string): Uint8Array | FileBytes {
    let bytes = this.loaded.get(name);
    if (!bytes) this.loaded.set(name, (bytes = this.loadSection(name)));
    return bytes;
  }

  private loadSection(name: string): Uint8Array | FileBytes {
    const { elf } = this;
    const old = name.replace('.debug_', '.zdebug_');
    const sections = elf.sections.filter((s) => s.name === name || s.name === old);
    const [first] = sections;
    if (!first) return new Uint8Array(0);
    try {
      if (sections.length === 1) return this.contents(first);
      // Object files have a section for each type unit, so that the linker can drop some.
      return joined(sections.map((section) => this.contents(section)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.problems.push(`${error.message}.`);
      return new Uint8Array(0);
    }
  }

  private contents(section: ElfSection): Uint8Array | FileBytes {
    const { elf } = this;
    if (isCompressed(section)) return this.relocated(section, decompressed(elf, section));
    if (elf.type === ET_REL) return this.relocated(section, elf.sectionBytes(section));
    const file = elf.sectionFile(section);
    if (file instanceof Uint8Array) return file;
    if (file.size <= SMALL) return elf.sectionBytes(section);
    return readAsUnits.test(section.name) ? file : new BlockCache(file, CACHED);
  }

  private relocated(section: ElfSection, bytes: Uint8Array): Uint8Array {
    return this.elf.type === ET_REL ? relocated(this.elf, section, bytes) : bytes;
  }
}

function joined(parts: readonly (Uint8Array | FileBytes)[]): Uint8Array {
  const bytes = parts.map((p) => (p instanceof Uint8Array ? p : p.read(0, p.size)));
  const whole = new Uint8Array(bytes.reduce((sum, b) => sum + b.length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
