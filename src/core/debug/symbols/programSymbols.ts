/**
 * `ProgramSymbols` over one or more ELF files: asks each file's module in turn and adds load
 * offsets. Files are looked at in the order given, so the program itself comes first.
 */
import { DW_AT } from '../../formats/dwarf/constants.ts';
import type { Die } from '../../formats/dwarf/unit.ts';
import { STT_FUNC, STT_OBJECT } from '../../formats/elf/constants.ts';
import { demangle, nameAlone } from '../../formats/names/demangle.ts';
import type { RelocationsOf } from '../../formats/elf/relocations.ts';
import type { ElfSymbol } from '../../formats/elf/symbolTable.ts';
import { frameRule } from './frameRule.ts';
import type { FrameScope } from './frameScope.ts';
import {
  inlinedCallsAt,
  nameOfEntry,
  scopedName,
  withAttribute,
  type FunctionEntry,
} from './functions.ts';
import { inlinedInstances } from './inlinedInstances.ts';
import { programTypes } from './programTypes.ts';
import { afterPrologue } from './prologue.ts';
import { SourceIndex } from './sourceIndex.ts';
import { SymbolModule } from './symbolModule.ts';
import type {
  CallInProgress,
  FrameContext,
  FrameRule,
  FunctionInfo,
  LineLocations,
  LineRange,
  ModuleInfo,
  ProgramSymbols,
  ProgramTypes,
  SpaceFile,
  SourcePosition,
  SymbolAt,
  SymbolFile,
  Variable,
} from './symbols.ts';
import {
  globalEntries,
  globalVariable,
  localEntries,
  localVariables,
  localVariable,
} from './variables.ts';

/** Throws `ElfError` when a file is not ELF; broken debug information is in `problems`. */
export function loadProgramSymbols(
  files: readonly SymbolFile[],
  relocationsOf?: RelocationsOf,
): ProgramSymbols {
  return new ElfProgramSymbols(files.map((file) => new SymbolModule(file, relocationsOf)));
}

class ElfProgramSymbols implements ProgramSymbols {
  private readonly symbolModules: readonly SymbolModule[];
  private readonly sourceIndex: SourceIndex;
  private readonly inlinedByName = new Map<string, readonly bigint[]>();
  private readonly functionsByName = new Map<string, readonly FunctionInfo[]>();
  private readonly byMode = new Map<string, ElfProgramSymbols>();
  private readonly bySpace = new Map<string, ElfProgramSymbols>();
  readonly hasWorlds: boolean;
  readonly spaceFiles: readonly SymbolModule[];

  constructor(modules: readonly SymbolModule[]) {
    this.symbolModules = modules;
    this.sourceIndex = new SourceIndex(modules);
    this.spaceFiles = modules.filter(({ addressSpace }) => addressSpace !== undefined);
    this.hasWorlds = this.spaceFiles.length > 0 || modules.some(({ modes }) => modes !== undefined);
  }

  inMode(mode: string | undefined): ElfProgramSymbols {
    if (!this.hasWorlds || mode === undefined) return this;
    let view = this.byMode.get(mode);
    if (!view) {
      const own = this.symbolModules.filter(({ modes }) => modes?.includes(mode));
      const common = this.symbolModules.filter(({ modes }) => modes === undefined);
      this.byMode.set(mode, (view = new ElfProgramSymbols([...own, ...common])));
    }
    return view;
  }

  without(absent: readonly SpaceFile[]): ElfProgramSymbols {
    const present = this.symbolModules.filter((module) => !absent.includes(module));
    if (present.length === this.symbolModules.length) return this;
    const key = present.map((module) => this.symbolModules.indexOf(module)).join();
    let view = this.bySpace.get(key);
    if (!view) this.bySpace.set(key, (view = new ElfProgramSymbols(present)));
    return view;
  }

  get modules(): readonly ModuleInfo[] {
    return this.symbolModules.map((module) => module.info);
  }

  get problems(): readonly string[] {
    return this.symbolModules.flatMap((m) => m.problems);
  }

  *prepare(): Generator<number> {
    const count = this.symbolModules.length;
    for (const [i, module] of this.symbolModules.entries()) {
      for (const done of module.prepare()) yield (i + done) / count;
    }
  }

  get sources(): readonly string[] {
    return this.sourceIndex.paths;
  }

  findSource(path: string): string | undefined {
    return this.sourceIndex.find(path);
  }

  locationsOfLine(path: string, line: number, column?: number): LineLocations | undefined {
    return this.sourceIndex.locationsOfLine(path, line, column);
  }

