/**
 * Recognises what kind of image a file is (ELF, Linux `Image`, raw bytes) and checks that it can
 * run on a board. Where flat images go is `load.ts`'s decision.
 */
import { UserError } from '../base/userError.ts';
import { machineName } from '../formats/elf/constants.ts';
import { ElfFile } from '../formats/elf/elf.ts';
import { parseLinuxImage } from '../formats/linuxImage.ts';
import { looksLikeFdt } from '../formats/fdt/readFdt.ts';
import type { ImageRules } from './loadTypes.ts';

export interface ImageSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those behind `bytes` are zero. */
  readonly size: number;
}

export type Image =
  | {
      readonly kind: 'elf';
      readonly what: string;
      readonly segments: readonly ImageSegment[];
      /** Physical address of the first instruction. */
      readonly entry: bigint;
    }
  /** Runs from its first byte, at an address that the loader chooses. */
  | {
      readonly kind: 'flat';
      readonly what: string;
      readonly bytes: Uint8Array;
      readonly size: number;
    };

export interface ImageContext {
  /** The launch attribute that names the file. */
  readonly attribute: string;
  readonly rules: ImageRules;
}

export function readImage(bytes: Uint8Array, what: string, context: ImageContext): Image {
  if (ElfFile.recognises(bytes)) return readElf(bytes, what, context);
  refuseContainers(bytes, what, context);
  const linux = parseLinuxImage(bytes, what);
  if (!linux) return { kind: 'flat', what, bytes, size: bytes.length };
  const { linuxArchitecture } = context.rules;
  if (linux.architecture !== linuxArchitecture) {
    throw new UserError(
      `${what} is a Linux kernel for ${linux.architecture}, not for ${linuxArchitecture}`,
      context.attribute,
    );
  }
  // image_size counts what the kernel needs behind the file, its bss above all.
  const size = Math.max(bytes.length, Number(linux.imageSize));
  return { kind: 'flat', what, bytes, size };
}

function readElf(bytes: Uint8Array, what: string, { attribute, rules }: ImageContext): Image {
  const elf = new ElfFile(bytes, what);
  const refuse = (message: string): never => {
    throw new UserError(`${what} ${message}`, attribute);
  };
  if (elf.machine !== rules.elfMachine) {
    refuse(`is built for ${machineName(elf.machine)}, not for ${machineName(rules.elfMachine)}`);
  }
  if (elf.is64 !== (rules.xlen === 64)) {
    refuse(`is a ${elf.is64 ? 64 : 32}-bit ELF file, the machine has ${rules.xlen} bits`);
  }
  if (elf.loadable.length === 0) {
    refuse('has nothing to load: link it into an executable first (no PT_LOAD segment)');
  }
  const segments = elf.loadable.map((segment) => ({
    address: Number(segment.physicalAddress),
    bytes: elf.segmentBytes(segment),
    size: segment.memorySize,
  }));
  return { kind: 'elf', what, segments, entry: physicalEntry(elf) };
}

/**
 * `e_entry` is a virtual address, and nothing is translated yet when the program starts: a kernel
 * linked to run high is entered at the same place in its segment's physical copy.
 */
function physicalEntry(elf: ElfFile): bigint {
  const { entry } = elf;
  for (const segment of elf.loadable) {
    const offset = entry - segment.virtualAddress;
    if (offset >= 0n && offset < BigInt(segment.memorySize)) {
      return segment.physicalAddress + offset;
    }
  }
  return entry;
}

/** Files that users mistake for an image, and which as raw bytes would only crash. */
function refuseContainers(bytes: Uint8Array, what: string, { attribute }: ImageContext): void {
  const startsWith = (at: number, ...wanted: number[]) =>
    wanted.every((byte, i) => bytes[at + i] === byte);
  const found = looksLikeFdt(bytes)
    ? 'a flattened device tree (or FIT image), not a program'
    : startsWith(0, 0x27, 0x05, 0x19, 0x56)
      ? 'a U-Boot legacy image (uImage); give the image inside it'
      : startsWith(0, 0x4d, 0x5a) && startsWith(4, 0x7a, 0x69, 0x6d, 0x67)
        ? 'a compressed EFI kernel (zboot); decompress it first'
        : startsWith(0, 0x28, 0xb5, 0x2f, 0xfd) || startsWith(0, 0xfd, 0x37, 0x7a, 0x58, 0x5a)
          ? 'compressed; decompress it first'
          : undefined;
  if (found) throw new UserError(`${what} is ${found}`, attribute);
}
