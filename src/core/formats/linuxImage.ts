/**
 * The header at the start of a Linux kernel `Image` (Documentation/arch/riscv/boot-image-header.rst
 * and Documentation/arch/arm64/booting.rst, whose layout the former follows). It says how much
 * memory the kernel needs and where it wants to be loaded; it does not load anything.
 */
import { ByteReader, FormatError } from '../base/byteReader.ts';

export interface LinuxImage {
  /** Named as the kernel's `arch/` directory. */
  readonly architecture: 'riscv' | 'arm64';
  /** Load address is this far above an aligned base (2 MiB for 64-bit RISC-V). */
  readonly textOffset: bigint;
  /** Memory from the load address on that the kernel occupies, bss included. */
  readonly imageSize: bigint;
  readonly bigEndian: boolean;
  /** Header version, major << 16 | minor; 0 where the architecture has none. */
  readonly headerVersion: number;
  /** Also a PE/COFF file for UEFI. */
  readonly efi: boolean;
}

const HEADER_SIZE = 64;
const magics = [
  // `magic2`, which replaces the deprecated 64-bit `magic` at offset 48.
  { architecture: 'riscv', offset: 56, bytes: [0x52, 0x53, 0x43, 0x05] },
  { architecture: 'arm64', offset: 56, bytes: [0x41, 0x52, 0x4d, 0x64] },
] as const;

/**
 * The header, or undefined when the bytes are some other kind of file. A compressed `Image.gz` is
 * an error, since whoever passes one means the kernel in it.
 */
export function parseLinuxImage(bytes: Uint8Array, name: string): LinuxImage | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new FormatError(name, 0, 'gzip-compressed; decompress it first (gunzip)');
  }
  if (bytes.length < HEADER_SIZE) return undefined;
  const magic = magics.find((m) => m.bytes.every((byte, i) => bytes[m.offset + i] === byte));
  if (!magic) return undefined;
  const reader = new ByteReader(bytes, name, 8);
  const textOffset = reader.u64();
  const imageSize = reader.u64();
  const flags = reader.u64();
  const headerVersion = magic.architecture === 'riscv' ? reader.u32() : 0;
  if (imageSize !== 0n && imageSize < BigInt(HEADER_SIZE)) {
    throw new FormatError(name, 16, `an image size of ${imageSize} bytes is too small`);
  }
  return {
    architecture: magic.architecture,
    textOffset,
    imageSize,
    bigEndian: (flags & 1n) === 1n,
    headerVersion,
    efi: bytes[0] === 0x4d && bytes[1] === 0x5a,
  };
}
