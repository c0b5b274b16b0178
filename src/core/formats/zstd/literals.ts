/** The literals section of a compressed block (RFC 8878, section 3.1.1.3.1). */
import { BrokenZstd } from './brokenZstd.ts';
import { readHuffmanStream, readHuffmanTable, type HuffmanTable } from './huffman.ts';

/** No block has more, compressed or not (section 3.1.1.2.4). */
export const MAX_BLOCK = 128 * 1024;

const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;

/** `previous` is the table that treeless literals use again. */
export function readLiterals(
  data: Uint8Array,
  start: number,
  end: number,
  previous: HuffmanTable | undefined,
): {
  readonly literals: Uint8Array;
  readonly table: HuffmanTable | undefined;
  readonly next: number;
} {
  const first = data[start] ?? 0;
  const type = first & 3;
  const format = (first >> 2) & 3;
  if (type === RAW || type === RLE) {
    const bytes = [1, 2, 1, 3][format] ?? 1;
    const size = littleEndian(data, start, bytes) >> (bytes === 1 ? 3 : 4);
    const at = start + bytes;
    const next = at + (type === RAW ? size : 1);
    checkSizes(size, next, end);
    const literals =
      type === RAW ? data.subarray(at, next) : new Uint8Array(size).fill(data[at] ?? 0);
    return { literals, table: previous, next };
  }
  const bytes = [3, 3, 4, 5][format] ?? 3;
  const width = [10, 10, 14, 18][format] ?? 10;
  const sizes = Math.floor(littleEndian(data, start, bytes) / 16);
  const size = sizes % 2 ** width;
  const at = start + bytes;
  const next = at + Math.floor(sizes / 2 ** width);
  checkSizes(size, next, end);
  const described = type === COMPRESSED ? readHuffmanTable(data, at, next) : undefined;
  const table = described?.table ?? previous;
  if (!table) throw new BrokenZstd('literals use a Huffman tree that was never described');
  const literals = new Uint8Array(size);
  const streams = described?.next ?? at;
  if (format === 0) readHuffmanStream(table, data, streams, next, literals);
  else readFourStreams(table, data, streams, next, literals);
  return { literals, table, next };
}

/** The sizes of the first three stand in front of them; each has a quarter, rounded up. */
function readFourStreams(
  table: HuffmanTable,
  data: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
): void {
  const quarter = (out.length + 3) >> 2;
  let at = start + 6;
  for (let stream = 0; stream < 4; stream++) {
    const size = littleEndian(data, start + stream * 2, 2);
    const next = stream === 3 ? end : at + size;
    if (next > end || stream * quarter > out.length) {
      throw new BrokenZstd('streams of literals are longer than their block');
    }
    const part = out.subarray(stream * quarter, stream === 3 ? out.length : (stream + 1) * quarter);
    readHuffmanStream(table, data, at, next, part);
    at = next;
  }
}

function checkSizes(size: number, next: number, end: number): void {
  if (size > MAX_BLOCK) throw new BrokenZstd('a block has too many literals');
  if (next > end) throw new BrokenZstd('literals are cut off');
}

/** Up to 6 bytes as a number; those that are not there are 0. */
export function littleEndian(data: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (data[start + i] ?? 0);
  return value;
}
