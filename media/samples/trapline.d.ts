// Types of Trapline's handler modules, for: import type { … } from './trapline.d.ts'

/**
 * What a handler module sees: the functions that answer calls which a guest makes to its firmware.
 *
 * A module exports its handlers in one of two ways. As functions, whose names are the names or
 * numbers of calls:
 *
 *     export function DBCN(call, guest, next) { … }          // every call of DBCN
 *     export function DBCN_console_write(call, guest) { … }  // one function, by its name
 *     export function x09000001_7(call, guest) { … }         // by numbers, the extension's in hex
 *
 * Or as an object, whose keys may be ranges too:
 *
 *     export default {
 *       'DBCN/console_write': (call, guest) => …,
 *       '0x09000001/7': (call, guest) => …,
 *       '0x08000000-0x08ffffff': (call, guest, next) => next(),
 *     } satisfies Handlers;
 *
 * The narrowest one that matches a call is asked. Handlers are asked for calls that the policy
 * (`calls` in launch.json) forwards, which are those that the hypervisor does not answer itself.
 */
export type Handlers = Readonly<Record<string, Handler>>;

/**
 * Answers a call, now or later. Until it has, the guest stands at the call and no guest time passes.
 * An error that it throws stops the guest in the debugger, at the call, with all that the handler
 * changed undone; the call is made again when the guest goes on, by then perhaps to a handler that
 * was edited and saved meanwhile.
 */
export type Handler = (call: Call, guest: Guest, next: () => Result) => Answer | Promise<Answer>;

/** A number is the value of a call that succeeds; nothing at all is success with value 0. */
export type Answer = Reply | bigint | number | void;

/** What a call returns: in RISC-V's SBI, `error` in a0 and `value` in a1. */
export interface Reply {
  /** A number, or a name such as `'INVALID_PARAM'`; success when absent. */
  readonly error?: bigint | number | string;
  readonly value?: bigint | number;
}

/** The answer of whoever would have been asked without the handler. */
export interface Result {
  readonly error: bigint;
  readonly value: bigint;
}

/** A call that the guest makes. */
export interface Call {
  /** The id of the hart that makes it. */
  readonly hart: number;
  readonly extension: number;
  readonly function: number;
  /** The argument registers, unsigned: a0 to a5. */
  readonly args: readonly bigint[];
  /** `sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)`. */
  readonly text: string;
  /** The address of the instruction that makes it. */
  readonly pc: bigint;
  /**
   * Aborted when nobody waits for the answer any more: the guest was restarted or ended, or a person
   * has answered the call.
   */
  readonly signal: AbortSignal;
}

/** The guest, as a handler may look at it and change it while it answers a call. */
export interface Guest {
  /** Memory by addresses as the guest's hart sees them now. */
  readonly virtual: Memory;
  /** Memory by guest-physical addresses, which is what the SBI's calls are given. */
  readonly physical: Memory;
  /** The value of a register by its name: `a2`, `sp`, `pc`, `vsatp`. Throws where there is none. */
  register(name: string): bigint;
  /**
   * Sets a register when the call is completed; what is set here counts more than the answer. The
   * guest goes on at `pc` if that is set.
   */
  setRegister(name: string, value: bigint | number): void;
  /** How long the call takes, in seconds of guest time, beyond its own instruction. */
  spend(seconds: number): void;
  /** A place for what handlers have to remember. It survives when the module is loaded again. */
  readonly store: Map<string, unknown>;
}

/** Addresses are numbers or bigints. What is not there throws a `GuestMemoryError`. */
export interface Memory {
  /** Whether all of a range can be read. */
  has(address: bigint | number, size: bigint | number): boolean;
  /** A copy. */
  read(address: bigint | number, size: bigint | number): Uint8Array;
  /** All of it, or nothing where not all of it may be written. */
  write(address: bigint | number, bytes: Uint8Array): void;
  /** An unsigned number, little-endian. */
  readNumber(address: bigint | number, size: 1 | 2 | 4 | 8): bigint;
  writeNumber(address: bigint | number, size: 1 | 2 | 4 | 8, value: bigint | number): void;
  /** UTF-8, up to a zero byte or so many bytes. */
  readText(address: bigint | number, maxBytes?: number): string;
}
