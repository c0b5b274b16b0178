/**
 * Which units define a name: by `.gdb_index` or `.debug_names` where a file has one, by an index of
 * our own for what these leave out.
 */
import { FormatError } from '../../base/byteReader.ts';
import { DebugNames } from './debugNames.ts';
import type { Dwarf } from './dwarf.ts';
import { GdbIndex } from './gdbIndex.ts';
import { NameIndex, placesOfName } from './nameIndex.ts';
import type { Unit } from './unit.ts';

/** What an index in the file offers. */
interface ListedNames {
  /** Offsets of the units that it knows; undefined when it knows all. */
  readonly units: readonly number[] | undefined;
  unitsDefining(name: string): readonly number[];
}

export class Definitions {
  private readonly dwarf: Dwarf;
  private readonly slice: number | undefined;
  private readonly listed: ListedNames | undefined;
  private index: NameIndex | undefined;
  private strings: Uint8Array | undefined;

  /** `slice`: bytes of debug information that a step of making the index looks at. */
  constructor(dwarf: Dwarf, slice?: number) {
    this.dwarf = dwarf;
    this.slice = slice;
    this.listed = listedNames(dwarf);
  }

  /** Makes the index that is missing in steps of some milliseconds; yields how much is done, to 1. */
  *prepare(): Generator<number> {
    const index = this.own;
    while (!index.isComplete) {
      index.step();
      yield index.progress;
    }
  }

  /**
   * Units that may define a function, a variable or a type. Where the index is not complete yet, it
   * is made as far as somebody asks for further ones.
   */
  *units(name: string): Generator<Unit> {
    const index = this.own;
    const places = placesOfName(this.stringBytes, name);
    if (this.listed) {
      while (!index.isComplete) index.step();
      const listed = this.listed.unitsDefining(name);
      const found = new Set(listed.map((offset) => this.dwarf.unitWithHeaderAt(offset)));
      for (const unit of index.unitsDefining(name, places)) found.add(unit);
      yield* [...found].sort((a, b) => a.offset - b.offset);
      return;
    }
    const seen = new Set<Unit>();
    for (;;) {
      for (const unit of index.unitsDefining(name, places)) {
        if (seen.has(unit)) continue;
        seen.add(unit);
        yield unit;
      }
      if (index.isComplete) return;
      index.step();
    }
  }

  private get own(): NameIndex {
    if (!this.index) {
      const known = this.listed && (this.listed.units ?? this.dwarf.units.map((u) => u.offset));
      const offsets = new Set(known);
      const units = this.dwarf.units.filter((u) => !offsets.has(u.offset));
      this.index = new NameIndex(units, this.slice);
    }
    return this.index;
  }

  private get stringBytes(): Uint8Array {
    if (!this.strings) {
      const { sections } = this.dwarf;
      const reader = sections.reader('str');
      this.strings = reader.block(reader.remaining);
    }
    return this.strings;
  }
}

/** Undefined when there is none, or it is broken: then our own does it. */
function listedNames({ sections }: Dwarf): ListedNames | undefined {
  try {
    const gdb = sections.other('.gdb_index');
    if (gdb) return new GdbIndex(gdb);
    return sections.has('names') ? new DebugNames(sections) : undefined;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return undefined;
  }
}
