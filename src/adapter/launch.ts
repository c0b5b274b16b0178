/**
 * From the arguments of a launch request to a guest: attributes checked, files read, symbols
 * loaded, machine made. Every failure that a user can cause is a `UserError` naming what to change.
 */
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import { loadProgramSymbols } from '../core/debug/symbols/programSymbols.ts';
import type { ProgramSymbols, SpaceRule, SymbolFile } from '../core/debug/symbols/symbols.ts';
import type { DebugTarget, ExitStop } from '../core/debug/target.ts';
import type { Isa } from '../core/isa/isa.ts';
import type { LaunchConfig, LaunchFiles } from '../core/machine/launchConfig.ts';
import { parseConsole, type ConsoleDestination } from '../core/machine/consoleDestination.ts';
import type { Pace } from '../core/machine/waitedTime.ts';
import { parseLaunchConfig } from '../core/machine/parseLaunchConfig.ts';
import type { SectionAddresses } from '../core/formats/elf/relocations.ts';
import { isaNamed, relocationsOf } from '../core/registry.ts';
import { readLaunchFiles } from '../host/node/launchFiles.ts';
import { openFile, openInput } from '../host/node/openFile.ts';
import type { CreateOptions } from '../worker/targetMethods.ts';
import { parseStopOn } from './exitFilters.ts';
import type { Guest } from './guest.ts';
import { areSameFiles } from './sameFiles.ts';
import { parseSourceMap, SourcePaths } from './sourcePaths.ts';

/** Makes the machine of a launch, in whichever thread. */
export type StartMachine = (
  config: LaunchConfig,
  files: LaunchFiles,
  options: CreateOptions,
) => Promise<{ readonly target: DebugTarget; end(): Promise<void> }>;

/** A launch request's attributes after checking. */
export interface LaunchRequest {
  readonly config: LaunchConfig;
  readonly consoles: readonly ConsoleDestination[];
  readonly cwd: string;
  readonly sourceMap: Readonly<Record<string, string>>;
  readonly symbolFiles: readonly SymbolFileAttribute[];
  readonly stopOnEntry: boolean;
  readonly stopOn: readonly ExitStop[];
  readonly noDebug: boolean;
  readonly pace: Pace;
  readonly trace: boolean;
  readonly gdbPort: number | undefined;
  readonly reverse: boolean;
}

interface SymbolFileAttribute {
  readonly file: string;
  readonly offset: bigint;
  readonly sections?: SectionAddresses | undefined;
  /** As harts name them. */
  readonly modes?: readonly string[];
  readonly addressSpace?: SpaceRule;
}

/** Bytes: a screenful of pages is on its way at most, and the guest never waits for a message. */
const consoleWindow = 1 << 18;

type Attributes = Readonly<Record<string, unknown>>;

export function parseLaunchRequest(raw: Attributes): LaunchRequest {
  const parsed = parseLaunchConfig(raw);
  const consoles = parseConsole(raw['console']);
  const cwd = path.resolve(stringAttribute(raw, 'cwd') ?? process.cwd());
  const { handlers } = parsed;
  const config =
    handlers === undefined ? parsed : { ...parsed, handlers: path.resolve(cwd, handlers) };
  return {
    config,
    consoles,
    cwd,
    sourceMap: parseSourceMap(raw['sourceMap'], cwd),
    symbolFiles: parseSymbolFiles(raw['symbolFiles']),
    stopOnEntry: booleanAttribute(raw, 'stopOnEntry'),
    stopOn: parseStopOn(raw['stopOn'], config.mode),
    noDebug: booleanAttribute(raw, 'noDebug'),
    pace: paceFor(config, consoles),
    trace: raw['trace'] !== undefined && raw['trace'] !== false,
    gdbPort: portAttribute(raw, 'gdbPort'),
    reverse: booleanAttribute(raw, 'reverse', true),
  };
}

/** A person at the console wants a second to be one; without a console nobody waits. */
function paceFor({ time }: LaunchConfig, consoles: readonly ConsoleDestination[]): Pace {
  if (time === 'wall') return 'always';
  return consoles.some(({ kind }) => kind === 'terminal' || kind === 'tcp') ? 'waits' : 'never';
}

/** `before` is the guest that this one takes the place of: symbols of the same files are kept. */
export async function startGuest(
  request: LaunchRequest,
  start: StartMachine,
  before?: Guest,
): Promise<Guest> {
  const { config, cwd } = request;
  const files = readLaunchFiles(config, cwd);
  const symbolFiles = await readSymbolFiles(request, files);
  const { pace, noDebug } = request;
  const reverse = request.reverse && !noDebug;
  const machine = await start(config, files, { pace, consoleWindow, reverse });
  try {
    const info = await machine.target.info();
    checkWorlds(request, isaNamed(info.isa));
    const kept = before && keptSymbols(before, symbolFiles);
    const symbols = kept ?? loadProgramSymbols(symbolFiles, relocationsOf);
    const { sourceMap } = request;
    const sources = new SourcePaths(symbols, { sourceMap, cwd, program: config.program });
    const { target } = machine;
    return {
      target,
      info,
      config,
      isa: isaNamed(info.isa),
      symbols,
      symbolFiles,
      sources,
      cwd,
      end: machine.end,
    };
  } catch (error) {
    await machine.end();
    throw error;
  }
}

