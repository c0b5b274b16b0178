/** Symbol table entries (gABI, chapter 4, "Symbol Table"). */
import type { ByteReader } from '../../base/byteReader.ts';

export interface ElfSymbol {
  readonly name: string;
  readonly value: bigint;
  readonly size: bigint;
  /** STT_*, STB_*, and st_shndx. */
  readonly type: number;
  readonly binding: number;
  readonly sectionIndex: number;
}

export function readSymbols(
  table: ByteReader,
  strings: ByteReader,
  is64: boolean,
): readonly ElfSymbol[] {
  const entrySize = is64 ? 24 : 16;
  const symbols: ElfSymbol[] = [];
  while (table.remaining >= entrySize) symbols.push(readSymbol(table, strings, is64));
  return symbols;
}

function readSymbol(table: ByteReader, strings: ByteReader, is64: boolean): ElfSymbol {
  const nameOffset = table.u32();
  let value = 0n;
  let size = 0n;
  if (!is64) {
    value = BigInt(table.u32());
    size = BigInt(table.u32());
  }
  const info = table.u8();
  table.skip(1);
  const sectionIndex = table.u16();
  if (is64) {
    value = table.u64();
    size = table.u64();
  }
  const name = nameOffset === 0 ? '' : strings.seek(nameOffset).cstring();
  return { name, value, size, type: info & 15, binding: info >> 4, sectionIndex };
}
