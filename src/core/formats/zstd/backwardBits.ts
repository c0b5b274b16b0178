/**
 * Bits of a zstd stream, read from its end to its begin (RFC 8878, section 4.1). The last byte's highest
 * set bit only says where the first value begins.
 */
import { BrokenZstd } from './brokenZstd.ts';

export class BackwardBits {
  private readonly data: Uint8Array;
  private readonly start: number;
  /** Bits that are left; below 0 when more were read than there are: those were zeros. */
  left: number;

  constructor(data: Uint8Array, start: number, end: number) {
    const last = end > start ? (data[end - 1] ?? 0) : 0;
    if (last === 0) throw new BrokenZstd('a bit stream does not end with a set bit');
    this.data = data;
    this.start = start;
    this.left = (end - start - 1) * 8 + 31 - Math.clz32(last);
  }

  /** The next `count` (0 to 32) bits. */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 0x10000 + this.read(16);
    this.left -= count;
    return this.at(this.left, count);
  }

  /** The next `count` (0 to 16) bits, which stay. */
  peek(count: number): number {
    return this.at(this.left - count, count);
  }

  /** Everything has been read, and nothing beyond. */
  finish(): void {
    if (this.left !== 0) throw new BrokenZstd('a bit stream is not as long as what it holds');
  }

  private at(position: number, count: number): number {
    if (position < 0) {
      const rest = count + position;
      return rest > 0 ? this.at(0, rest) << -position : 0;
    }
    const { data } = this;
    const byte = this.start + (position >> 3);
    const three = (data[byte] ?? 0) | ((data[byte + 1] ?? 0) << 8) | ((data[byte + 2] ?? 0) << 16);
    return (three >> (position & 7)) & ((1 << count) - 1);
  }
}
