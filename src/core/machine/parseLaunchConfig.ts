/**
 * Turns the attributes of a launch (launch.json, or the command line's options under the same
 * names) into a checked `LaunchConfig`. A wrong value is one `UserError` that names the attribute,
 * what was given and what is allowed. Files are not opened and ISA strings not read here.
 */
import { nearest } from '../base/nearest.ts';
import { UserError } from '../base/userError.ts';
import type { AiaChoice, LaunchConfig, LoadFile, Mode } from './launchConfig.ts';
import { parseCallRules } from './parseCallRules.ts';
import {
  describe,
  integer,
  oneOf,
  optionalBoolean,
  optionalString,
  refuse,
  requiredString,
} from './parseValues.ts';

/** Known attributes, and for those that a launch may carry but this parser does not use, who does. */
const OWN_ATTRIBUTES = [
  'program',
  'mode',
  'board',
  'isa',
  'trapInstruction',
  'harts',
  'aia',
  'aiaGuests',
  'memory',
  'firmware',
  'initrd',
  'dtb',
  'bootargs',
  'loadFiles',
  'calls',
  'handlers',
  'kvmQuirks',
  'engine',
  'time',
  'maxInstructions',
] as const;

/** Taken by the debug session, the console or VS Code itself. */
const OTHER_ATTRIBUTES = [
  ...['name', 'type', 'request', 'presentation', 'internalConsoleOptions', 'debugServer'],
  ...['preLaunchTask', 'postDebugTask', 'serverReadyAction', 'suppressMultipleSessionWarning'],
  ...[
    'noDebug',
    'windows',
    'linux',
    'osx',
    'console',
    'stopOnEntry',
    'stopOn',
    'gdbPort',
    'reverse',
    'sourceMap',
  ],
  ...['cwd', 'trace', 'symbolFiles'],
];

/** Named in the documentation of launch.json, but nothing acts on them yet. */
const NOT_YET: Readonly<Record<string, string>> = {
  drives: 'virtio block devices',
  shares: 'shared folders',
  net: 'network devices',
};

/** Those that exist; `LaunchConfig` has room for the ones to come. */
const BOARDS = ['virt'] as const;
const ENGINES = ['auto', 'interpreter', 'jit', 'lockstep'] as const;
const TRAP_INSTRUCTIONS = ['transformed', 'zero'] as const;
const MiB = 0x100000;
const MIN_MEMORY = 4 * MiB;
/** One WebAssembly memory of at most 4 GiB holds guest RAM and the engine's own tables. */
const MAX_MEMORY = 3 * 1024 * MiB;
const MAX_HARTS = 16;
/** As on QEMU's board. */
const MAX_GUEST_FILES = 7;

const DEFAULT_MEMORY = 256 * MiB;