  linesWithCode(path: string, first: number, last: number): readonly number[] {
    return this.sourceIndex.linesWithCode(path, first, last);
  }

  columnsOfLine(path: string, line: number): readonly number[] {
    return this.sourceIndex.columnsOfLine(path, line);
  }

  positionAt(address: bigint): SourcePosition | undefined {
    return this.first(address, (module, at) => {
      const table = module.lineTableAt(at);
      const found = table?.rowAt(at);
      const path = found && table?.path(found.row.file);
      if (!found || path === undefined || found.row.line === 0) return undefined;
      return { path, line: found.row.line, column: found.row.column };
    });
  }

  lineRangeAt(address: bigint): LineRange | undefined {
    return this.first(address, (module, at) => {
      const table = module.lineTableAt(at);
      const found = table?.lineAt(at);
      const path = found && table?.path(found.row.file);
      if (!found || path === undefined || found.row.line === 0) return undefined;
      const { line, column } = found.row;
      const start = found.low + module.relocation;
      return { path, line, column, start, end: found.high + module.relocation };
    });
  }

  functionsNamed(name: string): readonly FunctionInfo[] {
    let functions = this.functionsByName.get(name);
    if (!functions) this.functionsByName.set(name, (functions = this.findFunctions(name)));
    return functions;
  }

  private findFunctions(name: string): readonly FunctionInfo[] {
    const found = new Map<string, FunctionInfo>();
    for (const module of this.symbolModules) {
      const own = module.symbols?.named(name).filter((s) => module.symbols?.isCode(s)) ?? [];
      const symbols = [...own, ...(module.symbols?.written(name) ?? [])];
      for (const symbol of symbols) {
        const info = this.worldOf(module).functionOf(module, symbol);
        found.set(`${info.low} ${isApart(module) ? info.afterPrologue : ''}`, info);
      }
      if (symbols.length > 0) continue;
      for (const { unit, entry } of this.functionsInUnits(module, name)) {
        const info = functionInfo(module, entry, module.isAssembly(unit));
        found.set(`${info.low} ${isApart(module) ? info.afterPrologue : ''}`, info);
      }
    }
    return [...found.values()];
  }

  /** Alone, a file of another world than others is not taken for one of them. */
  private worldOf(module: SymbolModule): ElfProgramSymbols {
    return isApart(module) ? this.without(this.symbolModules.filter((m) => m !== module)) : this;
  }

  private functionOf(module: SymbolModule, symbol: ElfSymbol): FunctionInfo {
    const middle = symbol.value + symbol.size / 2n;
    const isAhead = !module.listedUnitAt(symbol.value) && module.listedUnitAt(middle);
    if (isAhead || !module.functionAt(symbol.value)) {
      const inside = module.attempt(() => module.functionWithin(symbol));
      if (inside) return functionInfo(module, inside, false);
    }
    const info = this.functionAt(symbol.value + module.relocation);
    // A label inside of a function is a place of its own.
    const isEntry = info?.low === symbol.value + module.relocation;
    return isEntry ? info : symbolFunction(module, symbol);
  }

  functionsMatching(pattern: string, most: number): readonly FunctionInfo[] {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    const expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
    const names = new Set(
      this.symbolModules.flatMap((module) => module.symbols?.codeMatching(expression, most) ?? []),
    );
    const found = [...names].slice(0, most).flatMap((name) => this.functionsNamed(name));
    return [...new Map(found.map((info) => [info.low, info])).values()];
  }

  namesOfCode(prefix: string, most: number): readonly string[] {
    const begins = new RegExp(`^${prefix.replace(/[^\w]/g, '\\$&')}`);
    const found = this.symbolModules.flatMap((m) => m.symbols?.codeMatching(begins, most) ?? []);
    return [...new Set(found)].slice(0, most);
  }

  inlinedInstances(name: string): readonly bigint[] {
    let instances = this.inlinedByName.get(name);
    if (!instances) {
      this.inlinedByName.set(name, (instances = inlinedInstances(this.symbolModules, name)));
    }
    return instances;
  }

  functionAt(address: bigint): FunctionInfo | undefined {
    return this.first(address, (module, at) => {
      const unit = module.unitAt(at);
      const entry = module.functionAt(at);
      if (entry && unit) return functionInfo(module, entry, module.isAssembly(unit), at);
      const symbol = module.symbols?.at(at);
      if (!symbol || !module.symbols?.isCode(symbol)) return undefined;
      return symbolFunction(module, symbol);
    });
  }

