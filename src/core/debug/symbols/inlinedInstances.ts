/** Where the compiler has put a function into others, for breakpoints by its name. */
import type { Unit } from '../../formats/dwarf/unit.ts';
import type { SymbolModule } from './symbolModule.ts';

/** So many units are searched for an inlined function without keeping who breaks at it waiting. */
const FEW_UNITS = 100;

/** Run-time addresses, ascending. */
export function inlinedInstances(modules: readonly SymbolModule[], name: string): bigint[] {
  const found = modules.flatMap((module) => {
    const places = unitsOfFunction(module, name).flatMap(
      (unit) => module.attempt(() => module.inlinedIn(unit, name)) ?? [],
    );
    return places.map((address) => address + module.relocation);
  });
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Where a function is, others of its unit may have taken it in. One that is nowhere by itself is
 * looked for everywhere in a program of few units; the index does not know it.
 */
function unitsOfFunction(module: SymbolModule, name: string): readonly Unit[] {
  const own = module.symbols?.named(name).filter((s) => module.symbols?.isCode(s)) ?? [];
  const symbols = [...own, ...(module.symbols?.written(name) ?? [])];
  if (symbols.length === 0 && module.units.length <= FEW_UNITS) return module.units;
  return [...new Set(symbols.flatMap(({ value }) => module.unitAt(value) ?? []))];
}
