/** Tables of finite state entropy, and how a stream describes them (RFC 8878, section 4.1). */
import type { BackwardBits } from './backwardBits.ts';
import { BrokenZstd } from './brokenZstd.ts';

/** What each state stands for, and how the next is made: `base` plus `bits` more bits. */
export interface FseTable {
  readonly accuracyLog: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** A state that walks through a table. */
export class FseState {
  private readonly table: FseTable;
  private state: number;

  constructor(table: FseTable, bits: BackwardBits) {
    this.table = table;
    this.state = bits.read(table.accuracyLog);
  }

  get symbol(): number {
    return this.table.symbols[this.state] ?? 0;
  }

  advance(bits: BackwardBits): void {
    const { table, state } = this;
    this.state = (table.base[state] ?? 0) + bits.read(table.bits[state] ?? 0);
  }
}

/** A table with one symbol, which needs no bits (RLE_Mode). */
export function constantTable(symbol: number): FseTable {
  return {
    accuracyLog: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    base: new Uint16Array(1),
  };
}

/** From how often each symbol occurs; -1 is "less than 1" (section 4.1.1). */
export function fseTable(frequencies: ArrayLike<number>, accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(frequencies.length);
  let high = size;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    const frequency = frequencies[symbol] ?? 0;
    next[symbol] = Math.abs(frequency);
    if (frequency === -1) symbols[--high] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    for (let i = 0; i < (frequencies[symbol] ?? 0); i++) {
      symbols[position] = symbol;
      // Ends: the steps visit each state, and frequencies fill just those below `high`.
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  }
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] ?? 0;
    const count = next[symbol] ?? 0;
    next[symbol] = count + 1;
    const width = accuracyLog - (31 - Math.clz32(count));
    bits[state] = width;
    base[state] = (count << width) - size;
  }
  return { accuracyLog, symbols, bits, base };
}

/** A table as it stands in a stream, and where what follows begins (section 4.1.1). */
export function readFseTable(
  data: Uint8Array,
  start: number,
  end: number,
  limits: { readonly accuracyLog: number; readonly symbol: number },
): { readonly table: FseTable; readonly next: number } {
  let position = start * 8;
  const take = (count: number): number => {
    if (position + count > end * 8) throw new BrokenZstd('a table of frequencies is cut off');
    const byte = position >> 3;
    const three = (data[byte] ?? 0) | ((data[byte + 1] ?? 0) << 8) | ((data[byte + 2] ?? 0) << 16);
    const value = (three >> (position & 7)) & ((1 << count) - 1);
    position += count;
    return value;
  };
  const accuracyLog = take(4) + 5;
  if (accuracyLog > limits.accuracyLog) throw new BrokenZstd('a table is too exact');
  const frequencies: number[] = [];
  let remaining = 1 << accuracyLog;
  while (remaining > 0) {
    const width = 32 - Math.clz32(remaining + 1);
    const low = (1 << (width - 1)) - 1;
    const short = (1 << width) - 2 - remaining;
    // Values below `short` have a bit less, so the last one may not be there to be read.
    let value = take(width - 1);
    if (value >= short) {
      value |= take(1) << (width - 1);
      if (value > low) value -= short;
    }
    const frequency = value - 1;
    remaining -= Math.abs(frequency);
    frequencies.push(frequency);
    if (frequency === 0) {
      let zeros: number;
      do {
        zeros = take(2);
        for (let i = 0; i < zeros; i++) frequencies.push(0);
      } while (zeros === 3);
    }
    if (frequencies.length > limits.symbol + 1)
      throw new BrokenZstd('a table has too many symbols');
  }
  if (remaining < 0) throw new BrokenZstd('frequencies are more than their table holds');
  return { table: fseTable(frequencies, accuracyLog), next: (position + 7) >> 3 };
}
