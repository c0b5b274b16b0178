/**
 * A cursor over little-endian bytes that belong to a named thing (`vmlinux: .debug_info`). Reading
 * past the end is a `FormatError` that names the thing and the offset, never a wrong value. It
 * copies nothing. LEB128 as in DWARF 5, section 7.6.
 */
import { bytesInMemory, type FileBytes } from './fileBytes.ts';
import { UserError } from './userError.ts';

/** Bytes that are not what their format says; the message names what and where. */
export class FormatError extends UserError {
  override readonly name: string = 'FormatError';
  /** Offset in the thing that was read: a file, or one section of it. */
  readonly offset: number;

  constructor(what: string, offset: number, message: string) {
    super(`${what}: ${message} (at offset 0x${offset.toString(16)})`, what);
    this.offset = offset;
  }
}

const utf8 = new TextDecoder('utf-8');

/** Bits of LEB128, in groups of 7, that fit a small integer. */
const SMALL_BITS = 28;

/** Fewest bytes that are asked of a file at once, unless a reader says otherwise. */
const WINDOW = 1 << 16;

export class ByteReader {
  /** Names the bytes in messages. */
  readonly what: string;
  /** Where the next read begins, from the start of the bytes. */
  offset: number;
  /** Reads stop here. */
  readonly end: number;
  private readonly file: FileBytes;
  /** The part of the file at hand: `window` are its bytes from `base` on; reads to `limit` need no more. */
  private window: Uint8Array;
  private view: DataView;
  private base: number;
  private limit: number;
  private readonly step: number;

  /** At least `step` bytes are asked of a file at once. */
  constructor(
    bytes: Uint8Array | FileBytes,
    what: string,
    start = 0,
    end?: number,
    step: number = WINDOW,
  ) {
    const isMemory = bytes instanceof Uint8Array;
    this.file = isMemory ? bytesInMemory(bytes) : bytes;
    this.what = what;
    this.step = step;
    this.offset = start;
    this.end = end ?? this.file.size;
    if (start < 0 || start > this.end || this.end > this.file.size) {
      throw new FormatError(what, start, `there are only 0x${this.file.size.toString(16)} bytes`);
    }
    this.window = isMemory ? bytes : noBytes;
    this.view = isMemory ? viewOf(bytes) : noView;
    this.base = isMemory ? 0 : start;
    this.limit = isMemory ? this.end : start;
  }

  /** The same bytes from `start` to `end`, offsets counted as here. */
  slice(start: number, end = this.end): ByteReader {
    if (end > this.end) throw this.error('reaches past the end', start);
    const slice = new ByteReader(this.file, this.what, start, end, this.step);
    slice.window = this.window;
    slice.view = this.view;
    slice.base = this.base;
    slice.limit = Math.min(end, this.base + this.window.length);
    return slice;
  }

  /** Makes reads from here to `end` need no further access to the file. */
  prefetch(): this {
    const isHere = this.base <= this.offset && this.limit >= this.end;
    if (!isHere) this.refill(this.offset, this.end - this.offset);
    return this;
  }