export function parseLaunchConfig(raw: Readonly<Record<string, unknown>>): LaunchConfig {
  for (const name of Object.keys(raw)) if (raw[name] !== undefined) checkKnown(name);

  const mode = oneOf(raw, 'mode', ['guest', 'machine'], 'guest');
  const firmware = optionalString(raw, 'firmware');
  if (firmware !== undefined && mode === 'guest') {
    throw new UserError(
      `firmware: '${firmware}' needs "mode": "machine"; in mode guest Trapline is the firmware`,
      'firmware',
    );
  }
  const aia = aiaChoice(raw, mode);
  const handlers = optionalString(raw, 'handlers');
  const engine = oneOf(raw, 'engine', ENGINES, 'auto');
  checkHandlers(handlers, mode);
  const initrd = optionalString(raw, 'initrd');
  const dtb = optionalString(raw, 'dtb');
  const bootargs = optionalString(raw, 'bootargs', 'allowEmpty');
  const maxInstructions =
    raw['maxInstructions'] === undefined
      ? undefined
      : integer(raw, 'maxInstructions', { min: 1, max: Number.MAX_SAFE_INTEGER });
  return {
    program: requiredString(raw, 'program', 'the path of an ELF file, raw image or Linux Image'),
    mode,
    board: oneOf(raw, 'board', BOARDS, 'virt'),
    isa: optionalString(raw, 'isa', 'allowEmpty') ?? '',
    ...(raw['trapInstruction'] === undefined
      ? {}
      : { trapInstruction: oneOf(raw, 'trapInstruction', TRAP_INSTRUCTIONS, 'transformed') }),
    harts: raw['harts'] === undefined ? 1 : integer(raw, 'harts', { min: 1, max: MAX_HARTS }),
    memory: raw['memory'] === undefined ? DEFAULT_MEMORY : memorySize(raw['memory']),
    ...(aia === undefined ? {} : { aia }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(dtb === undefined ? {} : { dtb }),
    ...(bootargs === undefined ? {} : { bootargs }),
    loadFiles: loadFiles(raw['loadFiles']),
    calls: parseCallRules(raw['calls']),
    ...(handlers === undefined ? {} : { handlers }),
    ...(optionalBoolean(raw, 'kvmQuirks') ? { kvmQuirks: true } : {}),
    engine,
    time: oneOf(raw, 'time', ['virtual', 'wall'], 'virtual'),
    ...(maxInstructions === undefined ? {} : { maxInstructions }),
  };
}

function aiaChoice(raw: Readonly<Record<string, unknown>>, mode: Mode): AiaChoice | undefined {
  const controllers = oneOf(raw, 'aia', ['none', 'aplic', 'aplic-imsic'], 'none');
  const range = { min: 0, max: MAX_GUEST_FILES };
  const guests = raw['aiaGuests'] === undefined ? 0 : integer(raw, 'aiaGuests', range);
  if (controllers === 'none') return undefined;
  if (mode === 'guest' && controllers === 'aplic') {
    throw new UserError(
      `aia: 'aplic' needs "mode": "machine"; a guest's AIA is in the hypervisor, which has 'aplic-imsic'`,
      'aia',
    );
  }
  return { controllers, guests };
}

function checkHandlers(handlers: string | undefined, mode: Mode): void {
  if (handlers === undefined) return;
  if (mode === 'machine') {
    throw new UserError(
      `handlers: '${handlers}' needs "mode": "guest"; in mode machine the calls go to the firmware`,
      'handlers',
    );
  }
}

function checkKnown(name: string): void {
  const known: readonly string[] = OWN_ATTRIBUTES;
  if (known.includes(name) || OTHER_ATTRIBUTES.includes(name) || name.startsWith('__')) return;
  const planned = NOT_YET[name];
  if (planned !== undefined) {
    throw new UserError(`${name}: ${planned} are not supported yet; remove the attribute`, name);
  }
  const all = [...known, ...OTHER_ATTRIBUTES];
  const suggestion = nearest(name, all);
  const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
  throw new UserError(`there is no attribute '${name}'${hint}`, name);
}

function memorySize(value: unknown): number {
  const allowed = 'a size from "4M" to "3G", such as "256M" or a number of bytes';
  let bytes: number | undefined;
  if (typeof value === 'number') bytes = value;
  const match =
    typeof value === 'string' && /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(value.trim());
  if (match) {
    const unit = { '': 1, K: 1024, M: MiB, G: 1024 * MiB }[(match[2] ?? '').toUpperCase()] ?? NaN;
    bytes = Number(match[1]) * unit;
  }
  if (bytes === undefined || !Number.isInteger(bytes)) return refuse('memory', value, allowed);
  if (bytes < MIN_MEMORY || bytes > MAX_MEMORY) return refuse('memory', value, allowed);
  if (bytes % 4096 !== 0) return refuse('memory', value, 'a multiple of 4096 bytes');
  return bytes;
}

function loadFiles(value: unknown): LoadFile[] {
  if (value === undefined) return [];
  const allowed = 'a list of { "file": path, "address": number or "0x…" }';
  if (!Array.isArray(value)) return refuse('loadFiles', value, allowed);
  return value.map((item: unknown, i) => {
    const where = `loadFiles[${i}]`;
    if (typeof item !== 'object' || item === null) return refuse(where, item, allowed);
    const { file, address, ...rest } = item as Record<string, unknown>;
    const [extra] = Object.keys(rest);
    if (extra !== undefined) {
      throw new UserError(`${where}: there is no '${extra}'; allowed is ${allowed}`, where);
    }
    if (typeof file !== 'string' || file === '') return refuse(`${where}.file`, file, 'a path');
    return { file, address: physicalAddress(`${where}.address`, address) };
  });
}

function physicalAddress(where: string, value: unknown): number {
  const number = typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value) ? +value : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new UserError(`${where}: ${describe(value)} is not a number or "0x…"`, where);
}
