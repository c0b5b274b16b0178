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
import type { ElfFile } from '../../formats/elf/elf.ts';
import type { ElfSymbol } from '../../formats/elf/symbolTable.ts';

/** How far back a symbol that is large enough is looked for behind smaller ones inside of it. */
const MAX_NESTING = 64;

export class SymbolIndex {
  private readonly elf: ElfFile;
  /** Ascending by address; of several at one address the best comes last. */
  private readonly sorted: readonly ElfSymbol[];
  private names: Map<string, ElfSymbol[]> | undefined;

  constructor(elf: ElfFile) {
    this.elf = elf;
    this.sorted = elf.symbols.filter(isUseful).sort(compare);
  }

  /** The symbol that an address belongs to. */
  at(address: bigint): ElfSymbol | undefined {
    const index = this.lastUpTo(address);
    const section = this.elf.sectionAt(address)?.index;
    let nearest: ElfSymbol | undefined;
    for (let i = index; i >= 0 && i > index - MAX_NESTING; i--) {
      const symbol = this.sorted[i];
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
    const next = this.sorted[this.lastUpTo(symbol.value) + 1];
    return next && next.value < sectionEnd ? next.value : sectionEnd;
  }

  /**
   * Symbols of a name, the exact ones first, then clones that the compiler made of it
   * (`name.constprop.0`).
   */
  named(name: string): readonly ElfSymbol[] {
    this.names ??= this.indexNames();
    const found = this.names.get(name) ?? [];
    return [...found.filter((s) => s.name === name), ...found.filter((s) => s.name !== name)];
  }

  isCode(symbol: ElfSymbol): boolean {
    if (symbol.type === STT_FUNC) return true;
    const section = this.elf.sections[symbol.sectionIndex];
    return symbol.type === STT_NOTYPE && ((section?.flags ?? 0) & SHF_EXECINSTR) !== 0;
  }

  private lastUpTo(address: bigint): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sorted[middle]?.value ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private indexNames(): Map<string, ElfSymbol[]> {
    const names = new Map<string, ElfSymbol[]>();
    for (const symbol of this.sorted) {
      const keys = new Set([symbol.name, symbol.name.replace(/\.[a-z].*$/, '')]);
      for (const key of keys) {
        const list = names.get(key);
        if (list) list.push(symbol);
        else names.set(key, [symbol]);
      }
    }
    return names;
  }
}

/** Leaves out what stands for no address, and local labels (`.L1`) and mapping symbols (`$x`). */
function isUseful(symbol: ElfSymbol): boolean {
  if (symbol.sectionIndex === SHN_UNDEF) return false;
  if (symbol.sectionIndex >= SHN_LORESERVE) return false;
  if (symbol.type === STT_SECTION || symbol.type === STT_FILE) return false;
  return symbol.name !== '' && !/^(\$|\.L)/.test(symbol.name);
}

function compare(a: ElfSymbol, b: ElfSymbol): number {
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return rank(a) - rank(b);
}

function rank(symbol: ElfSymbol): number {
  const type = symbol.type === STT_FUNC ? 4 : symbol.type === STT_OBJECT ? 2 : 0;
  return type + (symbol.size > 0n ? 8 : 0) + (symbol.binding === STB_LOCAL ? 0 : 1);
}
