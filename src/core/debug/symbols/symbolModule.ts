/**
 * Everything known of one file of a program: symbols, units by address, line tables, functions, call
 * frames; made when first asked for and kept. Addresses are the file's own: programSymbols.ts adds
 * the load offset. A part that cannot be read is a problem, not an exception.
 */
import { FormatError } from '../../base/byteReader.ts';
import { CallFrames } from '../../formats/dwarf/callFrame.ts';
import { DW_AT, DW_LANG_Mips_Assembler } from '../../formats/dwarf/constants.ts';
import { Definitions } from '../../formats/dwarf/definitions.ts';
import { Dwarf } from '../../formats/dwarf/dwarf.ts';
import { listedRanges, type ListedRange } from '../../formats/dwarf/addressRanges.ts';
import { lineTableOffsets } from '../../formats/dwarf/lineHeader.ts';
import { rangesOf, type AddressRange } from '../../formats/dwarf/ranges.ts';
import { DwarfSections } from '../../formats/dwarf/sections.ts';
import { SplitUnits } from '../../formats/dwarf/splitUnits.ts';
import type { Unit } from '../../formats/dwarf/unit.ts';
import { PF_X } from '../../formats/elf/constants.ts';
import { findDebugFile } from '../../formats/elf/debugFile.ts';
import { ElfFile } from '../../formats/elf/elf.ts';
import type { RelocationsOf } from '../../formats/elf/relocations.ts';
import type { ElfSymbol } from '../../formats/elf/symbolTable.ts';
import {
  contains,
  functionsOf,
  hasClosures,
  inlinedCallsIn,
  inlinedEntry,
  nameOfEntry,
  scopedName,
  type FunctionEntry,
} from './functions.ts';
import { LineTable } from './lineTable.ts';
import { SymbolIndex } from './symbolIndex.ts';
import type { ModuleInfo, SpaceFile, SpaceRule, SymbolFile } from './symbols.ts';

interface UnitRange extends AddressRange {
  readonly unit: Unit;
}

/** So much of a file's code is compared with memory, in so many places. */
const SAMPLE_BYTES = 32;
const SAMPLES = 8;

export class SymbolModule implements SpaceFile {
  /** Added to the file's addresses to make run-time ones. */
  readonly relocation: bigint;
  /** Where its addresses are meant; everywhere when undefined. */
  readonly modes: readonly string[] | undefined;
  readonly addressSpace: SpaceRule | undefined;
  /** The program's own file, and the one with symbols and debug information, often the same. */
  readonly program: ElfFile;
  readonly elf: ElfFile;
  private readonly noted: string[] = [];
  private readonly dwarf: Dwarf;
  private readonly splitUnits: SplitUnits;
  private readonly lineTables = new Map<number, LineTable | undefined>();
  private tables: readonly LineTable[] | undefined;
  private readonly functionLists = new Map<Unit, readonly FunctionEntry[]>();
  private symbolIndex: SymbolIndex | undefined;
  private listedRanges: readonly ListedRange[] | undefined;
  private unitRanges: readonly UnitRange[] | undefined;
  private frames: CallFrames | undefined;
  private names: Definitions | undefined;

  /** Throws `ElfError` when the file is not ELF. */
  constructor(file: SymbolFile, relocationsOf?: RelocationsOf) {
    this.relocation = file.offset ?? 0n;
    this.modes = file.modes;
    this.addressSpace = file.addressSpace;
    const { sections: sectionAddresses } = file;
    this.program = new ElfFile(file.bytes, file.name, { relocationsOf, sectionAddresses });
    this.elf = this.debugFile(file.open) ?? this.program;
    this.splitUnits = new SplitUnits(file.open, this.elf.name);
    this.dwarf = new Dwarf(this.elf, { splitUnitOf: (unit) => this.splitUnits.of(unit) });
    // Debug information that is altogether unusable is told at once.
    void this.dwarf.newestVersion;
  }

  /** Whole sentences: what could not be read so far. */
  get problems(): readonly string[] {
    return [...new Set([...this.dwarf.problems, ...this.splitUnits.problems, ...this.noted])];
  }

  get info(): ModuleInfo {
    const { elf, relocation: offset, dwarf } = this;
    const lows = elf.loadable.map((s) => s.virtualAddress);
    const highs = elf.loadable.map((s) => s.virtualAddress + BigInt(s.memorySize));
    const least = (a: bigint, b: bigint) => (b < a ? b : a);
    const most = (a: bigint, b: bigint) => (b > a ? b : a);
    const version = dwarf.newestVersion;
    const named = (elf.symbolTable?.count ?? 0) > 1 ? 'symbols only' : 'no symbols';
    return {
      name: elf.name,
      offset,
      low: offset + (lows.length === 0 ? 0n : lows.reduce(least)),
      high: offset + highs.reduce(most, 0n),
      symbolStatus: version === undefined ? named : `DWARF ${version}`,
    };
  }