  callsAt(address: bigint): readonly CallInProgress[] {
    const calls = this.first(address, (module, at) => this.dwarfCalls(module, at, address));
    if (calls) return calls;
    const symbol = this.symbolAt(address);
    const position = this.positionAt(address);
    if (!symbol && !position) return [];
    const name = symbol ? nameAlone(symbol.name) : `0x${address.toString(16)}`;
    return [{ functionName: name, position, inlined: false }];
  }

  placesOfCode(code: Uint8Array) {
    return this.symbolModules.flatMap((module) =>
      module.placesOfCode(code).map((address) => ({ module: module.info, address })),
    );
  }

  symbolAt(address: bigint): SymbolAt | undefined {
    return this.first(address, (module, at) => {
      const symbol = module.symbols?.at(at);
      return symbol && symbolInfo(module, symbol, at - symbol.value);
    });
  }

  symbolNamed(name: string): SymbolAt | undefined {
    for (const module of this.symbolModules) {
      const symbol = module.symbols?.named(name).find((s) => s.name === name);
      if (symbol) return symbolInfo(module, symbol, 0n);
    }
    return undefined;
  }

  frameRuleAt(address: bigint): FrameRule | undefined {
    return this.first(address, (module, at) => {
      const fde = module.callFrames.find(at);
      return fde && frameRule(fde, at, module.relocation);
    });
  }

  async locals(context: FrameContext, inlineDepth = 0): Promise<readonly Variable[]> {
    const scope = this.scopeOf(context);
    const entries = scope?.module.attempt(() => localEntries(scope, inlineDepth));
    return scope && entries ? localVariables(entries, scope) : [];
  }

  async globals(context: FrameContext): Promise<readonly Variable[]> {
    const scope = this.scopeOf(context);
    const entries = scope?.module.attempt(() => [...globalEntries(scope.unit)]) ?? [];
    const variables: Variable[] = [];
    for (const die of entries) if (scope) variables.push(await globalVariable(die, scope));
    return variables;
  }

  async variableNamed(context: FrameContext, name: string): Promise<Variable | undefined> {
    const scope = this.scopeOf(context);
    const local = scope?.module.attempt(() =>
      localEntries(scope, 0).find((die) => nameOfEntry(die) === name),
    );
    if (scope && local) return localVariable(local, scope);
    const own = scope && globalNamed(scope.module, [scope.unit], name);
    if (scope && own) return globalVariable(own, scope);
    for (const module of this.modulesSeenIn(context)) {
      const die = globalNamed(module, module.unitsDefining(name), name);
      if (die) return globalVariable(die, this.scopeIn(module, die, context));
    }
    return undefined;
  }

  types(context: FrameContext): ProgramTypes {
    const setting = { context, symbolize: (address: bigint) => this.symbolized(address) };
    const nowhere = { module: undefined, unit: undefined, setting };
    return programTypes(this.scopeOf(context) ?? nowhere, this.modulesSeenIn(context));
  }

  private symbolized(address: bigint): string | undefined {
    const symbol = this.symbolAt(address);
    return symbol && nameWithOffset(symbol);
  }

  private scopeOf(context: FrameContext): FrameScope | undefined {
    return this.viewOf(context).first(context.pc, (module, at) => {
      const unit = module.unitAt(at);
      if (!unit) return undefined;
      return {
        ...this.scopeIn(module, unit.full.root, context),
        function: module.functionAt(at)?.die,
      };
    });
  }

  /** Files of other modes come last, those of other address spaces not at all. */
  private modulesSeenIn(context: FrameContext): readonly SymbolModule[] {
    const seen = this.viewOf(context).symbolModules;
    const common = this.symbolModules.filter(({ addressSpace }) => addressSpace === undefined);
    return [...new Set([...seen, ...common])];
  }

  private viewOf({ symbols, mode }: FrameContext): ElfProgramSymbols {
    return symbols instanceof ElfProgramSymbols ? symbols : this.inMode(mode);
  }

  private scopeIn(module: SymbolModule, die: Die, context: FrameContext): FrameScope {
    const symbolize = (address: bigint) => this.symbolized(address);
    return {
      module,
      unit: die.unit,
      function: undefined,
      setting: { context, symbolize },
      caller: () => context.caller && this.scopeOf(context.caller),
    };
  }

  private *functionsInUnits(module: SymbolModule, name: string) {
    for (const unit of module.unitsDefining(name)) {
      for (const entry of module.functionsOf(unit)) if (entry.name === name) yield { unit, entry };
    }
  }

