/**
 * Lookup in one file's symbol table by address and by name. Knows nothing of DWARF: it is what is
 * left for assembly and stripped files. Addresses are the file's own.
 */
import {
  SHF_EXECINSTR,
  SHN_LORESERVE,
  SHN_UNDEF,
  STB_LOCAL,
  STT_FILE,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  STT_SECTION,
} from '../../formats/elf/constants.ts';
import { demangle, nameAlone } from '../../formats/names/demangle.ts';
import type { ElfFile } from '../../formats/elf/elf.ts';
import type { ElfSymbol, SymbolTable } from '../../formats/elf/symbolTable.ts';

/** How far back a symbol that is large enough is looked for behind smaller ones inside of it. */
const MAX_NESTING = 64;

export class SymbolIndex {
  private readonly elf: ElfFile;
  private readonly table: SymbolTable | undefined;
  /** Indexes of useful symbols, ascending by address; of several at one address the best comes last. */
  private sorted: Uint32Array | undefined;

  constructor(elf: ElfFile) {
    this.elf = elf;
    this.table = elf.symbolTable;
  }

  /** The symbol that an address belongs to. */
  at(address: bigint): ElfSymbol | undefined {
    const index = this.lastUpTo(address);
    const section = this.elf.sectionAt(address)?.index;
    let nearest: ElfSymbol | undefined;
    for (let i = index; i >= 0 && i > index - MAX_NESTING; i--) {
      const symbol = this.nth(i);
      if (!symbol) break;
      if (address - symbol.value < symbol.size) return symbol;
      if (symbol.size === 0n && symbol.sectionIndex === section) nearest ??= symbol;
      // A label without a size reaches to the next one; what has a size and ends earlier does not.
      if (nearest) break;
    }
    return nearest;
  }

  /** First address after a symbol: by its size, or where the next one or its section begins. */
  end(symbol: ElfSymbol): bigint {
    if (symbol.size > 0n) return symbol.value + symbol.size;
    const section = this.elf.sections[symbol.sectionIndex];
    const sectionEnd = section ? section.address + BigInt(section.size) : symbol.value;
    const next = this.nth(this.lastUpTo(symbol.value) + 1);
    return next && next.value < sectionEnd ? next.value : sectionEnd;
  }

  /**
   * Symbols of a name, the exact ones first, then clones that the compiler made of it
   * (`name.constprop.0`).
   */
  named(name: string): readonly ElfSymbol[] {
    const { table } = this;
    if (!table || name === '') return [];
    const found = table
      .named(name)
      .filter((index) => isUseful(table, index))
      .map((index) => table.symbol(index));
    found.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
    return [...found.filter((s) => s.name === name), ...found.filter((s) => s.name !== name)];
  }

  /**
   * Code of C++ and Rust by its name as written, or the end of it from a `::` on; parameters are told
   * or not.
   */
  written(name: string): readonly ElfSymbol[] {
    const { table } = this;
    const alone = nameAlone(name);
    const identifier = /([A-Za-z_]\w*)(<.*>)?$/.exec(alone)?.[1];
    if (!table || identifier === undefined) return [];
    return table
      .withIdentifier(identifier)
      .filter((index) => isUseful(table, index))
      .map((index) => table.symbol(index))
      .filter((symbol) => this.isCode(symbol) && isWritten(symbol.name, name, alone));
  }

  /** Names of code that a pattern matches, at most so many. */
  codeMatching(pattern: RegExp, most: number): readonly string[] {
    const { table } = this;
    const names = new Set<string>();
    for (let i = 0; table && i < table.count && names.size < most; i++) {
      if (!pattern.test(table.name(i)) || !isUseful(table, i)) continue;
      const symbol = table.symbol(i);
      if (this.isCode(symbol)) names.add(symbol.name);
    }
    return [...names];
  }

  isCode(symbol: ElfSymbol): boolean {
    if (symbol.type === STT_FUNC) return true;
    const section = this.elf.sections[symbol.sectionIndex];
    return symbol.type === STT_NOTYPE && ((section?.flags ?? 0) & SHF_EXECINSTR) !== 0;
  }

  private lastUpTo(address: bigint): number {
    const { table } = this;
    if (!table) return -1;
    this.sorted ??= sortedIndexes(table);
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (table.value(this.sorted[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private nth(position: number): ElfSymbol | undefined {
    const index = this.sorted?.[position];
    return index === undefined ? undefined : this.table?.symbol(index);
  }
}

function isWritten(mangled: string, name: string, alone: string): boolean {
  const whole = demangle(mangled);
  if (whole === undefined) return false;
  if (name !== alone && whole !== name) return false;
  const known = nameAlone(whole);
  // Without arguments a template is meant with any.
  return [known, known.replace(/(::)?<.*>$/, '')].some(
    (n) => n === alone || n.endsWith(`::${alone}`),
  );
}

const DOLLAR = 0x24;
const DOT = 0x2e;
const LETTER_L = 0x4c;

/** Leaves out what stands for no address, and local labels (`.L1`) and mapping symbols (`$x`). */
function isUseful(table: SymbolTable, index: number): boolean {
  const section = table.sectionIndex(index);
  if (section === SHN_UNDEF || section >= SHN_LORESERVE) return false;
  const type = table.type(index);
  if (type === STT_SECTION || type === STT_FILE) return false;
  const first = table.nameByte(index, 0);
  if (first === 0 || first === DOLLAR) return false;
  return first !== DOT || table.nameByte(index, 1) !== LETTER_L;
}

function sortedIndexes(table: SymbolTable): Uint32Array {
  const indexes: number[] = [];
  for (let i = 0; i < table.count; i++) if (isUseful(table, i)) indexes.push(i);
  // Halves compare faster than the 64-bit values.
  const high = new Uint32Array(table.count);
  const low = new Uint32Array(table.count);
  for (const i of indexes) {
    const value = table.value(i);
    high[i] = Number(value >> 32n);
    low[i] = Number(value & 0xffff_ffffn);
  }
  const half = (halves: Uint32Array, i: number) => halves[i] ?? 0;
  return Uint32Array.from(indexes).sort(
    (a, b) =>
      half(high, a) - half(high, b) ||
      half(low, a) - half(low, b) ||
      rank(table, a) - rank(table, b),
  );
}

function rank(table: SymbolTable, index: number): number {
  const type = table.type(index);
  const kind = type === STT_FUNC ? 4 : type === STT_OBJECT ? 2 : 0;
  return kind + (table.size(index) > 0n ? 8 : 0) + (table.binding(index) === STB_LOCAL ? 0 : 1);
}