  codeSamples(at: bigint): ReturnType<SpaceFile['codeSamples']> {
    const own = at - this.relocation;
    return this.program.loadable.flatMap((segment) => {
      if ((segment.flags & PF_X) === 0) return [];
      const { virtualAddress: low, fileSize } = segment;
      const last = Math.max(0, fileSize - SAMPLE_BYTES);
      const places = Array.from({ length: SAMPLES }, (_, i) =>
        Math.floor((last * i) / (SAMPLES - 1)),
      );
      if (own >= low && own < low + BigInt(fileSize)) places.unshift(Number(own - low));
      return [...new Set(places)].map((place) => ({
        address: low + BigInt(place) + this.relocation,
        bytes: bytesOf(
          this.program,
          segment.offset + place,
          Math.min(SAMPLE_BYTES, fileSize - place),
        ),
      }));
    });
  }

  /** The file's own addresses at which code is the same as some other. */
  placesOfCode(code: Uint8Array): readonly bigint[] {
    const { elf } = this;
    const found: bigint[] = [];
    for (const { offset, fileSize, virtualAddress, flags } of elf.loadable) {
      if ((flags & PF_X) === 0) continue;
      const own = bytesOf(elf, offset, fileSize);
      // Instructions begin at even addresses.
      for (let at = 0; at + code.length <= own.length; at += 2) {
        if (own[at] !== code[0]) continue;
        if (code.every((byte, i) => own[at + i] === byte)) found.push(virtualAddress + BigInt(at));
      }
    }
    return found;
  }

  get symbols(): SymbolIndex | undefined {
    this.symbolIndex ??= this.attempt(() => new SymbolIndex(this.elf));
    return this.symbolIndex;
  }

  get callFrames(): CallFrames {
    if (!this.frames) {
      // A separate debug file has `.debug_frame`; `.eh_frame` stays in the program.
      const own = new CallFrames(this.dwarf.sections);
      const other = this.elf === this.program ? undefined : new DwarfSections(this.program);
      this.frames = own.entries.length > 0 || !other ? own : new CallFrames(other);
      this.noted.push(...this.frames.problems);
    }
    return this.frames;
  }

  get sections(): DwarfSections {
    return this.dwarf.sections;
  }

  get units(): readonly Unit[] {
    return this.dwarf.units;
  }

  /**
   * The function of a symbol's name somewhere within it. Room for patches at its beginning belongs to
   * the symbol, and not to what debug information calls the function.
   */
  functionWithin(symbol: ElfSymbol): FunctionEntry | undefined {
    const end = symbol.value + symbol.size;
    const middle = symbol.value + symbol.size / 2n;
    // To find out that no unit has an address takes a look at all that are not listed.
    const unit = this.listedUnitAt(middle) ?? this.unitAt(symbol.value) ?? this.unitAt(middle);
    if (!unit) return undefined;
    return this.functionsOf(unit).find(({ name, ranges: [first] }) => {
      const isInside = first !== undefined && first.low >= symbol.value && first.low < end;
      return isInside && name === symbol.name.replace(/\.[a-z].*$/, '');
    });
  }

  /** Units that may define a function, a variable or a type; found one after another. */
  *unitsDefining(name: string): Generator<Unit> {
    const units = this.attempt(() => this.definitions.units(name));
    for (;;) {
      const next = this.attempt(() => units?.next());
      if (!next || next.done === true) return;
      yield next.value;
    }
  }

  /** Beginnings of inlined calls of a function, by its name alone or with its scope. */
  inlinedIn(unit: Unit, name: string): readonly bigint[] {
    const calls = this.functionsOf(unit).flatMap(({ die }) => [...inlinedCallsIn(die)]);
    return calls
      .filter((die) => nameOfEntry(die) === name || scopedName(die) === name)
      .flatMap((die) => inlinedEntry(die) ?? []);
  }

  /** Makes ready what is slow to make; yields how much of it is done. */
  *prepare(): Generator<number> {
    yield* this.definitions.prepare();
  }

  private get definitions(): Definitions {
    this.names ??= new Definitions(this.dwarf);
    return this.names;
  }

  /** The unit of an address by what the file lists. */
  listedUnitAt(address: bigint): Unit | undefined {
    this.listedRanges ??= byAddress(this.attempt(() => listedRanges(this.dwarf)) ?? []);
    const listed = around(this.listedRanges, address);
    return listed && this.attempt(() => this.dwarf.unitWithHeaderAt(listed.unitOffset));
  }

  unitAt(address: bigint): Unit | undefined {
    const listed = this.listedUnitAt(address);
    if (listed) return listed;
    // Not every compiler lists what it makes: the other units are looked at themselves.
    this.unitRanges ??= byAddress(this.unlistedRanges());
    return around(this.unitRanges, address)?.unit;
  }

  /** Lines of a split unit are those of its skeleton. */
  lineTableOf({ holder: unit }: Unit): LineTable | undefined {
    const offset = this.attempt(() => unit.root.sectionOffset(DW_AT.stmt_list));
    if (offset === undefined) return undefined;
    // Type units share the table of the unit they were compiled with.
    return this.lineTable(offset, unit);
  }

