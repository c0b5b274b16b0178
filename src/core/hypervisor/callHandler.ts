/** Who in the VMM answers what the hypervisor forwards: its own parts, and a user's script. */
import type { CallExit, CsrExit } from './exits.ts';
import type { Vm } from './vm.ts';

/** A part of the VMM's own, such as a console. */
export interface CallHandler {
  /** For the table of calls: `SBI console`, and the ids of the extensions that it answers. */
  readonly name: string;
  readonly extensions: readonly (readonly [first: number, last: number])[];
  answers(extension: number): boolean;
  /** Sets `ret` and `answered` when the call is one of its own. */
  handle(exit: CallExit, vm: Vm): void;
}

/** What a call returns: an error, which is 0 for success, and a value. */
export interface CallReply {
  readonly error: bigint;
  readonly value: bigint;
}

/** What a script may do with the guest while it answers one call. */
export interface ScriptGuest {
  readonly pc: bigint;
  /** Undefined where there is no such register. */
  readRegister(name: string): bigint | undefined;
  /** Takes effect when the call is completed, after the reply; false where there is none. */
  writeRegister(name: string, value: bigint): boolean;
  /** Undefined when not all of it is there. */
  readMemory(space: 'virtual' | 'physical', address: bigint, size: number): Uint8Array | undefined;
  /** False, and nothing written, when not all of it can be. */
  writeMemory(space: 'virtual' | 'physical', address: bigint, bytes: Uint8Array): boolean;
  /** How much guest time the call takes beyond its instruction. */
  spend(seconds: number): void;
  /** Has the call answered as if there were no script; undefined when nobody does. */
  next(): CallReply | undefined;
}

/**
 * A user's code that answers calls before the VMM's own parts do. It may take its time, and it may
 * fail: then its error is shown to the user, and the call is as if it had not been answered.
 */
export interface CallScript {
  /** As a handler's: the file's name. */
  readonly name: string;
  readonly extensions: readonly (readonly [first: number, last: number])[];
  answers(extension: number): boolean;
  /** Undefined when it has nothing for this call. Throws what the user's code throws. */
  call(
    exit: CallExit,
    hart: number,
    guest: ScriptGuest,
  ): Promise<CallReply> | CallReply | undefined;
  /** Nobody waits for the call at hand any more. */
  cancel(reason: string): void;
  close(): void;
}

export interface RegisterHandler {
  /** Sets `ret` when the register is one of its own; false when it is not. */
  handle(exit: CsrExit): boolean;
}
