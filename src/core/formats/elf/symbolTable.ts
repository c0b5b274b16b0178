/** Symbol table entries (gABI, chapter 4, "Symbol Table"), decoded one by one where they are asked for. */
import { ByteReader } from '../../base/byteReader.ts';
import { endOfText } from '../../base/stringTable.ts';

export interface ElfSymbol {
  readonly name: string;
  readonly value: bigint;
  readonly size: bigint;
  /** STT_*, STB_*, and st_shndx. */
  readonly type: number;
  readonly binding: number;
  readonly sectionIndex: number;
}

const DOT = 0x2e;
const UNDERSCORE = 0x5f;
const LETTER_Z = 0x5a;
const LETTER_R = 0x52;

/**
 * A whole table as it stands in the file. Kernels have hundreds of thousands of symbols, of which a
 * debugger looks at a few.
 */
export class SymbolTable {
  readonly count: number;
  private readonly view: DataView;
  private readonly strings: Uint8Array;
  private readonly is64: boolean;
  private readonly entrySize: number;
  /** Names the table and its strings in messages. */
  private readonly what: readonly [table: string, strings: string];
  /** Added to values: where their sections are, in a file that was not linked. */
  private readonly sectionAddress: (index: number) => bigint;
  /** Symbols of C++ and Rust: a kernel in C has none, which need not be found out again. */
  private mangled: readonly number[] | undefined;

  constructor(
    table: Uint8Array,
    strings: Uint8Array,
    is64: boolean,
    what: readonly [table: string, strings: string],
    sectionAddress: (index: number) => bigint,
  ) {
    this.view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    this.strings = strings;
    this.is64 = is64;
    this.entrySize = is64 ? 24 : 16;
    this.count = Math.floor(table.length / this.entrySize);
    this.what = what;
    this.sectionAddress = sectionAddress;
  }

  nameOffset(index: number): number {
    return this.view.getUint32(index * this.entrySize, true);
  }

  value(index: number): bigint {
    const at = index * this.entrySize;
    const value = this.is64
      ? this.view.getBigUint64(at + 8, true)
      : BigInt(this.view.getUint32(at + 4, true));
    return value + this.sectionAddress(this.sectionIndex(index));
  }

  size(index: number): bigint {
    const at = index * this.entrySize;
    if (this.is64) return this.view.getBigUint64(at + 16, true);
    return BigInt(this.view.getUint32(at + 8, true));
  }

  type(index: number): number {
    return this.info(index) & 15;
  }

  binding(index: number): number {
    return this.info(index) >> 4;
  }

  sectionIndex(index: number): number {
    return this.view.getUint16(index * this.entrySize + (this.is64 ? 6 : 14), true);
  }

  name(index: number): string {
    const offset = this.nameOffset(index);
    if (offset === 0) return '';
    const reader = new ByteReader(this.strings, this.what[1]);
    return reader.seek(offset).cstring();
  }

  /** A byte of a name that reaches so far; 0 at its end. */
  nameByte(index: number, at: number): number {
    const offset = this.nameOffset(index);
    if (offset >= this.strings.length) this.name(index);
    return offset === 0 ? 0 : (this.strings[offset + at] ?? 0);
  }

  symbol(index: number): ElfSymbol {
    return {
      name: this.name(index),
      value: this.value(index),
      size: this.size(index),
      type: this.type(index),
      binding: this.binding(index),
      sectionIndex: this.sectionIndex(index),
    };
  }

  /**
   * Indexes of symbols whose name is `name`, or `name` and what a compiler adds to clones of it
   * (`.constprop.0`).
   */
  named(name: string): readonly number[] {
    const { strings, view, entrySize, count } = this;
    const wanted = new TextEncoder().encode(name);
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const end = endOfText(strings, view.getUint32(i * entrySize, true), wanted);
      if (end < 0) continue;
      const isClone = strings[end] === DOT && isLowerCase(strings[end + 1] ?? 0);
      if (strings[end] === 0 || isClone) found.push(i);
    }
    return found;
  }

  /** Indexes of symbols of C++ and Rust in whose mangled names an identifier stands. */
  withIdentifier(identifier: string): readonly number[] {
    const text = new TextEncoder().encode(identifier);
    const wanted = new TextEncoder().encode(`${text.length}${identifier}`);
    this.mangled ??= this.findMangled();
    const found: number[] = [];
    for (const i of this.mangled) {
      const start = this.nameOffset(i);
      const end = this.strings.indexOf(0, start);
      for (let at = start + 2; at < end; at++) {
        if (endOfText(this.strings, at, wanted) < 0) continue;
        found.push(i);
        break;
      }
    }
    return found;
  }

  private findMangled(): readonly number[] {
    const found: number[] = [];
    for (let i = 0; i < this.count; i++) {
      if (this.nameByte(i, 0) !== UNDERSCORE) continue;
      const kind = this.nameByte(i, 1);
      if (kind === LETTER_Z || kind === LETTER_R) found.push(i);
    }
    return found;
  }

  private info(index: number): number {
    return this.view.getUint8(index * this.entrySize + (this.is64 ? 4 : 12));
  }
}

function isLowerCase(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}
