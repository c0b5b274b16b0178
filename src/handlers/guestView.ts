/** The guest and the call as a handler is given them, over what the machine offers for one call. */
import type { ScriptGuest } from '../core/hypervisor/callHandler.ts';
import type { CallExit } from '../core/hypervisor/exits.ts';
import type { Call, Guest, Memory } from './api.ts';

type Space = 'virtual' | 'physical';
type Integer = bigint | number;

/** What is beyond this is no text, and reading it byte by byte no help. */
const longestText = 65_536;

export class GuestMemoryError extends Error {
  override readonly name = 'GuestMemoryError';
}

export class CallView implements Call {
  readonly hart: number;
  readonly extension: number;
  readonly function: number;
  readonly args: readonly bigint[];
  readonly pc: bigint;
  private readonly exit: CallExit;
  private readonly controller: () => AbortController;

  /** `controller` makes one when somebody wants to know of the end. */
  constructor(exit: CallExit, hart: number, pc: bigint, controller: () => AbortController) {
    this.hart = hart;
    this.extension = exit.extension;
    this.function = exit.function;
    this.args = exit.args;
    this.pc = pc;
    this.exit = exit;
    this.controller = controller;
  }

  get text(): string {
    return this.exit.describe().text;
  }

  get signal(): AbortSignal {
    return this.controller().signal;
  }
}

export class GuestView implements Guest {
  readonly virtual: Memory;
  readonly physical: Memory;
  readonly store: Map<string, unknown>;
  private readonly guest: ScriptGuest;

  constructor(guest: ScriptGuest, store: Map<string, unknown>) {
    this.guest = guest;
    this.store = store;
    this.virtual = new MemoryView(guest, 'virtual');
    this.physical = new MemoryView(guest, 'physical');
  }

  register(name: string): bigint {
    const value = this.guest.readRegister(name);
    if (value === undefined) throw new RangeError(`there is no register '${name}'`);
    return value;
  }

  setRegister(name: string, value: Integer): void {
    if (this.guest.writeRegister(name, unsigned(value))) return;
    throw new RangeError(`register '${name}' cannot be set: there is none, or the call is over`);
  }

  spend(seconds: number): void {
    if (Number.isFinite(seconds) && seconds >= 0) return this.guest.spend(seconds);
    throw new RangeError(`a call cannot take ${seconds} seconds`);
  }
}

class MemoryView implements Memory {
  private readonly guest: ScriptGuest;
  private readonly space: Space;

  constructor(guest: ScriptGuest, space: Space) {
    this.guest = guest;
    this.space = space;
  }

  has(address: Integer, size: Integer): boolean {
    return this.guest.readMemory(this.space, unsigned(address), Number(size)) !== undefined;
  }

  read(address: Integer, size: Integer): Uint8Array {
    const bytes = this.guest.readMemory(this.space, unsigned(address), Number(size));
    return bytes ?? this.fail('cannot be read', address, size);
  }

  write(address: Integer, bytes: Uint8Array): void {
    if (this.guest.writeMemory(this.space, unsigned(address), bytes)) return;
    this.fail('cannot be written', address, bytes.length);
  }

  readNumber(address: Integer, size: 1 | 2 | 4 | 8): bigint {
    return this.read(address, size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }

  writeNumber(address: Integer, size: 1 | 2 | 4 | 8, value: Integer): void {
    const number = unsigned(value);
    this.write(
      address,
      Uint8Array.from({ length: size }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn)),
    );
  }

  readText(address: Integer, maxBytes = longestText): string {
    const bytes: number[] = [];
    for (let at = unsigned(address); bytes.length < maxBytes; at++) {
      const [byte = 0] = this.read(at, 1);
      if (byte === 0) break;
      bytes.push(byte);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  private fail(what: string, address: Integer, size: Integer): never {
    const at = `0x${unsigned(address).toString(16)}`;
    throw new GuestMemoryError(`${size} bytes at ${this.space} address ${at} ${what}`);
  }
}

function unsigned(value: Integer): bigint {
  if (typeof value === 'bigint') return BigInt.asUintN(64, value);
  if (Number.isSafeInteger(value)) return BigInt.asUintN(64, BigInt(value));
  throw new RangeError(`${value} is not a whole number, or too large for one: give a bigint`);
}
