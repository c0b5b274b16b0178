/**
 * The DWARF sections of one ELF file as bytes, with what is wrong with them: compressed, cut short,
 * or in a file that was not linked. Nothing is decoded here.
 */
import { ByteReader, FormatError } from '../../base/byteReader.ts';
import { ET_REL, SHF_COMPRESSED } from '../elf/constants.ts';
import type { ElfFile } from '../elf/elf.ts';

/** Debug information that cannot be understood; names file, section and offset. */
export class DwarfError extends FormatError {
  override readonly name = 'DwarfError';
}

const names = [
  'info',
  'types',
  'abbrev',
  'str',
  'line_str',
  'str_offsets',
  'addr',
  'line',
  'ranges',
  'rnglists',
  'loc',
  'loclists',
  'frame',
] as const;

export type DwarfSectionName = (typeof names)[number];

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
  private readonly readers = new Map<string, ByteReader>();

  constructor(elf: ElfFile) {
    this.file = elf.name;
    this.addressSize = elf.is64 ? 8 : 4;
    this.covers = (address) => elf.covers(address);
    for (const name of names) this.load(elf, `.debug_${name}`);
    this.load(elf, '.eh_frame');
    this.ehFrameAddress = elf.section('.eh_frame')?.address ?? 0n;
    if (elf.type === ET_REL && this.has('.debug_info')) {
      this.problems.push(
        `${elf.name}: debug information of an object file that was not linked is not read.`,
      );
      this.readers.clear();
    }
  }

  has(name: string): boolean {
    return (this.readers.get(name)?.end ?? 0) > 0;
  }

  /** A reader at `offset` of a `.debug_*` section. */
  reader(name: DwarfSectionName, offset = 0): ByteReader {
    return this.readerOf(`.debug_${name}`, offset);
  }

  ehFrame(offset = 0): ByteReader {
    return this.readerOf('.eh_frame', offset);
  }

  private readerOf(name: string, offset: number): ByteReader {
    const whole = this.readers.get(name) ?? new ByteReader(new Uint8Array(0), this.what(name));
    if (!(offset >= 0 && offset <= whole.end)) {
      throw new DwarfError(whole.what, offset, `is outside of the section's ${whole.end} bytes`);
    }
    return whole.slice(offset);
  }

  private what(name: string): string {
    return `${this.file}: ${name}`;
  }

  private load(elf: ElfFile, name: string): void {
    const section = elf.section(name) ?? elf.section(name.replace('.debug_', '.zdebug_'));
    if (!section) return;
    if ((section.flags & SHF_COMPRESSED) !== 0 || section.name !== name) {
      this.problems.push(
        `${elf.name}: section ${section.name} is compressed, which is not supported; link without ` +
          '--compress-debug-sections or run objcopy --decompress-debug-sections.',
      );
      return;
    }
    try {
      this.readers.set(name, new ByteReader(elf.sectionBytes(section), this.what(name)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.problems.push(`${error.message}.`);
    }
  }
}