  private lineTable(offset: number, unit: Unit | undefined): LineTable | undefined {
    if (!this.lineTables.has(offset)) {
      const { sections } = this.dwarf;
      const table = this.attempt(() => {
        const directory = unit && (unit.root.string(DW_AT.comp_dir) ?? '');
        return new LineTable(
          sections,
          offset,
          unit?.addressSize ?? sections.addressSize,
          directory,
        );
      });
      this.lineTables.set(offset, table);
    }
    return this.lineTables.get(offset);
  }

  lineTableAt(address: bigint): LineTable | undefined {
    const unit = this.unitAt(address);
    return unit && this.lineTableOf(unit);
  }

  functionsOf(unit: Unit): readonly FunctionEntry[] {
    let functions = this.functionLists.get(unit);
    if (!functions) {
      functions = this.attempt(() => functionsOf(unit.full, hasClosures(unit.full))) ?? [];
      this.functionLists.set(unit, functions);
    }
    return functions;
  }

  functionAt(address: bigint): FunctionEntry | undefined {
    const unit = this.unitAt(address);
    if (!unit) return undefined;
    const candidates = this.functionsOf(unit).filter((f) => contains(f.ranges, address));
    // Assemblers state a function's length as it was before the linker relaxed its calls, so that it
    // reaches into the next one: of several the one that begins last is right.
    return candidates.reduce<FunctionEntry | undefined>(
      (best, entry) => (best && start(best, address) >= start(entry, address) ? best : entry),
      undefined,
    );
  }

  isAssembly(unit: Unit): boolean {
    return this.attempt(() => unit.full.root.number(DW_AT.language)) === DW_LANG_Mips_Assembler;
  }

  /** All line tables, each once. */
  get allLineTables(): readonly LineTable[] {
    this.tables ??= this.findLineTables();
    return this.tables;
  }

  /**
   * Undefined, and a problem noted once, when what is read turns out to be broken: a debugger
   * goes on with what is left.
   */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const problem = `${error.message}.`;
      if (!this.noted.includes(problem)) this.noted.push(problem);
      return undefined;
    }
  }

  /**
   * Tables follow one another in their section, which is quicker than to ask every unit. Those before
   * version 5 need the directory of their unit; so do all when the section is not as expected.
   */
  private findLineTables(): readonly LineTable[] {
    return this.attempt(() => this.adjacentLineTables()) ?? this.lineTablesOfUnits();
  }

  private adjacentLineTables(): readonly LineTable[] | undefined {
    const tables: LineTable[] = [];
    for (const offset of lineTableOffsets(this.dwarf.sections)) {
      if (offset === 'broken') return undefined;
      const table = this.lineTable(offset, undefined);
      if (table) tables.push(table);
    }
    return tables;
  }

  private lineTablesOfUnits(): readonly LineTable[] {
    const tables = new Set<LineTable>();
    for (const unit of this.units) {
      const table = this.lineTableOf(unit);
      if (table) tables.add(table);
    }
    return [...tables];
  }

  private debugFile(open: SymbolFile['open']): ElfFile | undefined {
    const { program } = this;
    const hasOwn = program.section('.debug_info') ?? program.section('.zdebug_info');
    if (hasOwn || !open) return undefined;
    const found = this.attempt(() => findDebugFile(program, open));
    this.noted.push(...(found?.problems ?? []));
    return found?.elf;
  }

  private unlistedRanges(): readonly UnitRange[] {
    const ranges: UnitRange[] = [];
    const listed = new Set(this.listedRanges?.map(({ unitOffset }) => unitOffset));
    for (const unit of this.units) {
      if (listed.has(unit.offset)) continue;
      const own = this.attempt(() => rangesOf(unit.root)) ?? [];
      // Some assemblers give a unit no addresses: then its line table has them.
      const all = own.length > 0 ? own : (this.sequencesOf(unit) ?? []);
      for (const { low, high } of all) ranges.push({ low, high, unit });
    }
    return ranges;
  }

  private sequencesOf(unit: Unit): readonly AddressRange[] | undefined {
    return this.attempt(() => this.lineTableOf(unit)?.sequences);
  }
}

/** Where the part of a function that an address is in begins. */
function start(entry: FunctionEntry, address: bigint): bigint {
  return entry.ranges.find((r) => contains([r], address))?.low ?? 0n;
}

function byAddress<T extends AddressRange>(ranges: readonly T[]): readonly T[] {
  return ranges.toSorted((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
}

/** The range that an address is in, of those that begin last. */
function around<T extends AddressRange>(ranges: readonly T[], address: bigint): T | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.low ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && address < range.high ? range : undefined;
}

function bytesOf({ bytes }: ElfFile, offset: number, size: number): Uint8Array {
  return bytes instanceof Uint8Array
    ? bytes.subarray(offset, offset + size)
    : bytes.read(offset, size);
}