  /** The same reader for a place that is left again after a few bytes. */
  stepping(step: number): ByteReader {
    const reader = new ByteReader(this.file, this.what, this.offset, this.end, step);
    if (this.limit < this.end) return reader;
    return this.slice(this.offset);
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  get atEnd(): boolean {
    return this.offset >= this.end;
  }

  error(message: string, offset = this.offset): FormatError {
    return new FormatError(this.what, offset, message);
  }

  seek(offset: number): this {
    if (!(offset >= 0 && offset <= this.end)) {
      throw this.error(`offset 0x${offset.toString(16)} is outside`);
    }
    this.offset = offset;
    return this;
  }

  skip(count: number): void {
    this.take(count);
  }

  // What comes before `take` would be of the window before it.

  u8(): number {
    const at = this.take(1);
    return this.view.getUint8(at);
  }

  i8(): number {
    const at = this.take(1);
    return this.view.getInt8(at);
  }

  u16(): number {
    const at = this.take(2);
    return this.view.getUint16(at, true);
  }

  i16(): number {
    const at = this.take(2);
    return this.view.getInt16(at, true);
  }

  u24(): number {
    const at = this.take(3);
    return this.view.getUint16(at, true) | (this.view.getUint8(at + 2) << 16);
  }

  u32(): number {
    const at = this.take(4);
    return this.view.getUint32(at, true);
  }

  i32(): number {
    const at = this.take(4);
    return this.view.getInt32(at, true);
  }

  u64(): bigint {
    const at = this.take(8);
    return this.view.getBigUint64(at, true);
  }

  i64(): bigint {
    const at = this.take(8);
    return this.view.getBigInt64(at, true);
  }

  /** A 64-bit offset or length; one that no file can have is an error. */
  u64Number(): number {
    const start = this.offset;
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.error(`0x${value.toString(16)} is too large`, start);
    }
    return Number(value);
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  unsigned(size: number): bigint {
    switch (size) {
      case 1:
        return BigInt(this.u8());
      case 2:
        return BigInt(this.u16());
      case 4:
        return BigInt(this.u32());
      case 8:
        return this.u64();
      default:
        throw this.error(`a number of ${size} bytes is not supported`);
    }
  }

  /** ULEB128 that is an index, offset or length. */
  uleb(): number {
    const start = this.offset;
    let low = 0;
    for (let shift = 0; shift < SMALL_BITS; shift += 7) {
      const byte = this.u8();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    this.offset = start;
    const value = this.ulebBig();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error('LEB128 too large', start);
    return Number(value);
  }

  ulebBig(): bigint {
    return BigInt.asUintN(64, this.leb().value);
  }

  sleb(): number {
    const start = this.offset;
    let low = 0;
    for (let shift = 0; shift < SMALL_BITS; shift += 7) {
      const byte = this.u8();
      low |= (byte & 0x7f) << shift;
      // The sign is the highest bit of the last byte.
      const unused = 32 - shift - 7;
      if (byte < 0x80) return (low << unused) >> unused;
    }
    this.offset = start;
    const value = this.slebBig();
    if (value < BigInt(Number.MIN_SAFE_INTEGER) || value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.error('LEB128 too large', start);
    }
    return Number(value);
  }

  slebBig(): bigint {
    const { value, bits } = this.leb();
    return BigInt.asIntN(Math.min(bits, 64), value);
  }

  /** Bytes up to a NUL, which is skipped, as UTF-8. */
  cstring(): string {
    const start = this.offset;
    const end = this.findNul();
    const text = utf8.decode(this.window.subarray(start - this.base, end - this.base));
    this.offset = end + 1;
    return text;
  }

  skipCstring(): void {
    this.offset = this.findNul() + 1;
  }

  /** A view of the next bytes, not a copy. */
  block(count: number): Uint8Array {
    const start = this.take(count);
    return this.window.subarray(start, start + count);
  }

  /** Where the string that begins here ends; all of it is in the window then. */
  private findNul(): number {
    const start = this.offset;
    let searched = start;
    for (;;) {
      const found = searched < this.limit ? this.window.indexOf(0, searched - this.base) : -1;
      const end = found < 0 ? this.limit : this.base + found;
      if (end < this.limit) return end;
      if (this.limit >= this.end) throw this.error('a string has no end', start);
      searched = Math.max(start, this.limit);
      this.refill(start, Math.min(this.end - start, 2 * (searched - start) + 64));
    }
  }

  private leb(): { value: bigint; bits: number } {
    const start = this.offset;
    let value = 0n;
    let low = 0;
    let shift = 0;
    for (;;) {
      const byte = this.u8();
      // What does not fit a small integer is added as a BigInt.
      if (shift < SMALL_BITS) low |= (byte & 0x7f) << shift;
      else value |= BigInt(byte & 0x7f) << BigInt(shift);
      shift += 7;
      if ((byte & 0x80) === 0) return { value: value | BigInt(low), bits: shift };
      if (shift > 126) throw this.error('LEB128 does not end', start);
    }
  }

  /** Moves past `count` bytes and says where they begin in the window. */
  private take(count: number): number {
    const start = this.offset;
    const next = start + count;
    // Negated, so that a count that is no number is refused too.
    if (!(count >= 0 && next <= this.limit && start >= this.base)) this.need(start, count);
    this.offset = next;
    return start - this.base;
  }

  private need(start: number, count: number): void {
    if (!(count >= 0) || start + count > this.end) {
      throw this.error(
        `ends at 0x${this.end.toString(16)} where ${count} more bytes are needed`,
        start,
      );
    }
    this.refill(start, count);
  }

  private refill(start: number, count: number): void {
    const size = Math.min(this.end - start, Math.max(count, this.step));
    this.window = this.file.read(start, size);
    this.view = viewOf(this.window);
    this.base = start;
    this.limit = start + Math.min(size, this.window.length);
    if (this.window.length < count) throw this.error('the file became shorter', start);
  }
}

const noBytes = new Uint8Array(0);
const noView = viewOf(noBytes);

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
