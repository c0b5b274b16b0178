/**
 * What loading and a board tell each other: rules for images, what the device tree says about the
 * boot, and what came out of loading.
 */

/** What a program must be to run on a board, and where a board puts what has no address. */
export interface ImageRules {
  readonly xlen: 32 | 64;
  /** `e_machine` of ELF files that run here. */
  readonly elfMachine: number;
  /** The kernel's name for the architecture of an `Image` that runs here. */
  readonly linuxArchitecture: string;
  /** A kernel's load address is a multiple of this, and at least this far into RAM. */
  readonly kernelAlignment: number;
  /** The device tree ends below this, at a multiple of `fdtAlignment`. */
  readonly fdtLimit: number;
  readonly fdtAlignment: number;
  /** The initrd is this far behind the kernel's start, or half the memory when that is less. */
  readonly initrdDistance: number;
}

/** What `/chosen` tells the guest about how it was started. */
export interface BootInfo {
  readonly bootargs?: string;
  readonly initrd?: { readonly start: number; readonly end: number };
}

/** Bytes to put into memory; the rest up to `size` is zero in fresh memory. */
export interface Placement {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly size: number;
  /** For messages: `program 'a.elf'`. */
  readonly what: string;
}

export interface LoadedImages {
  readonly placements: readonly Placement[];
  /** The program's first instruction. */
  readonly entry: bigint;
  /** The first instruction behind the reset vector: the firmware's, or the program's without one. */
  readonly start: bigint;
  /** Where firmware is told to go on; 0 without firmware. */
  readonly nextAddress: bigint;
  readonly deviceTree: number;
  /** Launch files that are ELF files, the program first: where symbols are found. */
  readonly elfFiles: readonly string[];
}
