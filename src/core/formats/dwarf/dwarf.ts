/**
 * The debug information of one file: its units, found once by their headers, and what crosses units.
 * Everything else is decoded where it is asked for. Addresses are the file's own.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import { ElfFile } from '../elf/elf.ts';
import { DwarfError, DwarfSections } from './sections.ts';
import { longestHeader, Unit, type Die, type UnitLookup } from './unit.ts';

export interface DwarfOptions {
  /** The unit of a `.dwo` or `.dwp` file that a skeleton stands for (splitUnits.ts). */
  readonly splitUnitOf?: (skeleton: Unit) => Unit | undefined;
  /** Of a split unit: what stands for it in the program. */
  readonly skeleton?: Unit;
  /** Types that other parts of a package have. */
  readonly typeBySignature?: (signature: bigint) => Die | undefined;
}

/** Bytes of units that are kept in memory when the file is not. */
const KEPT = 24 << 20;

export class Dwarf implements UnitLookup {
  readonly sections: DwarfSections;
  readonly skeleton: Unit | undefined;
  private readonly ownProblems: string[] = [];
  private readonly unitsByOffset = new Map<number, Unit>();
  private unitList: readonly Unit[] | undefined;
  private compileUnits: readonly Unit[] | undefined;
  private readonly typeUnits = new Map<bigint, Unit>();
  private readonly otherTypes: DwarfOptions['typeBySignature'];
  private readonly splitUnit: DwarfOptions['splitUnitOf'];
  private readonly loaded: Unit[] = [];
  private loadedBytes = 0;

  constructor(source: ElfFile | DwarfSections, options: DwarfOptions = {}) {
    this.sections = source instanceof ElfFile ? new DwarfSections(source) : source;
    this.skeleton = options.skeleton;
    this.otherTypes = options.typeBySignature;
    this.splitUnit = options.splitUnitOf;
  }

  /** Compile and partial units of `.debug_info`, in order. */
  get units(): readonly Unit[] {
    this.compileUnits ??= this.allUnits.filter((u) => u.typeSignature === undefined);
    return this.compileUnits;
  }

  /** Of the first units: linkers put those of old libraries last. Undefined without any. */
  get newestVersion(): number | undefined {
    const [first] = this.unitList ?? [...this.headers('info', 1)];
    return first?.version;
  }

  /** The unit of `.debug_info` whose header is at an offset, without looking at the others. */
  unitWithHeaderAt(offset: number): Unit {
    let unit = this.unitsByOffset.get(offset);
    if (!unit) {
      unit = this.readHeader('info', this.sections.reader('info', offset));
      this.unitsByOffset.set(offset, unit);
    }
    return unit;
  }

  private get allUnits(): readonly Unit[] {
    this.unitList ??= [...this.headers('info'), ...this.headers('types')];
    return this.unitList;
  }

  /** Whole sentences: what could not be read so far. */
  get problems(): readonly string[] {
    return [...this.sections.problems, ...this.ownProblems];
  }

  splitUnitOf(unit: Unit): Unit | undefined {
    return this.splitUnit?.(unit);
  }

  entryAt(offset: number): Die {
    const unit = this.unitAround(offset);
    if (unit) return unit.entryAt(offset);
    const what = `${this.sections.file}: .debug_info`;
    throw new DwarfError(what, offset, 'a reference names no unit');
  }

  /** The unit of `.debug_info` that an offset lies in. */
  unitAround(offset: number): Unit | undefined {
    const units = this.allUnits;
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const unit = units[middle];
      if (unit && unit.section === 'info' && unit.end <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = units[low];
    return unit?.section === 'info' && unit.offset <= offset ? unit : undefined;
  }

  typeBySignature(signature: bigint): Die | undefined {
    return this.ownType(signature) ?? this.otherTypes?.(signature);
  }

  ownType(signature: bigint): Die | undefined {
    // Finds the type units, too.
    void this.allUnits;
    const unit = this.typeUnits.get(signature);
    return unit && unit.entryAt(unit.offset + (unit.typeOffset ?? 0));
  }

  load(unit: Unit): ByteReader {
    const reader = this.sections.reader(unit.section, unit.offset);
    this.loaded.push(unit);
    this.loadedBytes += unit.end - unit.offset;
    while (this.loadedBytes > KEPT && this.loaded.length > 1) {
      const oldest = this.loaded.shift();
      this.loadedBytes -= oldest ? oldest.end - oldest.offset : 0;
      oldest?.release();
    }
    return reader.slice(unit.offset, unit.end).prefetch();
  }

  private *headers(section: 'info' | 'types', most = Infinity): Generator<Unit> {
    if (!this.sections.has(section)) return;
    const whole = this.sections.reader(section);
    try {
      for (let count = 0; count < most && !whole.atEnd; count++) {
        const unit =
          section === 'info'
            ? this.unitWithHeaderAt(whole.offset)
            : this.readHeader(section, whole.slice(whole.offset));
        if (unit.typeSignature !== undefined) this.typeUnits.set(unit.typeSignature, unit);
        yield unit;
        whole.seek(unit.end);
      }
    } catch (error) {
      // The units before the broken one are as good as ever.
      if (!(error instanceof FormatError)) throw error;
      this.ownProblems.push(`${error.message}.`);
    }
  }

  /** Units follow each other at some distance: of each only the header is read. */
  private readHeader(section: 'info' | 'types', reader: ByteReader): Unit {
    return new Unit(this, section, reader.stepping(longestHeader));
  }
}
