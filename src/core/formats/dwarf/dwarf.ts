/**
 * The debug information of one file: its units, found once by their headers, and what crosses units.
 * Everything else is decoded where it is asked for. Addresses are the file's own.
 */
import type { ElfFile } from '../elf/elf.ts';
import { FormatError } from '../../base/byteReader.ts';
import { DW_AT, DW_UT } from './constants.ts';
import { DwarfError, DwarfSections } from './sections.ts';
import { Unit, type Die, type UnitLookup } from './unit.ts';

export class Dwarf implements UnitLookup {
  readonly sections: DwarfSections;
  /** Compile and partial units of `.debug_info`, in order. */
  readonly units: readonly Unit[];
  /** Whole sentences: what could not be read. */
  readonly problems: string[];
  private readonly allUnits: Unit[] = [];
  private readonly typeUnits = new Map<bigint, Unit>();

  constructor(elf: ElfFile) {
    this.sections = new DwarfSections(elf);
    this.problems = this.sections.problems;
    this.readUnits('info');
    this.readUnits('types');
    this.units = this.allUnits.filter((u) => u.typeSignature === undefined);
    this.noteSplitUnits();
  }

  entryAt(offset: number): Die {
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
    if (!unit || unit.section !== 'info') {
      const what = `${this.sections.file}: .debug_info`;
      throw new DwarfError(what, offset, 'a reference names no unit');
    }
    return unit.entryAt(offset);
  }

  typeBySignature(signature: bigint): Die | undefined {
    const unit = this.typeUnits.get(signature);
    return unit && unit.entryAt(unit.offset + (unit.typeOffset ?? 0));
  }

  private readUnits(section: 'info' | 'types'): void {
    if (!this.sections.has(`.debug_${section}`)) return;
    const reader = this.sections.reader(section);
    try {
      while (!reader.atEnd) {
        const unit = new Unit(this, section, reader);
        this.allUnits.push(unit);
        if (unit.typeSignature !== undefined) this.typeUnits.set(unit.typeSignature, unit);
      }
    } catch (error) {
      // The units before the broken one are as good as ever.
      if (!(error instanceof FormatError)) throw error;
      this.problems.push(`${error.message}.`);
    }
  }

  private noteSplitUnits(): void {
    const split = this.units.find((u) => u.unitType === DW_UT.skeleton);
    if (!split) return;
    try {
      const name = split.root.string(DW_AT.dwo_name) ?? split.root.string(DW_AT.GNU_dwo_name);
      this.problems.push(
        `${this.sections.file}: debug information is split into ${name ?? '.dwo files'}, which are ` +
          'not read; compile without -gsplit-dwarf.',
      );
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.problems.push(`${error.message}.`);
    }
  }
}
