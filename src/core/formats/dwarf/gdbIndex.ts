/**
 * `.gdb_index`, versions 7 to 9, as linkers and gdb-add-index write it ("Index Section Format" in
 * Debugging with GDB): which unit has an address, which units define a name.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import type { ListedRange } from './addressRanges.ts';

export class GdbIndex {
  /** It knows all units. */
  readonly units = undefined;
  private readonly reader: ByteReader;
  private readonly unitList: number;
  private readonly types: number;
  private readonly addressArea: number;
  private readonly symbols: number;
  private readonly symbolsEnd: number;
  private readonly pool: number;

  constructor(reader: ByteReader) {
    this.reader = reader;
    const version = reader.u32();
    if (version < 7 || version > 9) throw reader.error(`version ${version} is not known here`, 0);
    this.unitList = reader.u32();
    this.types = reader.u32();
    this.addressArea = reader.u32();
    this.symbols = reader.u32();
    // Version 9 has a table for the name of `main` between symbols and pool.
    this.symbolsEnd = reader.u32();
    this.pool = version >= 9 ? reader.u32() : this.symbolsEnd;
  }

  addresses(): readonly ListedRange[] {
    const found: ListedRange[] = [];
    const { reader } = this;
    reader.seek(this.addressArea);
    while (reader.offset + 20 <= this.symbols) {
      const low = reader.u64();
      const high = reader.u64();
      const unitOffset = this.unitOffset(reader.u32());
      if (unitOffset !== undefined) found.push({ unitOffset, low, high });
    }
    return found;
  }

  /** Offsets in `.debug_info` of units that define a name. */
  unitsDefining(name: string): readonly number[] {
    const slots = Math.floor((this.symbolsEnd - this.symbols) / 8);
    const vector = this.find(name, slots);
    if (vector === undefined) return [];
    const reader = this.reader.slice(this.pool + vector);
    const count = reader.u32();
    const found = new Set<number>();
    for (let i = 0; i < count; i++) {
      // The high byte says what kind of symbol it is.
      const offset = this.unitOffset(reader.u32() & 0xff_ffff);
      if (offset !== undefined) found.add(offset);
    }
    return [...found];
  }

  /** Where the vector of units of a name is, from the pool's start. */
  private find(name: string, slots: number): number | undefined {
    if (slots <= 0) return undefined;
    const hash = nameHash(name);
    const step = ((hash * 17) & (slots - 1)) | 1;
    let slot = hash & (slots - 1);
    for (let tries = 0; tries < slots; tries++) {
      const entry = this.reader.slice(this.symbols + slot * 8);
      const nameAt = entry.u32();
      const vector = entry.u32();
      if (nameAt === 0 && vector === 0) return undefined;
      if (this.reader.slice(this.pool + nameAt).cstring() === name) return vector;
      slot = (slot + step) & (slots - 1);
    }
    return undefined;
  }

  /** Undefined for type units, which come after the others. */
  private unitOffset(index: number): number | undefined {
    if (this.unitList + index * 16 >= this.types) return undefined;
    return this.reader.slice(this.unitList + index * 16).u64Number();
  }
}

/** Case does not count since version 5. */
function nameHash(name: string): number {
  let hash = 0;
  for (const byte of new TextEncoder().encode(name)) {
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    hash = (Math.imul(hash, 67) + lower - 113) >>> 0;
  }
  return hash;
}