/** Where something was missing it may be there now. */
function keptSymbols(before: Guest, files: readonly SymbolFile[]): ProgramSymbols | undefined {
  const { symbols, symbolFiles } = before;
  return symbols.problems.length === 0 && areSameFiles(symbolFiles, files) ? symbols : undefined;
}

/** The launch's own ELF files, the program first, then `symbolFiles`. */
async function readSymbolFiles(request: LaunchRequest, files: LaunchFiles): Promise<SymbolFile[]> {
  const { config, cwd } = request;
  const own = [config.program, config.firmware, ...config.loadFiles.map(({ file }) => file)];
  const result: SymbolFile[] = [];
  for (const name of new Set(own)) {
    const bytes = name === undefined ? undefined : files.get(name);
    if (name === undefined || !bytes || !isElf(bytes)) continue;
    result.push({ name: path.resolve(cwd, name), bytes, open: openFile });
  }
  for (const { file, ...counting } of request.symbolFiles) {
    const name = path.resolve(cwd, file);
    // Debug files can be larger than memory is meant to be: they are read in ranges.
    const bytes = openInput('symbolFiles', file, cwd);
    if (!isElf(bytes.read(0, Math.min(4, bytes.size)))) {
      throw new UserError(`symbolFiles: '${file}' is not an ELF file`, 'symbolFiles');
    }
    result.push({ name, bytes, ...counting, open: openFile });
  }
  return result;
}

function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

function parseSymbolFiles(value: unknown): SymbolFileAttribute[] {
  if (value === undefined) return [];
  const wrong = (what: unknown): never => {
    const allowed =
      '[{ "file": path, "offset": number, "0x…" or "-0x…", "sections": { name: address }, "modes": [name], "addressSpace": "matching" or { id: number } }, …]';
    throw new UserError(`symbolFiles: ${JSON.stringify(what)} is not ${allowed}`, 'symbolFiles');
  };
  if (!Array.isArray(value)) return wrong(value);
  return value.map((item: unknown) => {
    const { file, offset = 0, sections, modes, addressSpace } = (item ?? {}) as Attributes;
    if (typeof file !== 'string' || file === '') return wrong(item);
    const distance = distanceOf(offset);
    if (distance === undefined) return wrong(item);
    const rule = addressSpace === undefined ? undefined : spaceRuleOf(addressSpace);
    if (addressSpace !== undefined && !rule) return wrong(item);
    const places = sections === undefined ? {} : sectionsOf(sections);
    if (!places) return wrong(item);
    const counting = { file, offset: distance, ...places, ...(rule && { addressSpace: rule }) };
    if (modes === undefined) return counting;
    const isList = Array.isArray(modes) && modes.length > 0;
    if (!isList || !modes.every((mode) => typeof mode === 'string')) return wrong(item);
    return { ...counting, modes: modes.map((mode) => `${mode}-mode`) };
  });
}

function sectionsOf(value: unknown): Pick<SymbolFile, 'sections'> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const addresses = Object.entries(value).map(([name, at]) => [name, distanceOf(at)] as const);
  if (addresses.some(([, at]) => at === undefined || at < 0n)) return undefined;
  return { sections: Object.fromEntries(addresses) as SectionAddresses };
}

function spaceRuleOf(value: unknown): SpaceRule | undefined {
  if (value === 'matching') return { kind: 'matching' };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const ids = Object.entries(value);
  const areIds = ids.every(([, id]) => Number.isSafeInteger(id) && (id as number) >= 0);
  return areIds && ids.length > 0 ? { kind: 'ids', ids: Object.fromEntries(ids) } : undefined;
}

function distanceOf(offset: unknown): bigint | undefined {
  if (typeof offset === 'number' && Number.isSafeInteger(offset)) return BigInt(offset);
  const text = typeof offset === 'string' ? /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(offset) : undefined;
  if (!text) return undefined;
  const [, sign, size = ''] = text;
  return sign === '-' ? -BigInt(size) : BigInt(size);
}

function checkWorlds({ symbolFiles }: LaunchRequest, isa: Isa): void {
  const { modes: known = [], spaceIds = [] } = isa;
  for (const { addressSpace } of symbolFiles) {
    const ids = addressSpace?.kind === 'ids' ? Object.keys(addressSpace.ids) : [];
    const unknown = ids.find((id) => !spaceIds.includes(id));
    if (unknown === undefined) continue;
    const given = JSON.stringify(unknown);
    const names = spaceIds.join(', ');
    throw new UserError(`symbolFiles: addressSpace: ${given} is none of ${names}`, 'symbolFiles');
  }
  for (const mode of symbolFiles.flatMap(({ modes = [] }) => modes)) {
    if (known.includes(mode)) continue;
    const names = known.map((name) => name.replace('-mode', '')).join(', ');
    const given = JSON.stringify(mode.replace('-mode', ''));
    throw new UserError(`symbolFiles: ${given} is none of the modes ${names}`, 'symbolFiles');
  }
}

function stringAttribute(raw: Attributes, name: string): string | undefined {
  const value = raw[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new UserError(`${name}: ${JSON.stringify(value)} is not a string`, name);
}

function portAttribute(raw: Attributes, name: string): number | undefined {
  const value = raw[name];
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65536) return Number(value);
  const given = JSON.stringify(value);
  throw new UserError(`${name}: ${given} is not a port number from 0 to 65535`, name);
}

function booleanAttribute(raw: Attributes, name: string, otherwise = false): boolean {
  const value = raw[name];
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise;
  throw new UserError(`${name}: ${JSON.stringify(value)} is not true or false`, name);
}
