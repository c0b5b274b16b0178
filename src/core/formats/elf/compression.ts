/**
 * Compressed sections: SHF_COMPRESSED with zlib or zstd (gABI, chapter 4, "Compression Headers"), and
 * the older `.zdebug_*` of the GNU tools ("ZLIB", the size as 8 bytes from the highest, a zlib stream).
 */
import { unzlibSync } from 'fflate';
import { ByteReader, FormatError } from '../../base/byteReader.ts';
import { unzstd } from '../zstd/zstd.ts';
import { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD, SHF_COMPRESSED } from './constants.ts';
import type { ElfFile, ElfSection } from './elf.ts';

/** No section is larger: it would not fit a debugger's memory either. */
const MAX_SIZE = 1 << 30;
/**
 * The most bytes that one compressed byte can stand for, and what a header may add to that. A block of
 * zstd, of 3 bytes and more, has up to 128 KiB.
 */
const MAX_RATIO = { zlib: 1032, zstd: 43_691, slack: 1 << 16 };

export function isCompressed(section: ElfSection): boolean {
  return (section.flags & SHF_COMPRESSED) !== 0 || section.name.startsWith('.zdebug_');
}

/** What a compressed section contains. */
export function decompressed(elf: ElfFile, section: ElfSection): Uint8Array {
  const what = `${elf.name}: ${section.name}`;
  const reader = new ByteReader(elf.sectionBytes(section), what);
  const { kind, size } =
    (section.flags & SHF_COMPRESSED) !== 0 ? readHeader(reader, elf.is64) : readOldHeader(reader);
  const compressed = reader.block(reader.remaining);
  if (size > MAX_SIZE || size > compressed.length * MAX_RATIO[kind] + MAX_RATIO.slack) {
    throw reader.error(`0x${size.toString(16)} bytes is more than it can decompress to`, 0);
  }
  const told = kind === 'zstd' ? contentSize(compressed) : undefined;
  if (told !== undefined && told !== size) {
    throw reader.error(`its zstd frame has 0x${told.toString(16)} bytes, not ${size}`, 0);
  }
  let out: Uint8Array;
  try {
    out = inflate(kind, compressed, new Uint8Array(size));
  } catch (error) {
    // The decompressors tell broken data by errors of many kinds; all mean the same here.
    if (error instanceof FormatError) throw error;
    throw reader.error(`its ${kind} data is broken (${(error as Error).message})`, 0);
  }
  if (out.length !== size) {
    throw reader.error(`decompresses to 0x${out.length.toString(16)} bytes of ${size}`, 0);
  }
  return out;
}

type Kind = 'zlib' | 'zstd';

function inflate(kind: Kind, compressed: Uint8Array, out: Uint8Array): Uint8Array {
  if (kind === 'zlib') return unzlibSync(compressed, { out });
  return out.subarray(0, unzstd(compressed, out));
}

function readHeader(reader: ByteReader, is64: boolean): { kind: Kind; size: number } {
  const type = reader.u32();
  if (is64) reader.skip(4);
  const size = is64 ? reader.u64Number() : reader.u32();
  // The alignment, which memory need not have.
  reader.skip(is64 ? 8 : 4);
  if (type === ELFCOMPRESS_ZLIB) return { kind: 'zlib', size };
  if (type === ELFCOMPRESS_ZSTD) return { kind: 'zstd', size };
  throw reader.error(`compression type ${type} is not known here`, 0);
}

/** Frame_Content_Size of a zstd frame (RFC 8878, section 3.1.1.1), where it says one. */
function contentSize(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const width = flag === 0 ? (isSingle ? 1 : 0) : 1 << flag;
  if (width === 0) return undefined;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  let size = 0;
  for (let i = width - 1; i >= 0; i--) size = size * 256 + (frame[at + i] ?? 0);
  return width === 2 ? size + 256 : size;
}

function readOldHeader(reader: ByteReader): { kind: Kind; size: number } {
  const magic = String.fromCharCode(...reader.block(4));
  if (magic !== 'ZLIB') throw reader.error('does not begin with "ZLIB"', 0);
  let size = 0;
  for (const byte of reader.block(8)) size = size * 256 + byte;
  return { kind: 'zlib', size };
}
