/**
 * What one launch made, shared by the parts of a session: the machine, its instruction set, its
 * symbols and where its sources are. Made anew by a restart.
 */
import { UserError } from '../core/base/userError.ts';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import type { DebugTarget, MemorySpace, TargetInfo } from '../core/debug/target.ts';
import type {
  Frame,
  ProgramSymbols,
  SpaceFile,
  SymbolFile,
} from '../core/debug/symbols/symbols.ts';
import type { Isa } from '../core/isa/isa.ts';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import type { SourcePaths } from './sourcePaths.ts';

export interface Guest {
  readonly target: DebugTarget;
  readonly info: TargetInfo;
  readonly config: LaunchConfig;
  readonly isa: Isa;
  readonly symbols: ProgramSymbols;
  /** What the symbols were made of. */
  readonly symbolFiles: readonly SymbolFile[];
  readonly sources: SourcePaths;
  /** What relative paths of the launch are relative to. */
  readonly cwd: string;
  end(): Promise<void>;
}

/** The register with the program counter's role. */
export function pcName(isa: Isa): string {
  return isa.registers.find((register) => register.role === 'pc')?.name ?? 'pc';
}

export function stackPointerName(isa: Isa): string {
  return isa.registers.find(({ role }) => role === 'stackPointer')?.name ?? 'sp';
}

export async function readPc(guest: Guest, hart: number): Promise<bigint> {
  const [pc] = await guest.target.readRegisters(hart, [pcName(guest.isa)]);
  return pc ?? 0n;
}

/** The guest with those symbols that count where a hart stands. */
export async function guestSeenBy(guest: Guest, hart: number): Promise<Guest> {
  if (!guest.symbols.hasWorlds) return guest;
  const { mode, symbols } = await worldOf(guest, hart);
  return { ...guest, symbols: symbols.inMode(mode) };
}

/** The guest with those symbols that count in a frame, where address spaces have their own. */
export function guestOfFrame(guest: Guest, frame: Pick<Frame, 'symbols'> | undefined): Guest {
  if (!frame || guest.symbols.spaceFiles.length === 0) return guest;
  return { ...guest, symbols: frame.symbols };
}

/** The hart's mode, and the symbols that count in its address space, in whichever mode. */
export async function worldOf(
  { target, symbols, isa }: Guest,
  hart: number,
): Promise<{ readonly mode: string | undefined; readonly symbols: ProgramSymbols }> {
  const { mode, space } = (await target.harts())[hart] ?? {};
  const { spaceFiles } = symbols;
  if (spaceFiles.length === 0) return { mode, symbols };
  const [pc = 0n] = await target.readRegisters(hart, [pcName(isa)]);
  const counts = await Promise.all(
    spaceFiles.map((file) =>
      countsIn(file, space?.ids ?? {}, () => codeMatches(target, hart, file, pc)),
    ),
  );
  return { mode, symbols: symbols.without(spaceFiles.filter((_, i) => !counts[i])) };
}

async function countsIn(
  { addressSpace: rule }: SpaceFile,
  ids: Readonly<Record<string, number>>,
  matches: () => Promise<boolean>,
): Promise<boolean> {
  if (rule?.kind === 'matching') return matches();
  return Object.entries(rule?.ids ?? {}).every(([name, id]) => ids[name] === id);
}

/** What cannot be read says nothing: programs are loaded page by page. */
async function codeMatches(
  target: DebugTarget,
  hart: number,
  file: SpaceFile,
  pc: bigint,
): Promise<boolean> {
  const samples = file.codeSamples(pc);
  const seen = await Promise.all(
    samples.map(({ address, bytes }) => target.readMemory(hart, 'virtual', address, bytes.length)),
  );
  const compared = samples.flatMap(({ bytes }, i) => {
    const there = seen[i] ?? new Uint8Array();
    return there.length < bytes.length ? [] : [bytes.every((byte, at) => byte === there[at])];
  });
  // A file of debug information alone has no code to compare.
  return samples.length === 0 || (compared.length > 0 && !compared.includes(false));
}

/** DAP's thread ids start at one: zero means none to some clients. */
export function threadOf(hart: number): number {
  return hart + 1;
}
export function hartOf(thread: number): number {
  return Math.max(0, thread - 1);
}

/** `0x80200000`: how addresses go over the protocol; `-0x1000` for a distance downwards. */
export function hex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** A register's value with all its digits. */
export function paddedHex(value: bigint, bits: number): string {
  return `0x${BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(Math.ceil(bits / 4), '0')}`;
}

const spaceNames: Readonly<Record<MemorySpace, string>> = {
  virtual: '',
  guestPhysical: 'gpa:',
  physical: 'phys:',
};

/** How addresses of any memory go over the protocol: `0x80200000`, `phys:0x80200000`. */
export function memoryReference(address: bigint, space: MemorySpace = 'virtual'): string {
  return spaceNames[space] + hex(address);
}

export function parseReference(text: string): { space: MemorySpace; address: bigint } {
  const [, name = '', number = ''] = /^(gpa:|phys:)?(.*)$/s.exec(text) ?? [];
  const address = parseNumber(number);
  if (address === undefined) throw new UserError(`'${text}' is not an address`);
  const space = name === 'gpa:' ? 'guestPhysical' : name === 'phys:' ? 'physical' : 'virtual';
  return { space, address };
}
