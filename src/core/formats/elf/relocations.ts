/**
 * Relocations of sections that are not loaded, in files that were not linked (gABI, chapter 4,
 * "Relocation"). Which type does what, the instruction set says. Allocated sections of such a file
 * are given addresses one after another, so that code has one address each, where nobody says others.
 */
import { ByteReader } from '../../base/byteReader.ts';
import { SHF_ALLOC, SHT_RELA } from './constants.ts';
import type { ElfFile, ElfSection } from './elf.ts';

/**
 * What a relocation does to a number in data: its value is that of its symbol and its addend, for a
 * relative one counted from its place.
 */
export interface DataRelocation {
  readonly operation: 'none' | 'set' | 'add' | 'subtract';
  /** Bytes of the number; of one byte only the low bits, or as many as its LEB128 has. */
  readonly width: 1 | 2 | 4 | 8 | 'low6' | 'uleb';
  readonly isRelative?: boolean;
}

/** The relocations of a machine (`e_machine`), by their types; undefined for a machine unknown. */
export type RelocationsOf = (
  machine: number,
) => ((type: number) => DataRelocation | undefined) | undefined;

/** Where sections of a file that was not linked are, by name: whoever loads it puts each somewhere. */
export type SectionAddresses = Readonly<Record<string, bigint>>;

/** Addresses of the sections of a file that was not linked; by section index. */
export function layOut(
  sections: readonly ElfSection[],
  given: SectionAddresses = {},
): readonly bigint[] {
  let next = 0n;
  return sections.map((section) => {
    if ((section.flags & SHF_ALLOC) === 0) return section.address;
    if (Object.hasOwn(given, section.name)) return given[section.name] ?? 0n;
    if (section.size === 0) return section.address;
    const alignment = section.alignment > 0 ? BigInt(section.alignment) : 1n;
    const address = ((next + alignment - 1n) / alignment) * alignment;
    next = address + BigInt(section.size);
    return address;
  });
}

/** A section's bytes with its relocations applied; the very bytes when it has none. */
export function relocated(elf: ElfFile, section: ElfSection, bytes: Uint8Array): Uint8Array {
  const tables = elf.sections.filter((s) => s.type === SHT_RELA && s.info === section.index);
  if (tables.length === 0) return bytes;
  const copy = Uint8Array.from(bytes);
  for (const table of tables) applyTable(elf, section, table, copy);
  return copy;
}

function applyTable(elf: ElfFile, section: ElfSection, table: ElfSection, bytes: Uint8Array): void {
  const reader = new ByteReader(elf.sectionBytes(table), `${elf.name}: ${table.name}`);
  const relocationOf = elf.relocations;
  if (!relocationOf) throw reader.error('relocations of this machine are not known', 0);
  const { symbols } = elf;
  const place = new RelocatedBytes(bytes, reader);
  const entrySize = elf.is64 ? 24 : 12;
  while (reader.remaining >= entrySize) {
    const offset = elf.is64 ? reader.u64Number() : reader.u32();
    const info = elf.is64 ? reader.u64() : BigInt(reader.u32());
    const type = Number(info & (elf.is64 ? 0xffff_ffffn : 0xffn));
    const index = Number(info >> (elf.is64 ? 32n : 8n));
    const addend = elf.is64 ? reader.i64() : BigInt(reader.i32());
    const symbol = symbols[index];
    if (!symbol) throw reader.error(`a relocation names symbol ${index}, which does not exist`);
    const relocation = relocationOf(type);
    if (!relocation) {
      throw reader.error(`relocation type ${type} is not known in debug information`);
    }
    const from = relocation.isRelative ? section.address + BigInt(offset) : 0n;
    place.apply(relocation, offset, symbol.value + addend - from);
  }
}

class RelocatedBytes {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly reader: ByteReader;

  constructor(bytes: Uint8Array, reader: ByteReader) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.reader = reader;
  }

  apply({ operation, width }: DataRelocation, at: number, value: bigint): void {
    switch (operation) {
      case 'none':
        return;
      case 'set':
        return this.put(at, width, value);
      case 'add':
        return this.put(at, width, this.get(at, width) + value);
      case 'subtract':
        return this.put(at, width, this.get(at, width) - value);
    }
  }

  private check(at: number, size: number): void {
    if (at + size <= this.bytes.length) return;
    throw this.reader.error(`a relocation at 0x${at.toString(16)} is outside of its section`);
  }

  private get(at: number, width: DataRelocation['width']): bigint {
    if (width === 'uleb') return this.getUleb(at);
    const size = width === 'low6' ? 1 : width;
    this.check(at, size);
    if (size === 8) return this.view.getBigUint64(at, true);
    if (size === 4) return BigInt(this.view.getUint32(at, true));
    return BigInt(size === 2 ? this.view.getUint16(at, true) : this.view.getUint8(at));
  }

  private put(at: number, size: DataRelocation['width'], value: bigint): void {
    if (size === 'uleb') return this.putUleb(at, value);
    if (size === 'low6') return this.put6(at, value);
    this.check(at, size);
    if (size === 8) this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else if (size === 4) this.view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else if (size === 2) this.view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
    else this.view.setUint8(at, Number(BigInt.asUintN(8, value)));
  }

  /** The low 6 bits alone: the others are the opcode of a call-frame instruction. */
  private put6(at: number, value: bigint): void {
    this.check(at, 1);
    const kept = this.view.getUint8(at) & 0xc0;
    this.view.setUint8(at, kept | Number(BigInt.asUintN(6, value)));
  }

  private getUleb(at: number): bigint {
    return new ByteReader(this.bytes, this.reader.what, Math.min(at, this.bytes.length)).ulebBig();
  }

  /** The number keeps its length: padding stays padding. */
  private putUleb(at: number, value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (let i = at; ; i++) {
      this.check(i, 1);
      const more = this.view.getUint8(i) & 0x80;
      this.view.setUint8(i, Number(rest & 0x7fn) | more);
      rest >>= 7n;
      if (more === 0) return;
    }
  }
}
