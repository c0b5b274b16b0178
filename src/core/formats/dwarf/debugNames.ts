/** `.debug_names` (DWARF 5, section 6.1.1): which units define a name. */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_FORM, DW_IDX } from './constants.ts';
import { readForm, readOffset, type Encoding } from './forms.ts';
import type { DwarfSections } from './sections.ts';
import { readInitialLength } from './unit.ts';

export class DebugNames {
  private readonly tables: readonly NameTable[];

  constructor(sections: DwarfSections) {
    const reader = sections.reader('names');
    const tables: NameTable[] = [];
    while (!reader.atEnd) {
      const start = reader.offset;
      const { length, offsetSize } = readInitialLength(reader);
      const end = reader.offset + length;
      if (end > reader.end) throw reader.error('a name index is truncated', start);
      tables.push(new NameTable(sections, reader.slice(reader.offset, end), offsetSize));
      reader.seek(end);
    }
    this.tables = tables;
  }

  /** Offsets in `.debug_info` of the units that have an index: the others must be searched. */
  get units(): readonly number[] {
    return this.tables.flatMap((table) => table.units);
  }

  unitsDefining(name: string): readonly number[] {
    return [...new Set(this.tables.flatMap((table) => table.find(name)))];
  }
}

interface IndexAttribute {
  readonly index: number;
  readonly form: number;
}

class NameTable {
  /** Offsets of compile units. */
  readonly units: readonly number[];
  private readonly sections: DwarfSections;
  private readonly reader: ByteReader;
  private readonly encoding: Encoding;
  private readonly bucketCount: number;
  private readonly nameCount: number;
  private readonly buckets: number;
  private readonly hashes: number;
  private readonly strings: number;
  private readonly entries: number;
  private readonly pool: number;
  private readonly abbreviations: ReadonlyMap<number, readonly IndexAttribute[]>;

  constructor(sections: DwarfSections, reader: ByteReader, offsetSize: 4 | 8) {
    this.sections = sections;
    this.reader = reader;
    const version = reader.u16();
    if (version !== 5) throw reader.error(`version ${version} is not known here`);
    reader.skip(2);
    const unitCount = reader.u32();
    const localTypes = reader.u32();
    const foreignTypes = reader.u32();
    this.bucketCount = reader.u32();
    this.nameCount = reader.u32();
    const abbreviationsSize = reader.u32();
    reader.skip(reader.u32());
    this.encoding = { version, addressSize: 8, offsetSize };
    const lists = reader.offset + unitCount * offsetSize;
    this.units = readOffsets(reader, unitCount, lists, this.encoding);
    this.buckets = lists + localTypes * offsetSize + foreignTypes * 8;
    this.hashes = this.buckets + this.bucketCount * 4;
    this.strings = this.hashes + (this.bucketCount > 0 ? this.nameCount * 4 : 0);
    this.entries = this.strings + this.nameCount * offsetSize;
    const abbreviations = this.entries + this.nameCount * offsetSize;
    this.pool = abbreviations + abbreviationsSize;
    this.abbreviations = readAbbreviations(reader.slice(abbreviations, this.pool));
  }

  find(name: string): readonly number[] {
    const found: number[] = [];
    for (const index of this.candidates(name)) {
      const { offsetSize } = this.encoding;
      const string = readOffset(this.at(this.strings + index * offsetSize), this.encoding);
      if (this.sections.string('str', string) !== name) continue;
      const list = readOffset(this.at(this.entries + index * offsetSize), this.encoding);
      this.readList(this.at(this.pool + list), found);
    }
    return found;
  }

  /** Numbers of names, from 0, that may be the one: all of its hash, or all there are. */
  private *candidates(name: string): Generator<number> {
    if (this.bucketCount === 0) {
      for (let i = 0; i < this.nameCount; i++) yield i;
      return;
    }
    const hash = nameHash(name);
    const bucket = hash % this.bucketCount;
    const first = this.at(this.buckets + bucket * 4).u32();
    if (first === 0) return;
    for (let i = first - 1; i < this.nameCount; i++) {
      const other = this.at(this.hashes + i * 4).u32();
      if (other % this.bucketCount !== bucket) return;
      if (other === hash) yield i;
    }
  }

  private readList(reader: ByteReader, found: number[]): void {
    for (;;) {
      const code = reader.uleb();
      if (code === 0) return;
      const attributes = this.abbreviations.get(code);
      if (!attributes) throw reader.error(`index abbreviation ${code} does not exist`);
      // With a single unit nothing says which one it is.
      let unit: number | undefined = 0;
      for (const { index, form } of attributes) {
        const value = readForm(reader, form, 0n, this.encoding);
        if (index === DW_IDX.type_unit) unit = undefined;
        if (value.kind !== 'constant') continue;
        if (index === DW_IDX.compile_unit) unit = Number(value.value);
      }
      const offset = unit === undefined ? undefined : this.units[unit];
      if (offset !== undefined) found.push(offset);
    }
  }

  private at(offset: number): ByteReader {
    return this.reader.slice(offset);
  }
}

function readOffsets(
  reader: ByteReader,
  count: number,
  end: number,
  encoding: Encoding,
): readonly number[] {
  if (end > reader.end) throw reader.error(`a list of ${count} units is truncated`);
  return Array.from({ length: count }, () => readOffset(reader, encoding));
}

function readAbbreviations(reader: ByteReader): ReadonlyMap<number, readonly IndexAttribute[]> {
  const found = new Map<number, readonly IndexAttribute[]>();
  while (!reader.atEnd) {
    const code = reader.uleb();
    if (code === 0) break;
    // The tag does not matter: whoever finds the unit looks for the name himself.
    reader.uleb();
    const attributes: IndexAttribute[] = [];
    for (;;) {
      const index = reader.uleb();
      const form = reader.uleb();
      if (form === DW_FORM.implicit_const) reader.slebBig();
      if (index === 0 && form === 0) break;
      attributes.push({ index, form });
    }
    found.set(code, attributes);
  }
  return found;
}

/** DWARF 5, section 7.33; of names beyond ASCII the case is not folded. */
function nameHash(name: string): number {
  let hash = 5381;
  for (const byte of new TextEncoder().encode(name)) {
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    hash = (Math.imul(hash, 33) + lower) >>> 0;
  }
  return hash;
}