  private dwarfCalls(
    module: SymbolModule,
    at: bigint,
    address: bigint,
  ): readonly CallInProgress[] | undefined {
    const entry = module.functionAt(at);
    if (!entry) return undefined;
    const inlined = inlinedCallsAt(entry.die, at);
    const calls: CallInProgress[] = [];
    let position = this.positionAt(address);
    for (const die of inlined.toReversed()) {
      const functionName = scopedName(die) ?? '<inlined>';
      calls.push({ functionName, position, inlined: true });
      position = callPosition(module, die);
    }
    calls.push({ functionName: scopedName(entry.die) ?? entry.name, position, inlined: false });
    return calls;
  }

  /** The first module that has an answer. What is broken in one has none. */
  private first<T>(
    address: bigint,
    ask: (module: SymbolModule, at: bigint) => T | undefined,
  ): T | undefined {
    for (const module of this.symbolModules) {
      const answer = module.attempt(() => ask(module, address - module.relocation));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}

/** Whether the same addresses are those of something else in other worlds. */
function isApart({ modes, addressSpace }: SymbolModule): boolean {
  return modes !== undefined || addressSpace !== undefined;
}

function globalNamed(
  module: SymbolModule,
  units: Iterable<Die['unit']>,
  name: string,
): Die | undefined {
  for (const unit of units) {
    const found = module.attempt(() => {
      for (const die of globalEntries(unit.full)) if (nameOfEntry(die) === name) return die;
      return undefined;
    });
    if (found) return found;
  }
  return undefined;
}

/** `at` chooses the part of a function that the compiler split. */
function functionInfo(
  module: SymbolModule,
  entry: FunctionEntry,
  isAssembly: boolean,
  at?: bigint,
): FunctionInfo {
  const [main] = entry.ranges;
  const range = entry.ranges.find((r) => at !== undefined && at >= r.low && at < r.high) ?? main;
  const low = range?.low ?? 0n;
  const high = isAssembly ? relaxedEnd(module, low, range?.high ?? low) : (range?.high ?? low);
  const body =
    isAssembly || range !== main
      ? low
      : (module.attempt(() => afterPrologue(module, low, high)) ?? low);
  const declared = declaration(module, entry.die);
  return {
    name: scopedName(entry.die) ?? entry.name,
    low: low + module.relocation,
    high: high + module.relocation,
    afterPrologue: body + module.relocation,
    ...(declared && { declared }),
  };
}

/** Linkers that relax calls correct the sizes of symbols, but not lengths in debug information. */
function relaxedEnd(module: SymbolModule, low: bigint, high: bigint): bigint {
  const symbol = module.symbols?.at(low);
  if (!symbol || symbol.value !== low || symbol.size === 0n) return high;
  return low + symbol.size;
}

function symbolFunction(module: SymbolModule, symbol: ElfSymbol): FunctionInfo {
  const low = symbol.value + module.relocation;
  const high = (module.symbols?.end(symbol) ?? symbol.value) + module.relocation;
  const written = demangle(symbol.name);
  const name = written === undefined ? symbol.name : nameAlone(written);
  return { name, low, high, afterPrologue: low };
}

function symbolInfo(module: SymbolModule, symbol: ElfSymbol, offset: bigint): SymbolAt {
  const { type } = symbol;
  return {
    name: demangle(symbol.name) ?? symbol.name,
    address: symbol.value + module.relocation,
    size: symbol.size,
    offset,
    kind: type === STT_FUNC ? 'function' : type === STT_OBJECT ? 'object' : 'other',
  };
}

/** `main`, `main+0x10`. */
function nameWithOffset(symbol: SymbolAt): string {
  return symbol.offset === 0n ? symbol.name : `${symbol.name}+0x${symbol.offset.toString(16)}`;
}

function declaration(module: SymbolModule, die: Die): SourcePosition | undefined {
  return module.attempt(() => {
    const holder = withAttribute(die, DW_AT.decl_line);
    if (!holder) return undefined;
    return sourcePosition(module, holder, DW_AT.decl_file, DW_AT.decl_line, DW_AT.decl_column);
  });
}

function callPosition(module: SymbolModule, die: Die): SourcePosition | undefined {
  return sourcePosition(module, die, DW_AT.call_file, DW_AT.call_line, DW_AT.call_column);
}

function sourcePosition(
  module: SymbolModule,
  die: Die,
  fileAttribute: number,
  lineAttribute: number,
  columnAttribute: number,
): SourcePosition | undefined {
  const path = module.lineTableOf(die.unit)?.path(die.number(fileAttribute) ?? -1);
  const line = die.number(lineAttribute);
  if (path === undefined || line === undefined) return undefined;
  return { path, line, column: die.number(columnAttribute) ?? 0 };
}
