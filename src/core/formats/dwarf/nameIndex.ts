/**
 * An index of our own where a file has none: which units define a function, a variable or a type. It
 * is made by walking over the entries right below each unit, in slices, so that whoever waits for it
 * can do other things or give up; only names that are asked for are ever decoded.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import { endOfText } from '../../base/stringTable.ts';
import type { Abbreviation } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_TAG } from './constants.ts';
import { readForm, skipForm } from './forms.ts';
import type { Unit } from './unit.ts';

/** Bytes of debug information that one step of making the index looks at, about. */
const SLICE = 1 << 18;

const types: ReadonlySet<number> = new Set([
  DW_TAG.structure_type,
  DW_TAG.class_type,
  DW_TAG.union_type,
  DW_TAG.enumeration_type,
  DW_TAG.typedef,
  DW_TAG.base_type,
]);
const spaces: ReadonlySet<number> = new Set([DW_TAG.namespace, DW_TAG.module]);

export class NameIndex {
  private readonly units: readonly Unit[];
  /** By name, or by where it is in `.debug_str`: the units, by their place in `units`. */
  private readonly byPlace = new Map<number, number | number[]>();
  private readonly byText = new Map<string, number | number[]>();
  private readonly typePlaces = new Set<number>();
  private next = 0;

  constructor(units: readonly Unit[]) {
    this.units = units;
  }

  get isComplete(): boolean {
    return this.next >= this.units.length;
  }

  /** From 0 to 1. */
  get progress(): number {
    return this.units.length === 0 ? 1 : this.next / this.units.length;
  }

  /** Indexes some more units. */
  step(): void {
    for (let bytes = 0; bytes < SLICE;) {
      const unit = this.units[this.next];
      if (!unit) return;
      bytes += unit.end - unit.offset;
      const { full } = unit;
      try {
        this.add(full, this.next);
      } catch (error) {
        // What was found of a broken unit counts.
        if (!(error instanceof FormatError)) throw error;
      }
      // Nobody will look at most of them again.
      full.release();
      this.next++;
    }
  }

  /** Units that define a name, of those that were indexed so far; `strings` is `.debug_str`. */
  unitsDefining(name: string, strings: Uint8Array): readonly Unit[] {
    const found = new Set<number>(listOf(this.byText.get(name)));
    const wanted = new TextEncoder().encode(name);
    for (const [place, units] of this.byPlace) {
      const end = endOfText(strings, place, wanted);
      if (end >= 0 && strings[end] === 0) for (const unit of listOf(units)) found.add(unit);
    }
    return [...found].sort((a, b) => a - b).flatMap((number) => this.units[number] ?? []);
  }

  private add(unit: Unit, number: number): void {
    const reader = unit.reader(unit.root.nextOffset);
    // Entries below the ones that matter are skipped by DW_AT_sibling, or one by one.
    let depth = 0;
    let skipped = 0;
    while (!reader.atEnd) {
      const at = reader.offset;
      const abbreviation = unit.abbreviationAt(reader, at);
      if (!abbreviation) {
        if (skipped > 0) skipped--;
        else if (--depth < 0) return;
        continue;
      }
      const entry = readEntry(reader, abbreviation, unit, skipped > 0);
      if (skipped === 0 && entry.isDefinition && entry.name !== undefined) {
        this.note(unit, entry.name, number, types.has(abbreviation.tag));
      }
      if (!abbreviation.hasChildren) continue;
      if (skipped === 0 && spaces.has(abbreviation.tag)) depth++;
      else if (entry.sibling !== undefined && entry.sibling > at) reader.seek(entry.sibling);
      else skipped++;
    }
  }

  private note(unit: Unit, name: string | number, number: number, isType: boolean): void {
    // Places in the strings of a .dwo file are its own.
    if (typeof name === 'number' && !unit.lookup.sections.isSplit) {
      // A type is the same in each of the units that have it: the first one will do.
      if (isType && this.typePlaces.has(name)) return;
      if (isType) this.typePlaces.add(name);
      append(this.byPlace, name, number);
      return;
    }
    const text = typeof name === 'string' ? name : unit.lookup.sections.string('str', name);
    append(this.byText, text, number);
  }
}

interface Entry {
  /** Its text, or where it is in `.debug_str`. */
  readonly name: string | number | undefined;
  readonly sibling: number | undefined;
  readonly isDefinition: boolean;
}

const nothing: Entry = { name: undefined, sibling: undefined, isDefinition: false };

function readEntry(
  reader: ByteReader,
  abbreviation: Abbreviation,
  unit: Unit,
  isSkipped: boolean,
): Entry {
  if (isSkipped && abbreviation.fixedSize !== undefined && !abbreviation.hasChildren) {
    reader.skip(abbreviation.fixedSize);
    return nothing;
  }
  const isType = types.has(abbreviation.tag);
  const isCode = abbreviation.tag === DW_TAG.subprogram;
  const isData = abbreviation.tag === DW_TAG.variable;
  const isWanted = !isSkipped && (isType || isCode || isData);
  let name: string | number | undefined;
  let sibling: number | undefined;
  let isDefinition = isType;
  let origin: number | undefined;
  for (const { name: attribute, form, implicitConst } of abbreviation.attributes) {
    switch (attribute) {
      case DW_AT.sibling:
        if (form !== DW_FORM.ref4) break;
        sibling = unit.offset + reader.u32();
        continue;
      case DW_AT.name:
        if (!isWanted) break;
        name = readName(reader, form, unit);
        continue;
      case DW_AT.declaration:
        isDefinition = false;
        break;
      case DW_AT.location:
      case DW_AT.const_value:
      case DW_AT.low_pc:
      case DW_AT.ranges:
        isDefinition ||= isCode || isData;
        break;
      case DW_AT.specification:
      case DW_AT.abstract_origin: {
        if (!isWanted) break;
        const value = readForm(reader, form, implicitConst, unit);
        if (value.kind === 'unitReference') origin = unit.offset + value.offset;
        continue;
      }
    }
    skipForm(reader, form, unit);
  }
  if (name === undefined && origin !== undefined && isDefinition) {
    // A definition outside of its class, or the instance of an inline function.
    name = unit.entryAt(origin).name;
  }
  return { name, sibling, isDefinition };
}

function readName(reader: ByteReader, form: number, unit: Unit): string | number | undefined {
  if (form === DW_FORM.strp && unit.offsetSize === 4) return reader.u32();
  const value = readForm(reader, form, 0n, unit);
  if (value.kind === 'string') return value.text;
  if (value.kind === 'stringIndex') return unit.indexedString(value.index);
  if (value.kind === 'stringOffset' && value.section === 'str') return value.offset;
  if (value.kind !== 'stringOffset') return undefined;
  return unit.lookup.sections.string(value.section, value.offset);
}

function append<K>(map: Map<K, number | number[]>, key: K, number: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, number);
  else if (typeof known !== 'number') {
    if (known.at(-1) !== number) known.push(number);
  } else if (known !== number) map.set(key, [known, number]);
}

function listOf(numbers: number | number[] | undefined): readonly number[] {
  if (numbers === undefined) return [];
  return typeof numbers === 'number' ? [numbers] : numbers;
}
