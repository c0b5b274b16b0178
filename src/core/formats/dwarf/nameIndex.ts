/**
 * An index of our own where a file has none: which units define a function, a variable or a type. It
 * is made by walking over the entries right below each unit, in slices, so that whoever waits for it
 * can do other things or give up; only names that are asked for are ever decoded.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import { endOfText } from '../../base/stringTable.ts';
import type { Abbreviation, AttributeSpec } from './abbreviations.ts';
import { DW_AT, DW_FORM, DW_TAG } from './constants.ts';
import { readForm, skipForm } from './forms.ts';
import { Die, skipAttributes, type Unit } from './unit.ts';

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
  private readonly slice: number;
  /** By name, or by where it is in `.debug_str`: the units, by their place in `units`. */
  private readonly byPlace = new Map<number, number | number[]>();
  private readonly byText = new Map<string, number | number[]>();
  private readonly typePlaces = new Set<number>();
  private next = 0;

  constructor(units: readonly Unit[], slice = SLICE) {
    this.units = units;
    this.slice = slice;
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
    for (let bytes = 0; bytes < this.slice;) {
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

  /**
   * Units that define a name, of those that were indexed so far; `places` are those of the name in
   * `.debug_str`.
   */
  unitsDefining(name: string, places: readonly number[]): readonly Unit[] {
    const found = new Set<number>(listOf(this.byText.get(name)));
    for (const place of places) {
      for (const unit of listOf(this.byPlace.get(place))) found.add(unit);
    }
    return [...found].sort((a, b) => a - b).flatMap((number) => this.units[number] ?? []);
  }

  private add(unit: Unit, number: number): void {
    const reader = unit.loadedReader(unit.root.nextOffset);
    const shapes = new Map<Abbreviation, Shape>();
    // Entries below the ones that matter are skipped by DW_AT_sibling, or one by one.
    let depth = 0;
    let skipped = 0;
    while (!reader.atEnd) {
      const { offset } = reader;
      const abbreviation = unit.abbreviationAt(reader, offset);
      if (!abbreviation) {
        if (skipped > 0) skipped--;
        else if (--depth < 0) return;
        continue;
      }
      if (skipped === 0) {
        let shape = shapes.get(abbreviation);
        if (!shape) shapes.set(abbreviation, (shape = findShape(abbreviation)));
        const { isDefinition, isType, isSpace, name } = shape;
        if (isDefinition) {
          const values = reader.offset;
          this.note(unit, nameOfEntry(reader, offset, abbreviation, name, unit), number, isType);
          reader.seek(values);
        }
        if (isSpace) {
          for (const { form } of abbreviation.attributes) skipForm(reader, form, unit);
          if (abbreviation.hasChildren) depth++;
          continue;
        }
      }
      if (!skipAttributes(reader, offset, abbreviation, unit)) skipped++;
    }
  }

  private note(
    unit: Unit,
    name: string | number | undefined,
    number: number,
    isType: boolean,
  ): void {
    if (name === undefined) return;
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

/** Where a name is in a section of strings, from which on nothing else follows. */
export function placesOfName(strings: Uint8Array, name: string): readonly number[] {
  const wanted = new TextEncoder().encode(name);
  const places: number[] = [];
  for (let end = strings.indexOf(0); end >= 0; end = strings.indexOf(0, end + 1)) {
    const start = end - wanted.length;
    if (start >= 0 && endOfText(strings, start, wanted) >= 0) places.push(start);
  }
  return places;
}

/** What an entry is by its abbreviation alone. */
interface Shape {
  readonly isDefinition: boolean;
  readonly isType: boolean;
  readonly isSpace: boolean;
  /** Its name where that is at hand: the definition of what was declared has none. */
  readonly name: AttributeSpec | undefined;
}

const placeAttributes: ReadonlySet<number> = new Set([
  ...[DW_AT.location, DW_AT.const_value, DW_AT.low_pc, DW_AT.ranges],
]);

function findShape({ tag, attributes }: Abbreviation): Shape {
  const isType = types.has(tag);
  const isObject = tag === DW_TAG.subprogram || tag === DW_TAG.variable;
  const isDefinition = isType
    ? !attributes.some(({ name }) => name === DW_AT.declaration)
    : isObject && attributes.some(({ name }) => placeAttributes.has(name));
  const name = attributes.find((a) => a.name === DW_AT.name);
  return { isDefinition, isType, isSpace: spaces.has(tag), name };
}

/** A definition outside of its class, or the instance of an inline function, is named elsewhere. */
function nameOfEntry(
  reader: ByteReader,
  offset: number,
  abbreviation: Abbreviation,
  name: AttributeSpec | undefined,
  unit: Unit,
): string | number | undefined {
  if (name?.at !== undefined) {
    reader.skip(name.at);
    return readName(reader, name.form, unit);
  }
  const die = new Die(unit, offset, reader.offset, abbreviation);
  if (name !== undefined) return die.name;
  return (die.reference(DW_AT.specification) ?? die.reference(DW_AT.abstract_origin))?.name;
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
