/**
 * Units and debugging information entries of `.debug_info` (DWARF 5, sections 7.5.1 and 2.1). An
 * entry knows where its attributes are and decodes one when it is asked for; nothing is kept.
 */
import type { ByteReader } from '../../base/byteReader.ts';
import { readAbbreviations, type Abbreviation, type AbbreviationTable } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_UT } from './constants.ts';
import { readForm, readOffset, skipForm, type AttributeValue, type Encoding } from './forms.ts';
import { DwarfError, type DwarfSections } from './sections.ts';

/** Finds what lies outside of a unit. */
export interface UnitLookup {
  readonly sections: DwarfSections;
  /** The entry at an offset of `.debug_info`. */
  entryAt(offset: number): Die;
  /** The entry that describes a type by its signature. */
  typeBySignature(signature: bigint): Die | undefined;
  /** Of split units: what stands for them in the program. */
  readonly skeleton: Unit | undefined;
  /** The unit that a skeleton stands for. */
  splitUnitOf(unit: Unit): Unit | undefined;
  /** A reader over a unit that is in memory; it may be released again to make room for others. */
  load(unit: Unit): ByteReader;
}

/** Bytes of the longest header of a unit: 64-bit format, with signature and offset of a type. */
export const longestHeader = 48;

/** Bytes at the beginning of a unit that suffice to read its first entry. */
const HEAD = 512;

export class Unit implements Encoding {
  readonly lookup: UnitLookup;
  readonly section: 'info' | 'types';
  /** Of the header, of the first entry, and after the last one, in the section. */
  readonly offset: number;
  readonly firstEntry: number;
  readonly end: number;
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: 4 | 8;
  /** DW_UT_*; a unit before DWARF 5 is DW_UT_compile or DW_UT_type. */
  readonly unitType: number;
  /** Of a type unit: its signature, and where its type is, from the start of the unit. */
  readonly typeSignature: bigint | undefined;
  readonly typeOffset: number | undefined;
  private readonly headerDwoId: bigint | undefined;
  private readonly abbreviationsOffset: number;
  private data: ByteReader | undefined;
  private head: ByteReader | undefined;
  private split: Unit | undefined;
  private abbreviations: AbbreviationTable | undefined;
  private rootEntry: Die | undefined;
  private readonly bases = new Map<number, number>();

  /** Reads the header at the reader's offset and leaves the reader after the unit. */
  constructor(lookup: UnitLookup, section: 'info' | 'types', reader: ByteReader) {
    this.lookup = lookup;
    this.section = section;
    this.offset = reader.offset;
    const { length, offsetSize } = readInitialLength(reader);
    this.offsetSize = offsetSize;
    this.end = reader.offset + length;
    if (this.end > reader.end) {
      throw reader.error(`a unit of 0x${length.toString(16)} bytes is truncated`, this.offset);
    }
    this.version = reader.u16();
    if (this.version < 2 || this.version > 5) {
      throw reader.error(`DWARF version ${this.version} is not supported`, this.offset);
    }
    this.unitType =
      this.version >= 5 ? reader.u8() : section === 'types' ? DW_UT.type : DW_UT.compile;
    if (this.version >= 5) this.addressSize = reader.u8();
    this.abbreviationsOffset = readOffset(reader, this);
    this.addressSize ??= reader.u8();
    if (this.addressSize !== 4 && this.addressSize !== 8) {
      throw reader.error(`addresses of ${this.addressSize} bytes are not supported`, this.offset);
    }
    if (this.unitType === DW_UT.type || this.unitType === DW_UT.splitType) {
      this.typeSignature = reader.u64();
      this.typeOffset = readOffset(reader, this);
    } else if (this.unitType === DW_UT.skeleton || this.unitType === DW_UT.splitCompile) {
      this.headerDwoId = reader.u64();
    }
    this.firstEntry = reader.offset;
    if (this.firstEntry > this.end) throw reader.error('a unit ends in its header', this.offset);
  }

  /** What a skeleton and the unit it stands for have in common. */
  get dwoId(): bigint | undefined {
    if (this.headerDwoId !== undefined || this.version >= 5) return this.headerDwoId;
    const value = this.root.value(DW_AT.GNU_dwo_id);
    return value?.kind === 'constant' ? value.value : undefined;
  }

  /** The unit with the entries: the one that this skeleton stands for, or else this one. */
  get full(): Unit {
    this.split ??= this.lookup.splitUnitOf(this) ?? this;
    return this.split;
  }

  /** The unit with addresses and lines: the skeleton of a split unit, or else this one. */
  get holder(): Unit {
    return this.lookup.skeleton ?? this;
  }

  /** DW_TAG_compile_unit and its like. */
  get root(): Die {
    this.rootEntry ??= this.entryAt(this.firstEntry);
    return this.rootEntry;
  }

