/**
 * `trapline dwarf`: what debug information says of a file, and of places in it, as the debugger reads
 * it: lines, functions with inlined calls, variables and where they are, how frames are unwound.
 */
import { UserError } from '../core/base/userError.ts';
import { typeOf } from '../core/debug/symbols/cTypes.ts';
import { nameOfEntry, scopesAt } from '../core/debug/symbols/functions.ts';
import { loadProgramSymbols } from '../core/debug/symbols/programSymbols.ts';
import { SymbolModule } from '../core/debug/symbols/symbolModule.ts';
import type { ProgramSymbols, SymbolFile } from '../core/debug/symbols/symbols.ts';
import { frameRowAt } from '../core/formats/dwarf/callFrameProgram.ts';
import { DW_AT, DW_TAG } from '../core/formats/dwarf/constants.ts';
import { expressionText, frameRowText } from '../core/formats/dwarf/expressionText.ts';
import { expressionAt } from '../core/formats/dwarf/locations.ts';
import type { Die } from '../core/formats/dwarf/unit.ts';
import { ElfFile } from '../core/formats/elf/elf.ts';
import { isaOfElf, relocationsOf } from '../core/registry.ts';
import { openFile, openInput } from '../host/node/openFile.ts';
import { exitCodes, type Command } from './command.ts';
import { UsageError, type CommandSpec, type ParsedOptions } from './options.ts';

const spec: CommandSpec = {
  name: 'dwarf',
  operands: 'FILE [PLACE…]',
  summary: 'Shows what debug information says of a file, or of places in it.',
  options: [],
  notes:
    'A place is an address (0x80200000), a function, or a line (main.c:12). Without any, the file is\n' +
    'described: where its debug information is, its units and sources, and what cannot be read.',
};

export const dwarfCommand: Command = { spec, run };

async function run(options: ParsedOptions): Promise<number> {
  const [name, ...places] = options.operands;
  if (name === undefined) throw new UsageError('no file given');
  const bytes = openInput('dwarf', name, process.cwd());
  if (!ElfFile.recognises(bytes.read(0, Math.min(4, bytes.size)))) {
    throw new UserError(`'${name}' is no ELF file`);
  }
  const report = new Report({ name, bytes, open: openFile });
  if (places.length === 0) report.describe();
  for (const place of places) report.place(place);
  report.problems();
  return exitCodes.done;
}

class Report {
  private readonly module: SymbolModule;
  private readonly symbols: ProgramSymbols;
  private readonly registerName: (register: number) => string;

  constructor(file: SymbolFile) {
    this.symbols = loadProgramSymbols([file], relocationsOf);
    this.module = new SymbolModule(file, relocationsOf);
    this.registerName = registerNames(this.module.elf);
  }

  describe(): void {
    const { module, symbols } = this;
    const [info] = symbols.modules;
    const units = module.units.length;
    print(`${info?.name}: ${info?.symbolStatus}, ${units} unit${units === 1 ? '' : 's'}`);
    for (const unit of module.units) {
      const { root } = unit.full;
      const name = module.attempt(() => root.name) ?? '<unnamed>';
      const producer = module.attempt(() => root.string(DW_AT.producer)) ?? '';
      print(`  0x${unit.offset.toString(16)} DWARF ${unit.version} ${name} ${producer}`.trimEnd());
    }
    print(`${symbols.sources.length} sources`);
    for (const source of symbols.sources) print(`  ${source}`);
  }

  place(place: string): void {
    const addresses = this.addresses(place);
    if (addresses.length === 0) throw new UserError(`nothing in the file is called '${place}'`);
    for (const address of addresses) this.address(address);
  }

  problems(): void {
    for (const problem of new Set([...this.symbols.problems, ...this.module.problems])) {
      process.stderr.write(`${problem}\n`);
    }
  }

  private addresses(place: string): readonly bigint[] {
    if (/^(0x[0-9a-f]+|\d+)$/i.test(place)) return [BigInt(place)];
    const [, source, line] = /^(.+):(\d+)$/.exec(place) ?? [];
    if (source !== undefined && line !== undefined) {
      return this.symbols.locationsOfLine(source, Number(line))?.addresses ?? [];
    }
    return this.symbols.functionsNamed(place).map((f) => f.afterPrologue);
  }

  private address(address: bigint): void {
    const { symbols, module } = this;
    const symbol = symbols.symbolAt(address);
    const where = symbol ? ` ${symbol.name}+0x${symbol.offset.toString(16)}` : '';
    print(`0x${address.toString(16)}${where}`);
    for (const { functionName, position, inlined } of symbols.callsAt(address)) {
      const at = position ? ` at ${position.path}:${position.line}:${position.column}` : '';
      print(`  ${inlined ? 'inlined ' : ''}${functionName}${at}`);
    }
    const range = symbols.lineRangeAt(address);
    if (range) print(`  line from 0x${range.start.toString(16)} to 0x${range.end.toString(16)}`);
    this.variables(address);
    const fde = module.attempt(() => module.callFrames.find(address));
    const row = fde && module.attempt(() => frameRowAt(fde, address));
    if (fde && row) print(`  ${frameRowText(row, fde.cie.addressSize, this.registerName)}`);
  }

  private variables(address: bigint): void {
    const { module } = this;
    const die = module.attempt(() => module.functionAt(address)?.die);
    if (!die) return;
    const scopes = [die, ...(module.attempt(() => scopesAt(die, address)) ?? [])];
    for (const scope of scopes) {
      for (const child of module.attempt(() => [...scope.children()]) ?? []) {
        const isParameter = child.tag === DW_TAG.formal_parameter;
        if (!isParameter && child.tag !== DW_TAG.variable) continue;
        const text = module.attempt(() => this.variable(child, address));
        if (text !== undefined) print(`  ${isParameter ? 'parameter' : 'local'} ${text}`);
      }
    }
  }

  private variable(die: Die, address: bigint): string {
    const name = nameOfEntry(die) ?? '<unnamed>';
    return `${typeOf(die).declare(name)}: ${this.location(die, address)}`;
  }

  private location(die: Die, address: bigint): string {
    const constant = die.value(DW_AT.const_value);
    if (constant?.kind === 'constant') return `always ${constant.value}`;
    const expression = expressionAt(die, DW_AT.location, address);
    if (!expression || expression.length === 0) return 'optimized out here';
    return expressionText(expression, die.unit.addressSize, this.registerName);
  }
}

/** Names of the file's own machine where that is known here. */
function registerNames(elf: ElfFile): (register: number) => string {
  const names = new Map<number, string>();
  try {
    for (const { dwarf, name } of isaOfElf(elf).registers) {
      if (dwarf !== undefined) names.set(dwarf, name);
    }
  } catch (error) {
    // Debug information of another machine reads the same.
    if (!(error instanceof UserError)) throw error;
  }
  return (register) => names.get(register) ?? `r${register}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
