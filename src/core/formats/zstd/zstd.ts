/**
 * Decompression of zstd (RFC 8878). Ends for whatever it is given, after steps that its input and its
 * output bound: the one small library there is goes in circles for some damaged data. Frames that
 * need a dictionary are refused; checksums are passed over.
 */
import { BrokenZstd } from './brokenZstd.ts';
import type { HuffmanTable } from './huffman.ts';
import { littleEndian, MAX_BLOCK, readLiterals } from './literals.ts';
import { readSequences, type Sequence, type SequenceTables } from './sequences.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a5;

/** Fills `out` from all frames, and says how many bytes they had. A `BrokenZstd` says what is wrong. */
export function unzstd(data: Uint8Array, out: Uint8Array): number {
  let at = 0;
  let written = 0;
  while (at < data.length) {
    const magic = littleEndian(data, at, 4);
    if (magic >>> 4 === SKIPPABLE) {
      at += 8 + littleEndian(data, at + 4, 4);
      continue;
    }
    if (magic !== MAGIC) throw new BrokenZstd('it does not begin as a frame does');
    const frame = new Frame(data, at + 4, out, written);
    at = frame.read();
    written = frame.written;
  }
  return written;
}

class Frame {
  private readonly data: Uint8Array;
  private readonly out: Uint8Array;
  private readonly start: number;
  private at: number;
  written: number;
  private huffman: HuffmanTable | undefined;
  private tables: SequenceTables | undefined;
  private offsets: readonly [number, number, number] = [1, 4, 8];

  constructor(data: Uint8Array, at: number, out: Uint8Array, written: number) {
    this.data = data;
    this.at = at;
    this.out = out;
    this.start = written;
    this.written = written;
  }

  /** Reads the frame; where it ends. */
  read(): number {
    const hasChecksum = this.readHeader();
    while (!this.readBlock());
    if (hasChecksum) this.take(4);
    return this.at;
  }

  /** Section 3.1.1.1. */
  private readHeader(): boolean {
    const descriptor = this.take(1);
    if ((descriptor & 8) !== 0) throw new BrokenZstd('its frame has a reserved bit set');
    const isSingle = (descriptor & 0x20) !== 0;
    if (!isSingle) this.take(1);
    const dictionary = this.take([0, 1, 2, 4][descriptor & 3] ?? 0);
    if (dictionary !== 0) throw new BrokenZstd(`it needs dictionary ${dictionary}`);
    const sizeFlag = descriptor >> 6;
    this.at += sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag;
    return (descriptor & 4) !== 0;
  }

  /** Section 3.1.1.2; whether it was the last. */
  private readBlock(): boolean {
    const header = this.take(3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (size > MAX_BLOCK) throw new BrokenZstd('a block is too large');
    const { data, at } = this;
    this.at += type === 1 ? 1 : size;
    if (this.at > data.length) throw new BrokenZstd('its data ends within a block');
    if (type === 0) this.copy(data.subarray(at, at + size));
    else if (type === 1) this.claim(size).fill(data[at] ?? 0);
    else if (type === 2) this.readCompressed(at, at + size);
    else throw new BrokenZstd('a block has the reserved type');
    return (header & 1) !== 0;
  }

  private readCompressed(start: number, end: number): void {
    const { data } = this;
    const { literals, table, next } = readLiterals(data, start, end, this.huffman);
    this.huffman = table;
    const limit = this.written + MAX_BLOCK;
    let used = 0;
    this.tables = readSequences(data, next, end, this.tables, (sequence) => {
      const to = used + sequence.literalLength;
      if (to > literals.length)
        throw new BrokenZstd('a sequence wants more literals than there are');
      this.copy(literals.subarray(used, to));
      used = to;
      this.repeat(this.offsetOf(sequence), sequence.matchLength);
      if (this.written > limit) throw new BrokenZstd('a block has too much in it');
    });
    this.copy(literals.subarray(used));
  }

  /** Section 3.1.1.5: the last three offsets have numbers of their own. */
  private offsetOf({ offsetValue, literalLength }: Sequence): number {
    const [first, second, third] = this.offsets;
    if (offsetValue > 3) {
      this.offsets = [offsetValue - 3, first, second];
      return offsetValue - 3;
    }
    const which = offsetValue - (literalLength === 0 ? 0 : 1);
    if (which === 0) return first;
    if (which === 1) {
      this.offsets = [second, first, third];
      return second;
    }
    const offset = which === 2 ? third : first - 1;
    this.offsets = [offset, first, second];
    return offset;
  }

  private repeat(offset: number, length: number): void {
    const from = this.written - offset;
    if (offset < 1 || from < this.start) throw new BrokenZstd('it copies from before its begin');
    const { out, written } = this;
    this.claim(length);
    if (offset >= length) out.copyWithin(written, from, from + length);
    else for (let i = 0; i < length; i++) out[written + i] = out[from + i] ?? 0;
  }

  private copy(bytes: Uint8Array): void {
    this.claim(bytes.length).set(bytes);
  }

  private claim(length: number): Uint8Array {
    const from = this.written;
    if (from + length > this.out.length) throw new BrokenZstd('it holds more than it should');
    this.written = from + length;
    return this.out.subarray(from, this.written);
  }

  private take(count: number): number {
    const value = littleEndian(this.data, this.at, count);
    this.at += count;
    if (this.at > this.data.length) throw new BrokenZstd('its data ends within a frame');
    return value;
  }
}
