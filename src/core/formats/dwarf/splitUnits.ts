/**
 * Split DWARF (DWARF 5, sections 3.1.2, 7.3.2 and 7.3.5): finds the unit that a skeleton stands for in
 * a `.dwo` file, or in the `.dwp` package beside the program.
 */
import { FormatError, type ByteReader } from '../../base/byteReader.ts';
import type { FileBytes } from '../../base/fileBytes.ts';
import { ElfFile } from '../elf/elf.ts';
import { DW_AT, DW_SECT, DW_SECT_GNU } from './constants.ts';
import { Dwarf } from './dwarf.ts';
import { joinPath } from './paths.ts';
import { DwarfSections, type Contributions } from './sections.ts';
import type { Die, Unit } from './unit.ts';

/** Opens a file beside the program; undefined when there is none. */
export type OpenFile = (path: string) => Uint8Array | FileBytes | undefined;

export class SplitUnits {
  private readonly open: OpenFile | undefined;
  /** Path of the file with the skeletons. */
  private readonly program: string;
  /** Whole sentences: which files are missing or do not belong. */
  readonly problems: string[] = [];
  private readonly found = new Map<Unit, Unit | undefined>();
  private packageFile: DwarfPackage | undefined;
  private isPackageOpen = false;

  constructor(open: OpenFile | undefined, program: string) {
    this.open = open;
    this.program = program;
  }

  /** The unit that a skeleton stands for; undefined when it is no skeleton or its file is not there. */
  of(skeleton: Unit): Unit | undefined {
    if (this.found.has(skeleton)) return this.found.get(skeleton);
    let unit: Unit | undefined;
    try {
      unit = this.find(skeleton);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.note(`${error.message}.`);
    }
    this.found.set(skeleton, unit);
    return unit;
  }

  private find(skeleton: Unit): Unit | undefined {
    const { root } = skeleton;
    const name = root.string(DW_AT.dwo_name) ?? root.string(DW_AT.GNU_dwo_name);
    const id = skeleton.dwoId;
    if (name === undefined || id === undefined) return undefined;
    const packed = this.package()?.unit(id, skeleton);
    if (packed) return packed;
    for (const path of this.candidates(name, root.string(DW_AT.comp_dir) ?? '')) {
      const bytes = this.open?.(path);
      if (!bytes) continue;
      const sections = new DwarfSections(new ElfFile(bytes, path), true);
      const unit = new Dwarf(sections, { skeleton }).units.find((u) => u.dwoId === id);
      if (unit) return unit;
      this.note(`${path} does not belong to ${this.program}: its DWO id is another one.`);
    }
    this.note(
      `${this.program}: debug information is split into ${name}, which is not there: ` +
        'keep it where the compiler left it, or put the .dwo or .dwp file beside the program.',
    );
    return undefined;
  }

  private candidates(name: string, directory: string): readonly string[] {
    const folder = this.program.replace(/[^/\\]*$/, '');
    const base = name.replace(/^.*[/\\]/, '');
    return [...new Set([joinPath(directory, name), joinPath(folder, name), folder + base])];
  }

  private package(): DwarfPackage | undefined {
    if (this.isPackageOpen) return this.packageFile;
    this.isPackageOpen = true;
    const path = `${this.program}.dwp`;
    const bytes = this.open?.(path);
    if (bytes) this.packageFile = new DwarfPackage(new ElfFile(bytes, path));
    return this.packageFile;
  }

  private note(problem: string): void {
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }
}

/** A `.dwp` file: the units of many `.dwo` files behind an index. */
class DwarfPackage {
  private readonly sections: DwarfSections;
  private readonly units: UnitIndex | undefined;
  private readonly types: UnitIndex | undefined;
  private readonly typeUnits = new Map<bigint, Die | undefined>();

  constructor(elf: ElfFile) {
    this.sections = new DwarfSections(elf, true);
    this.units = this.index('cu_index');
    this.types = this.index('tu_index');
  }

  unit(id: bigint, skeleton: Unit): Unit | undefined {
    const parts = this.units?.parts(id);
    if (!parts) return undefined;
    const typeBySignature = (signature: bigint) => this.type(signature, skeleton);
    const dwarf = new Dwarf(this.sections.part(parts), { skeleton, typeBySignature });
    return dwarf.units.find((u) => u.dwoId === id);
  }

  private type(signature: bigint, skeleton: Unit): Die | undefined {
    if (!this.typeUnits.has(signature)) {
      const parts = this.types?.parts(signature);
      const typeBySignature = (other: bigint) => this.type(other, skeleton);
      const dwarf = parts && new Dwarf(this.sections.part(parts), { skeleton, typeBySignature });
      this.typeUnits.set(signature, dwarf?.ownType(signature));
    }
    return this.typeUnits.get(signature);
  }

  private index(name: 'cu_index' | 'tu_index'): UnitIndex | undefined {
    return this.sections.has(name) ? new UnitIndex(this.sections.reader(name)) : undefined;
  }
}

/** `.debug_cu_index` or `.debug_tu_index` (DWARF 5, section 7.3.5.3): a hash table of rows. */
class UnitIndex {
  private readonly reader: ByteReader;
  private readonly columns: readonly (string | undefined)[];
  private readonly unitCount: number;
  private readonly slots: number;

  constructor(reader: ByteReader) {
    this.reader = reader;
    // Version 5 is a half word with padding; GNU's version 2 a whole one.
    const version = reader.u32() & 0xffff;
    if (version !== 2 && version !== 5) throw reader.error(`version ${version} is not known`, 0);
    const columnCount = reader.u32();
    this.unitCount = reader.u32();
    this.slots = reader.u32();
    const names = version === 5 ? DW_SECT : DW_SECT_GNU;
    reader.seek(16 + this.slots * 12);
    this.columns = Array.from({ length: Math.min(columnCount, 16) }, () => names[reader.u32()]);
  }

  parts(signature: bigint): Contributions | undefined {
    const row = this.row(signature);
    if (row === undefined || row > this.unitCount) return undefined;
    const width = this.columns.length * 4;
    const offsets = 16 + this.slots * 12 + width * row;
    const sizes = offsets + width * this.unitCount;
    const parts = new Map<string, { offset: number; size: number }>();
    this.columns.forEach((name, i) => {
      if (name === undefined) return;
      const offset = this.reader.seek(offsets + 4 * i).u32();
      parts.set(name, { offset, size: this.reader.seek(sizes + 4 * i).u32() });
    });
    return parts;
  }

  /** One-based; the table is open-addressed with a second hash. */
  private row(signature: bigint): number | undefined {
    if (this.slots === 0) return undefined;
    const mask = BigInt(this.slots - 1);
    const step = Number(((signature >> 32n) & mask) | 1n);
    let slot = Number(signature & mask);
    for (let tries = 0; tries < this.slots; tries++) {
      const found = this.reader.seek(16 + slot * 8).u64();
      const row = this.reader.seek(16 + this.slots * 8 + slot * 4).u32();
      if (row === 0) return undefined;
      if (found === signature) return row;
      slot = (slot + step) & (this.slots - 1);
    }
    return undefined;
  }
}
