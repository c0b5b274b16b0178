/**
 * What a launch asks for, after checking: the attributes of launch.json and the options of
 * `trapline run` both become this. See `parseLaunchConfig` for defaults and messages.
 */
export type Mode = 'guest' | 'machine';
export type EngineChoice = 'auto' | 'interpreter' | 'jit' | 'lockstep';
export type TimeChoice = 'virtual' | 'wall';
export type TrapInstructionChoice = 'transformed' | 'zero';
export type CallAction = 'handle' | 'forward' | 'deny' | 'break';

/** Interrupt controllers of the Advanced Interrupt Architecture, and guest files of each hart. */
export interface AiaChoice {
  readonly controllers: 'aplic' | 'aplic-imsic';
  readonly guests: number;
}

/** One row of the policy table: a range of extension ids, and of function ids when given. */
export interface CallRule {
  readonly extension: readonly [first: number, last: number];
  readonly function?: readonly [first: number, last: number];
  readonly action: CallAction;
}

export interface LoadFile {
  readonly file: string;
  readonly address: number;
}

export interface LaunchConfig {
  readonly program: string;
  readonly mode: Mode;
  readonly board: string;
  /** An ISA string or a profile; empty for what a machine has by default. */
  readonly isa: string;
  /**
   * What a trap says of the instruction that caused it, where the instruction set lets processors
   * say nothing; `transformed` when absent.
   */
  readonly trapInstruction?: TrapInstructionChoice;
  readonly harts: number;
  /** Undefined: a PLIC. */
  readonly aia?: AiaChoice;
  /** Bytes. */
  readonly memory: number;
  readonly firmware?: string;
  readonly initrd?: string;
  readonly dtb?: string;
  readonly bootargs?: string;
  readonly loadFiles: readonly LoadFile[];
  readonly calls: readonly CallRule[];
  /** The path of a module that answers forwarded calls, absolute once the launch knows its folder. */
  readonly handlers?: string;
  /** Calls are answered as KVM does also where it deviates from their specification. */
  readonly kvmQuirks?: boolean;
  readonly engine: EngineChoice;
  readonly time: TimeChoice;
  /** Instructions after which the machine ends with `limit`; undefined for none. */
  readonly maxInstructions?: number;
}

/** The files that a `LaunchConfig` names, read by the host. Keys are the names as given. */
export type LaunchFiles = ReadonlyMap<string, Uint8Array>;
