/** Huffman-coded literals (RFC 8878, section 4.2). */
import { BackwardBits } from './backwardBits.ts';
import { BrokenZstd } from './brokenZstd.ts';
import { FseState, readFseTable } from './fse.ts';

/** By the next `maxBits` bits: a symbol, and how many of the bits are its code. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const MAX_BITS = 11;
const MAX_SYMBOLS = 256;

/** A tree description, and where what follows begins (section 4.2.1). */
export function readHuffmanTable(
  data: Uint8Array,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly next: number } {
  const header = data[start] ?? 0;
  const size = header < 128 ? header : (header - 127 + 1) >> 1;
  const next = start + 1 + size;
  if (next > end) throw new BrokenZstd('a Huffman tree is cut off');
  const weights =
    header < 128
      ? compressedWeights(data, start + 1, next)
      : directWeights(data, start + 1, header - 127);
  return { table: huffmanTable(weights), next };
}

function directWeights(data: Uint8Array, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const pair = data[start + (i >> 1)] ?? 0;
    return i % 2 === 0 ? pair >> 4 : pair & 15;
  });
}

/** Two states take turns until the bits are used up (section 4.2.1.2). */
function compressedWeights(data: Uint8Array, start: number, end: number): number[] {
  const { table, next } = readFseTable(data, start, end, { accuracyLog: 6, symbol: 255 });
  const bits = new BackwardBits(data, next, end);
  const weights: number[] = [];
  let [current, other] = [new FseState(table, bits), new FseState(table, bits)];
  while (weights.length < MAX_SYMBOLS - 1) {
    weights.push(current.symbol);
    current.advance(bits);
    if (bits.left < 0) {
      weights.push(other.symbol);
      return weights;
    }
    [current, other] = [other, current];
  }
  // States without bits may go in circles; there are no more symbols than these.
  throw new BrokenZstd('a Huffman tree has too many weights');
}

/** The last weight is what makes the sum a power of two. */
function huffmanTable(given: readonly number[]): HuffmanTable {
  let sum = 0;
  for (const weight of given) {
    if (weight > MAX_BITS) throw new BrokenZstd('a Huffman code is too long');
    if (weight > 0) sum += 1 << (weight - 1);
  }
  const maxBits = 32 - Math.clz32(sum);
  const rest = (1 << maxBits) - sum;
  if (sum === 0 || maxBits > MAX_BITS || (rest & (rest - 1)) !== 0) {
    throw new BrokenZstd('the weights of a Huffman tree do not add up');
  }
  const weights = [...given, 32 - Math.clz32(rest)];
  if (weights.length > MAX_SYMBOLS) throw new BrokenZstd('a Huffman tree has too many weights');
  const symbols = new Uint8Array(1 << maxBits);
  const bits = new Uint8Array(1 << maxBits);
  let position = 0;
  for (let weight = 1; weight <= maxBits; weight++) {
    for (const [symbol, its] of weights.entries()) {
      if (its !== weight) continue;
      const end = position + (1 << (weight - 1));
      symbols.fill(symbol, position, end);
      bits.fill(maxBits + 1 - weight, position, end);
      position = end;
    }
  }
  return { maxBits, symbols, bits };
}

/** Fills `out` from one stream, which has to be just as long (section 4.2.2). */
export function readHuffmanStream(
  table: HuffmanTable,
  data: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
): void {
  const stream = new BackwardBits(data, start, end);
  const { maxBits, symbols, bits } = table;
  for (let i = 0; i < out.length; i++) {
    const code = stream.peek(maxBits);
    out[i] = symbols[code] ?? 0;
    stream.left -= bits[code] ?? 0;
    if (stream.left < 0) throw new BrokenZstd('a stream of literals is cut off');
  }
  stream.finish();
}
