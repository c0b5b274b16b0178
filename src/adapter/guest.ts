/**
 * What one launch made, shared by the parts of a session: the machine, its instruction set, its
 * symbols and where its sources are. Made anew by a restart.
 */
import { UserError } from '../core/base/userError.ts';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import type { DebugTarget, MemorySpace, TargetInfo } from '../core/debug/target.ts';
import type { ProgramSymbols } from '../core/debug/symbols/symbols.ts';
import type { Isa } from '../core/isa/isa.ts';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import type { SourcePaths } from './sourcePaths.ts';

export interface Guest {
  readonly target: DebugTarget;
  readonly info: TargetInfo;
  readonly config: LaunchConfig;
  readonly isa: Isa;
  readonly symbols: ProgramSymbols;
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
  if (!guest.symbols.hasModes) return guest;
  const mode = (await guest.target.harts())[hart]?.mode;
  return { ...guest, symbols: guest.symbols.inMode(mode) };
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
