/**
 * The bytes of a file that need not be in memory: ranges are read when they are asked for. Offsets
 * are numbers up to 2^53, so that files of more than 2 or 4 GiB are nothing special.
 */

export interface FileBytes {
  readonly size: number;
  /** Which file it is, in which state: two that are equal have the same bytes. Absent: unknown. */
  readonly version?: string;
  /** The bytes of a range inside the file; they must not be changed. */
  read(offset: number, size: number): Uint8Array;
}

/** A file that is in memory as a whole; ranges are views. */
export function bytesInMemory(bytes: Uint8Array): FileBytes {
  return {
    size: bytes.length,
    read: (offset, size) => bytes.subarray(offset, offset + size),
  };
}

/** Part of a file as a file. */
export function partOfFile(file: FileBytes, start: number, size: number): FileBytes {
  return { size, read: (offset, count) => file.read(start + offset, count) };
}

const BLOCK = 1 << 18;

/**
 * Keeps the blocks of a file that were read last, at most `capacity` bytes of them: what is read in
 * small pieces costs one access to the file for many of them.
 */
export class BlockCache implements FileBytes {
  readonly size: number;
  private readonly file: FileBytes;
  private readonly limit: number;
  private readonly blocks = new Map<number, Uint8Array>();

  constructor(file: FileBytes, capacity: number) {
    this.file = file;
    this.size = file.size;
    this.limit = Math.max(1, Math.floor(capacity / BLOCK));
  }

  read(offset: number, size: number): Uint8Array {
    const index = Math.floor(offset / BLOCK);
    const start = offset - index * BLOCK;
    if (start + size <= BLOCK) return this.block(index).subarray(start, start + size);
    // A range over several blocks is read by itself and not kept: it has one reader.
    return this.file.read(offset, size);
  }

  private block(index: number): Uint8Array {
    let block = this.blocks.get(index);
    if (block) {
      // The map's order is that of use.
      this.blocks.delete(index);
    } else {
      const start = index * BLOCK;
      block = this.file.read(start, Math.min(BLOCK, this.size - start));
      const oldest = this.blocks.keys().next();
      if (this.blocks.size >= this.limit && !oldest.done) this.blocks.delete(oldest.value);
    }
    this.blocks.set(index, block);
    return block;
  }
}
