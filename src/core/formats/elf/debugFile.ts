/**
 * Where the debug information of a stripped file lies: by build-id, in the layout that Debian and
 * others use (`/usr/lib/debug/.build-id/ab/cdef….debug`), or by the name and CRC in `.gnu_debuglink`
 * (the GNU tools' "Separate Debug Files").
 */
import { ByteReader } from '../../base/byteReader.ts';
import type { FileBytes } from '../../base/fileBytes.ts';
import { NT_GNU_BUILD_ID, SHT_NOTE } from './constants.ts';
import { ElfFile } from './elf.ts';

const globalFolder = '/usr/lib/debug';

export interface DebugFile {
  readonly elf: ElfFile | undefined;
  /** Why a file that is there was not taken. */
  readonly problems: readonly string[];
}

/** Looks in the usual places; `open` has a file's bytes, or undefined where there is none. */
export function findDebugFile(
  elf: ElfFile,
  open: (path: string) => Uint8Array | FileBytes | undefined,
): DebugFile {
  const problems: string[] = [];
  const id = buildId(elf);
  const folder = elf.name.replace(/[^/\\]*$/, '');
  if (id !== undefined && id.length > 2) {
    const tail = `.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
    for (const path of [`${folder}${tail}`, `${folder}.debug/${tail}`, `${globalFolder}/${tail}`]) {
      const bytes = open(path);
      if (!bytes) continue;
      const found = new ElfFile(bytes, path, elf.options);
      if (buildId(found) === id) return { elf: found, problems };
      problems.push(`${path} does not belong to ${elf.name}: its build-id is another one.`);
    }
  }
  const link = debugLink(elf);
  if (!link) return { elf: undefined, problems };
  const { name, crc } = link;
  for (const path of [
    folder + name,
    `${folder}.debug/${name}`,
    `${globalFolder}${folder}${name}`,
  ]) {
    // A program may name itself.
    const bytes = path === elf.name ? undefined : open(path);
    if (!bytes) continue;
    const found = new ElfFile(bytes, path, elf.options);
    const sameId = id !== undefined && buildId(found) === id;
    if (sameId || crc32(bytes) === crc) return { elf: found, problems };
    problems.push(`${path} does not belong to ${elf.name}: its checksum is another one.`);
  }
  return { elf: undefined, problems };
}

/** NT_GNU_BUILD_ID in hexadecimal digits. */
export function buildId(elf: ElfFile): string | undefined {
  for (const section of elf.sections) {
    if (section.type !== SHT_NOTE) continue;
    const reader = new ByteReader(elf.sectionBytes(section), `${elf.name}: ${section.name}`);
    while (reader.remaining >= 12) {
      const nameSize = reader.u32();
      const size = reader.u32();
      const type = reader.u32();
      const name = String.fromCharCode(...reader.block(nameSize));
      reader.skip(Math.min(reader.remaining, padding(nameSize)));
      const descriptor = reader.block(size);
      reader.skip(Math.min(reader.remaining, padding(size)));
      if (type === NT_GNU_BUILD_ID && name === 'GNU\0') return hex(descriptor);
    }
  }
  return undefined;
}

/** `.gnu_debuglink`: a file's name, zeros up to a multiple of 4, its CRC. */
export function debugLink(elf: ElfFile): { name: string; crc: number } | undefined {
  const section = elf.section('.gnu_debuglink');
  if (!section) return undefined;
  const reader = new ByteReader(elf.sectionBytes(section), `${elf.name}: ${section.name}`);
  const name = reader.cstring();
  reader.skip(padding(reader.offset));
  return { name, crc: reader.u32() };
}

function padding(size: number): number {
  return -size & 3;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const CHUNK = 1 << 20;

/** The CRC-32 of Ethernet and zip, as `.gnu_debuglink` has it. */
export function crc32(file: Uint8Array | FileBytes): number {
  const size = file instanceof Uint8Array ? file.length : file.size;
  let crc = 0xffff_ffff;
  for (let at = 0; at < size; at += CHUNK) {
    const count = Math.min(CHUNK, size - at);
    const bytes = file instanceof Uint8Array ? file.subarray(at, at + count) : file.read(at, count);
    for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});
