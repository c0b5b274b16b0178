/**
 * Functions of one unit with the calls inlined into them (DWARF 5, section 3.3). Addresses are the
 * file's own.
 */
import { DW_AT, DW_LANG, DW_TAG } from '../../formats/dwarf/constants.ts';
import { demangle, nameAlone } from '../../formats/names/demangle.ts';
import { rangesOf, type AddressRange } from '../../formats/dwarf/ranges.ts';
import type { Die, Unit } from '../../formats/dwarf/unit.ts';

export class FunctionEntry {
  readonly die: Die;
  /** The range with the entry point first; a function that the compiler split has several. */
  readonly ranges: readonly AddressRange[];
  private ownName: string | undefined;

  constructor(die: Die, ranges: readonly AddressRange[]) {
    this.die = die;
    this.ranges = ranges;
  }

  /** Most are looked up by address, so that nobody asks. */
  get name(): string {
    this.ownName ??= nameOfEntry(this.die) ?? '';
    return this.ownName;
  }
}

/** Deeper nesting than any program has; broken references could go round in circles. */
const MAX_DEPTH = 64;

/** Languages without functions in functions, which cost time to look for. */
const plain = new Set<number | undefined>(Object.values(DW_LANG));

export function hasClosures(unit: Unit): boolean {
  return !plain.has(unit.root.number(DW_AT.language));
}

/** Functions with code, as they stand in the unit; with `nests`, also those within others. */
export function functionsOf(unit: Unit, nests: boolean): readonly FunctionEntry[] {
  const found: FunctionEntry[] = [];
  collect(unit.root, found, 0, nests);
  return found;
}

export function contains(ranges: readonly AddressRange[], address: bigint): boolean {
  return ranges.some((r) => address >= r.low && address < r.high);
}

/** DW_TAG_inlined_subroutine entries around an address, outermost first. */
export function inlinedCallsAt(scope: Die, address: bigint): readonly Die[] {
  return scopesAt(scope, address).filter((die) => die.tag === DW_TAG.inlined_subroutine);
}

/**
 * Where the body of an inlined call begins: at its entry, else at the first of its addresses (DWARF 5,
 * 3.3.8.2).
 */
export function inlinedEntry(die: Die): bigint | undefined {
  const [first] = rangesOf(die);
  const entry = die.address(DW_AT.entry_pc);
  return entry !== undefined && contains(rangesOf(die), entry) ? entry : first?.low;
}

/** All inlined calls within a function, whatever they are nested in. */
export function* inlinedCallsIn(scope: Die, depth = 0): Generator<Die> {
  if (depth > MAX_DEPTH) return;
  for (const child of scope.children(scopes)) {
    if (child.tag === DW_TAG.inlined_subroutine) yield child;
    yield* inlinedCallsIn(child, depth + 1);
  }
}

/** Lexical blocks and inlined calls around an address, outermost first, without `scope` itself. */
export function scopesAt(scope: Die, address: bigint): readonly Die[] {
  const scopes: Die[] = [];
  let current: Die | undefined = scope;
  while (current && scopes.length < MAX_DEPTH) {
    current = childScopeAt(current, address);
    if (current) scopes.push(current);
  }
  return scopes;
}

/** Name of a function or variable, from its declaration or abstract instance if need be. */
export function nameOfEntry(die: Die): string | undefined {
  return withAttribute(die, DW_AT.name)?.name;
}

/** Name of a function with its scope, which C++ and Rust have in what the linker calls it. */
export function scopedName(die: Die): string | undefined {
  const holder = withAttribute(die, DW_AT.linkage_name);
  const linkage = holder?.string(DW_AT.linkage_name);
  const written = linkage === undefined ? undefined : demangle(linkage);
  return written === undefined ? nameOfEntry(die) : nameAlone(written);
}

/** The entry itself, or the one it completes or is an instance of, that has an attribute. */
export function withAttribute(die: Die, attribute: number): Die | undefined {
  let current: Die | undefined = die;
  for (let hops = 0; current && hops < 8; hops++) {
    if (current.has(attribute)) return current;
    current = current.reference(DW_AT.abstract_origin) ?? current.reference(DW_AT.specification);
  }
  return undefined;
}

function collect(parent: Die, found: FunctionEntry[], depth: number, nests: boolean): void {
  const isInside = depth > 0 && !isSpace(parent);
  for (const child of parent.children(isInside ? undefined : topLevel)) {
    if (isSpace(child) || (isInside && mayHoldClosure(child))) {
      if (depth < MAX_DEPTH) collect(child, found, depth + 1, nests);
      continue;
    }
    if (child.tag !== DW_TAG.subprogram) continue;
    if (!child.has(DW_AT.low_pc) && !child.has(DW_AT.ranges)) continue;
    const ranges = rangesOf(child);
    if (ranges.length > 0) found.push(new FunctionEntry(child, ranges));
    if (nests && depth < MAX_DEPTH) collect(child, found, depth + 1, nests);
  }
}

/** What functions are found in, or are. */
const topLevel = new Set([DW_TAG.namespace, DW_TAG.module, DW_TAG.subprogram]);

function isSpace({ tag }: Die): boolean {
  return tag === DW_TAG.namespace || tag === DW_TAG.module;
}

/** A closure is a member of a type that is local to the function that makes it. */
function mayHoldClosure({ tag }: Die): boolean {
  return tag === DW_TAG.lexical_block || tag === DW_TAG.structure_type || tag === DW_TAG.class_type;
}

const scopes = new Set([DW_TAG.lexical_block, DW_TAG.inlined_subroutine]);

function childScopeAt(scope: Die, address: bigint): Die | undefined {
  for (const child of scope.children(scopes)) {
    if (contains(rangesOf(child), address)) return child;
  }
  return undefined;
}
