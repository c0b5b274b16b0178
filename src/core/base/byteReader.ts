/**
 * A cursor over little-endian bytes that belong to a named thing (`vmlinux: .debug_info`). Reading
 * past the end is a `FormatError` that names the thing and the offset, never a wrong value. It
 * copies nothing. LEB128 as in DWARF 5, section 7.6.
 */
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

export class ByteReader {
  /** Names the bytes in messages. */
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Where the next read begins, from the start of `bytes`. */
  offset: number;
  /** Reads stop here. */
  readonly end: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, what: string, start = 0, end = bytes.length, view?: DataView) {
    this.bytes = bytes;
    this.what = what;
    this.offset = start;
    this.end = end;
    this.view = view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (start < 0 || start > end || end > bytes.length) {
      throw new FormatError(what, start, `there are only 0x${bytes.length.toString(16)} bytes`);
    }
  }

  /** The same bytes from `start` to `end`, offsets counted as here. */
  slice(start: number, end = this.end): ByteReader {
    if (end > this.end) throw this.error('reaches past the end', start);
    return new ByteReader(this.bytes, this.what, start, end, this.view);
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

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  i8(): number {
    return this.view.getInt8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  i16(): number {
    return this.view.getInt16(this.take(2), true);
  }

  u24(): number {
    const at = this.take(3);
    return this.view.getUint16(at, true) | (this.view.getUint8(at + 2) << 16);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  i64(): bigint {
    return this.view.getBigInt64(this.take(8), true);
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
    const first = this.u8();
    if (first < 0x80) return first;
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
    let end = this.bytes.indexOf(0, start);
    if (end < 0 || end >= this.end) throw this.error('a string has no end', start);
    const text = utf8.decode(this.bytes.subarray(start, end));
    this.offset = ++end;
    return text;
  }

  skipCstring(): void {
    const end = this.bytes.indexOf(0, this.offset);
    if (end < 0 || end >= this.end) throw this.error('a string has no end');
    this.offset = end + 1;
  }

  /** A view of the next bytes, not a copy. */
  block(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.subarray(start, start + count);
  }

  private leb(): { value: bigint; bits: number } {
    const start = this.offset;
    let value = 0n;
    let low = 0;
    let shift = 0;
    for (;;) {
      const byte = this.u8();
      // Up to 28 bits fit a small integer; the rest is added as a BigInt.
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else value |= BigInt(byte & 0x7f) << BigInt(shift);
      shift += 7;
      if ((byte & 0x80) === 0) return { value: value | BigInt(low), bits: shift };
      if (shift > 126) throw this.error('LEB128 does not end', start);
    }
  }

  private take(count: number): number {
    const start = this.offset;
    if (!(count >= 0) || start + count > this.end) {
      throw this.error(
        `ends at 0x${this.end.toString(16)} where ${count} more bytes are needed`,
        start,
      );
    }
    this.offset = start + count;
    return start;
  }
}