  /** The entry at an offset of the section; it must be in this unit. */
  entryAt(offset: number): Die {
    const die = this.tryEntryAt(offset);
    if (!die) throw this.error('a null entry where an entry was expected', offset);
    return die;
  }

  /** Undefined for the null entry that ends a list of siblings. */
  tryEntryAt(offset: number): Die | undefined {
    if (offset < this.firstEntry || offset >= this.end) {
      throw this.error(`a reference leaves the unit at 0x${this.offset.toString(16)}`, offset);
    }
    const reader = this.reader(offset);
    const code = reader.uleb();
    if (code === 0) return undefined;
    const abbreviation = this.abbreviation(code, offset);
    return new Die(this, offset, reader.offset, abbreviation);
  }

  /** A reader over the section that ends with the unit. */
  reader(offset: number): ByteReader {
    if (!this.data && offset < this.offset + HEAD) {
      this.head ??= this.wholeReader().stepping(HEAD);
      return this.head.slice(offset);
    }
    return this.loadedReader(offset);
  }

  /** The same for whoever goes on from there: the unit's bytes are in memory. */
  loadedReader(offset: number): ByteReader {
    this.data ??= this.lookup.load(this);
    return this.data.slice(offset);
  }

  /** Forgets the unit's bytes and abbreviations, which are read again when they are needed. */
  release(): void {
    this.data = undefined;
    this.abbreviations = undefined;
  }

  private wholeReader(): ByteReader {
    return this.lookup.sections.reader(this.section, this.offset).slice(this.offset, this.end);
  }

  error(message: string, offset: number): DwarfError {
    return new DwarfError(`${this.lookup.sections.file}: .debug_${this.section}`, offset, message);
  }

  /** Entry `index` of the unit's part of `.debug_addr`, which is always in the program. */
  indexedAddress(index: number): bigint {
    const unit = this.holder;
    const base =
      unit.version >= 5 ? unit.base(DW_AT.addr_base, 8) : unit.base(DW_AT.GNU_addr_base, undefined);
    const at = base + index * unit.addressSize;
    return unit.lookup.sections.reader('addr', at).unsigned(unit.addressSize);
  }

  indexedString(index: number): string {
    // Before DWARF 5 the offsets had no header.
    const base = this.base(DW_AT.str_offsets_base, this.version >= 5 ? 8 : undefined);
    const at = base + index * this.offsetSize;
    const offset = readOffset(this.lookup.sections.reader('str_offsets', at), this);
    return this.lookup.sections.string('str', offset);
  }

  /**
   * An offset that a DW_AT_*_base attribute gives. Without it the table begins after the first
   * header of its section, `header` bytes long in the 32-bit format.
   */
  base(attribute: number, header: number | undefined): number {
    let base = this.bases.get(attribute);
    if (base === undefined) {
      const first = header === undefined ? 0 : header + (this.offsetSize === 8 ? 8 : 0);
      base = this.root.sectionOffset(attribute) ?? first;
      this.bases.set(attribute, base);
    }
    return base;
  }

  /** Reads the code of the entry at the reader's offset; undefined for a null entry. */
  abbreviationAt(reader: ByteReader, offset: number): Abbreviation | undefined {
    const code = reader.uleb();
    return code === 0 ? undefined : this.abbreviation(code, offset);
  }

  private abbreviation(code: number, offset: number): Abbreviation {
    this.abbreviations ??= readAbbreviations(
      this.lookup.sections.reader('abbrev', this.abbreviationsOffset),
      this,
    );
    const abbreviation = this.abbreviations.get(code);
    if (!abbreviation) throw this.error(`abbreviation ${code} does not exist`, offset);
    return abbreviation;
  }
}

/** A debugging information entry. */
export class Die {
  readonly unit: Unit;
  /** In the unit's section. */
  readonly offset: number;
  private readonly valuesOffset: number;
  private readonly abbreviation: Abbreviation;

  constructor(unit: Unit, offset: number, valuesOffset: number, abbreviation: Abbreviation) {
    this.unit = unit;
    this.offset = offset;
    this.valuesOffset = valuesOffset;
    this.abbreviation = abbreviation;
  }

  get tag(): number {
    return this.abbreviation.tag;
  }

  get hasChildren(): boolean {
    return this.abbreviation.hasChildren;
  }

  has(attribute: number): boolean {
    return this.abbreviation.attributes.some((a) => a.name === attribute);
  }

  value(attribute: number): AttributeValue | undefined {
    const wanted = this.abbreviation.attributes.find((a) => a.name === attribute);
    if (!wanted) return undefined;
    const reader = this.unit.reader(this.valuesOffset + (wanted.at ?? 0));
    if (wanted.at === undefined) {
      for (const spec of this.abbreviation.attributes) {
        if (spec === wanted) break;
        skipForm(reader, spec.form, this.unit);
      }
    }
    return readForm(reader, wanted.form, wanted.implicitConst, this.unit);
  }

