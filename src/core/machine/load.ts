/**
 * Lays out what a launch names (program, firmware, initrd, device tree, further files) in a board's
 * RAM: a pure function from bytes to placements. It writes nothing to memory and knows no
 * instruction set; the board's `ImageRules` say what fits it.
 *
 * Layout as QEMU 7.2's `hw/riscv/boot.c`, so that firmware finds things where it does there.
 */
import { UserError } from '../base/userError.ts';
import type { FdtTree } from '../formats/fdt/fdt.ts';
import { readFdt } from '../formats/fdt/readFdt.ts';
import { writeFdt } from '../formats/fdt/writeFdt.ts';
import type { LaunchConfig, LaunchFiles } from './launchConfig.ts';
import { describeBoot } from './loadDeviceTree.ts';
import { type Image, readImage } from './loadImage.ts';
import type { BootInfo, ImageRules, LoadedImages, Placement } from './loadTypes.ts';

/** What loading needs of a board. */
export interface LoadBoard {
  readonly ram: { readonly base: number; readonly size: number };
  readonly images: ImageRules;
  deviceTree(boot: BootInfo): FdtTree;
}

export function loadImages(
  config: LaunchConfig,
  files: LaunchFiles,
  board: LoadBoard,
): LoadedImages {
  return new Loader(config, files, board).load();
}

class Loader {
  private readonly config: LaunchConfig;
  private readonly files: LaunchFiles;
  private readonly board: LoadBoard;
  private readonly placements: Placement[] = [];
  private readonly elfFiles: string[] = [];

  constructor(config: LaunchConfig, files: LaunchFiles, board: LoadBoard) {
    this.config = config;
    this.files = files;
    this.board = board;
  }

  load(): LoadedImages {
    const { config, board } = this;
    const { base } = board.ram;
    // The program comes first among those with symbols, the firmware first in memory.
    const program = this.image('program', config.program);
    const firmware =
      config.firmware === undefined ? undefined : this.image('firmware', config.firmware);

    const firmwarePlace = firmware && this.place(firmware, base);
    const programPlace = this.place(program, this.programAddress(firmwarePlace?.end));
    for (const { file, address } of config.loadFiles) {
      this.add({ address, bytes: this.file('loadFiles', file), what: `loadFiles '${file}'` });
    }
    const initrd = this.placeInitrd(programPlace);
    const deviceTree = this.placeDeviceTree(initrd);
    this.checkOverlaps();
    return {
      placements: this.placements,
      entry: programPlace.entry,
      start: firmwarePlace?.entry ?? programPlace.entry,
      nextAddress: firmwarePlace ? programPlace.entry : 0n,
      deviceTree,
      elfFiles: this.elfFiles,
    };
  }

  private image(attribute: string, name: string): Image {
    const image = readImage(this.file(attribute, name), `${attribute} '${name}'`, {
      attribute,
      rules: this.board.images,
    });
    if (image.kind === 'elf') this.elfFiles.push(name);
    return image;
  }

  private file(attribute: string, name: string): Uint8Array {
    const bytes = this.files.get(name);
    if (!bytes) throw new UserError(`${attribute}: there is no file '${name}'`, attribute);
    if (bytes.length === 0) throw new UserError(`${attribute}: '${name}' is empty`, attribute);
    return bytes;
  }

  /**
   * Where a program without addresses goes. Alone on a bare machine it takes the firmware's place;
   * else it is a kernel: behind the firmware, or where the firmware would leave off.
   */
  private programAddress(firmwareEnd: number | undefined): number {
    const { ram, images } = this.board;
    if (this.config.mode === 'guest') return ram.base + images.kernelAlignment;
    if (firmwareEnd === undefined) return ram.base;
    return alignUp(firmwareEnd, images.kernelAlignment);
  }

  private place(image: Image, address: number): { entry: bigint; start: number; end: number } {
    const { what } = image;
    if (image.kind === 'flat') {
      this.add({ address, bytes: image.bytes, size: image.size, what });
      // QEMU counts the file, not the memory that it clears for itself afterwards.
      return { entry: BigInt(address), start: address, end: address + image.bytes.length };
    }
    for (const segment of image.segments) this.add({ ...segment, what });
    const start = Math.min(...image.segments.map((s) => s.address));
    const end = Math.max(...image.segments.map((s) => s.address + s.size));
    return { entry: image.entry, start, end };
  }

  private placeInitrd(program: { start: number }): BootInfo['initrd'] {
    const { initrd } = this.config;
    if (initrd === undefined) return undefined;
    const { ram, images } = this.board;
    const bytes = this.file('initrd', initrd);
    const start = program.start + Math.min(Math.floor(ram.size / 2), images.initrdDistance);
    this.add({ address: start, bytes, what: `initrd '${initrd}'` });
    return { start, end: start + bytes.length };
  }

  private placeDeviceTree(initrd: BootInfo['initrd']): number {
    const { ram, images } = this.board;
    const { dtb, bootargs } = this.config;
    const boot: BootInfo = {
      ...(bootargs === undefined ? {} : { bootargs }),
      ...(initrd ? { initrd } : {}),
    };
    const tree =
      dtb === undefined
        ? this.board.deviceTree(boot)
        : describeBoot(readFdt(this.file('dtb', dtb), `dtb '${dtb}'`), boot);
    const bytes = writeFdt(tree);
    const top = Math.min(ram.base + ram.size, images.fdtLimit);
    const address = alignDown(top - bytes.length, images.fdtAlignment);
    const what = dtb === undefined ? 'the device tree' : `dtb '${dtb}'`;
    this.add({ address, bytes, what });
    return address;
  }

  private add(part: { address: number; bytes: Uint8Array; size?: number; what: string }): void {
    const placement: Placement = { ...part, size: part.size ?? part.bytes.length };
    const { ram } = this.board;
    const { address, size, what } = placement;
    if (size > ram.size) {
      throw new UserError(
        `${what} needs ${bytesText(size)}, the machine has ${bytesText(ram.size)} of memory`,
        'memory',
      );
    }
    if (address < ram.base || address + size > ram.base + ram.size) {
      const memory = range(ram.base, ram.size);
      throw new UserError(`${what} at ${range(address, size)} lies outside memory (${memory})`);
    }
    this.placements.push(placement);
  }

  private checkOverlaps(): void {
    const sorted = [...this.placements].sort((a, b) => a.address - b.address);
    for (let i = 1; i < sorted.length; i++) {
      const [low, high] = [sorted[i - 1], sorted[i]];
      if (low && high && low.address + low.size > high.address) {
        throw new UserError(
          `${low.what} at ${range(low.address, low.size)} and ` +
            `${high.what} at ${range(high.address, high.size)} overlap`,
        );
      }
    }
  }
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment;
}

/** First and last address. */
function range(start: number, size: number): string {
  const hex = (n: number) => (n < 0 ? `-0x${(-n).toString(16)}` : `0x${n.toString(16)}`);
  return `${hex(start)}-${hex(start + Math.max(size, 1) - 1)}`;
}

function bytesText(size: number): string {
  const MiB = 0x100000;
  return size < MiB ? `${size} bytes` : `${+(size / MiB).toFixed(1)} MiB`;
}