  string(attribute: number): string | undefined {
    const value = this.value(attribute);
    switch (value?.kind) {
      case 'string':
        return value.text;
      case 'stringOffset':
        return this.unit.lookup.sections.string(value.section, value.offset);
      case 'stringIndex':
        return this.unit.indexedString(value.index);
      default:
        return undefined;
    }
  }

  get name(): string | undefined {
    return this.string(DW_AT.name);
  }

  /** A constant as a number; undefined when it is absent or of another class. */
  number(attribute: number): number | undefined {
    const value = this.value(attribute);
    return value?.kind === 'constant' ? Number(value.value) : undefined;
  }

  flag(attribute: number): boolean {
    const value = this.value(attribute);
    return value?.kind === 'flag' && value.value;
  }

  address(attribute: number): bigint | undefined {
    const value = this.value(attribute);
    if (value?.kind === 'address') return value.address;
    if (value?.kind === 'addressIndex') return this.unit.indexedAddress(value.index);
    return undefined;
  }

  /** Before DWARF 4, offsets into other sections had the forms of constants. */
  sectionOffset(attribute: number): number | undefined {
    const value = this.value(attribute);
    if (value?.kind === 'sectionOffset') return value.offset;
    if (value?.kind === 'constant' && value.size >= 4) return Number(value.value);
    return undefined;
  }

  /** The entry that an attribute refers to. */
  reference(attribute: number): Die | undefined {
    const value = this.value(attribute);
    switch (value?.kind) {
      case 'unitReference':
        return this.unit.entryAt(this.unit.offset + value.offset);
      case 'infoReference':
        return this.unit.lookup.entryAt(value.offset);
      case 'typeSignature':
        return this.unit.lookup.typeBySignature(value.signature);
      default:
        return undefined;
    }
  }

  /** Where the entry after this one, be it a child or a sibling, begins. */
  get nextOffset(): number {
    const { attributes, fixedSize } = this.abbreviation;
    if (fixedSize !== undefined) return this.valuesOffset + fixedSize;
    const reader = this.unit.reader(this.valuesOffset);
    for (const spec of attributes) skipForm(reader, spec.form, this.unit);
    return reader.offset;
  }

  /** Only those with some tags where these are given: the others are passed over quickly. */
  *children(tags?: ReadonlySet<number>): Generator<Die> {
    if (!this.hasChildren) return;
    const { unit } = this;
    const reader = unit.loadedReader(this.nextOffset);
    // A list that its unit cuts off ends there: linkers leave no such thing, but broken files do.
    while (!reader.atEnd) {
      const { offset } = reader;
      const abbreviation = unit.abbreviationAt(reader, offset);
      if (!abbreviation) return;
      if (!tags || tags.has(abbreviation.tag)) {
        yield new Die(unit, offset, reader.offset, abbreviation);
      }
      skipSubtree(reader, offset, abbreviation, unit);
    }
  }
}

/** Moves a reader that stands at an entry's attributes to its next sibling. */
function skipSubtree(
  reader: ByteReader,
  start: number,
  abbreviation: Abbreviation,
  unit: Unit,
): void {
  if (skipAttributes(reader, start, abbreviation, unit)) return;
  let depth = abbreviation.hasChildren ? 1 : 0;
  while (depth > 0 && !reader.atEnd) {
    const { offset } = reader;
    const entry = unit.abbreviationAt(reader, offset);
    if (!entry) depth--;
    else if (!skipAttributes(reader, offset, entry, unit) && entry.hasChildren) depth++;
  }
}

/**
 * Moves a reader that stands at an entry's attributes behind them. True when its children are behind
 * the reader, too: it has none, or its DW_AT_sibling was followed.
 */
export function skipAttributes(
  reader: ByteReader,
  start: number,
  { hasChildren, fixedSize, attributes }: Abbreviation,
  unit: Unit,
): boolean {
  if (!hasChildren && fixedSize !== undefined) {
    reader.skip(fixedSize);
    return true;
  }
  for (const { name, form } of attributes) {
    if (name !== DW_AT.sibling || form !== DW_FORM.ref4) {
      skipForm(reader, form, unit);
      continue;
    }
    const sibling = unit.offset + reader.u32();
    if (!hasChildren || sibling <= start) continue;
    reader.seek(Math.min(sibling, reader.end));
    return true;
  }
  return !hasChildren;
}

/** Initial length (DWARF 5, section 7.4): of the rest, and which of the two formats follows. */
export function readInitialLength(reader: ByteReader): { length: number; offsetSize: 4 | 8 } {
  const start = reader.offset;
  const length = reader.u32();
  if (length < 0xffff_fff0) return { length, offsetSize: 4 };
  if (length === 0xffff_ffff) return { length: reader.u64Number(), offsetSize: 8 };
  throw reader.error(`length 0x${length.toString(16)} is reserved`, start);
}
