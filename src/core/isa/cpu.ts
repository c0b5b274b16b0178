/**
 * One hart as the machine, the debugger and the scheduler see it, whatever its instruction set.
 * The ISA's own class adds what only a hypervisor of that ISA needs.
 */
import type { AddressWalk, ExitStop, WalkQuery } from '../debug/target.ts';
import type { MappingList } from './mappingList.ts';
import type { Watchpoint, WatchHit } from './watchpoints.ts';

export type AccessKind = 'fetch' | 'load' | 'store';

export type DebugStage = 'virtual' | 'guest' | 'first';

/** Why `run` came back before or at the end of its budget. */
export type CpuStop =
  /** The budget is used up, or something asked the hart to look at its surroundings again. */
  | 'budget'
  /** Waits for an interrupt; none is pending. */
  | 'waiting'
  /** A breakpoint stands at pc, or the instruction there is to access what is watched; nothing of that instruction has happened. */
  | 'breakpoint'
  /** Only with a hypervisor attached: a trap was taken to it. The hart stands where hardware would. */
  | 'hypervisorTrap';

export interface CpuRun {
  readonly stop: CpuStop;
  /** Instructions retired by this call. */
  readonly retired: number;
  /**
   * What of the budget is used up: an instruction that retired counts one, and so does a trap that
   * was delivered, since a guest may trap for ever and retire nothing.
   */
  readonly steps: number;
}

/** The kind of hit that only `watchReturns` makes. */
export const watchedReturn = 'watched-return';

/** Where a mode's first stage of translation leads. */
export interface AddressSpace {
  /** The same as long as the same tables are walked. */
  readonly key: string;
  /** What software calls it, by the names of the specification: `asid`, `vmid`. */
  readonly ids: Readonly<Record<string, number>>;
}

/** A trap that was to be stopped at. */
export interface TrapHit {
  readonly kind: string;
  readonly text: string;
  /** How it came about, line by line. */
  readonly details: readonly string[];
}

/** When devices want to be called, as a count of the clock. */
export interface Deadlines {
  /** Of the first that is due next; it may be over. */
  next(): number;
  /** Calls those that are due. */
  advance(): void;
}

export interface Cpu {
  readonly id: number;
  /** Instructions retired since reset. */
  readonly instructions: number;
  /** `VS-mode`, `M-mode`, … */
  readonly modeName: string;
  /** Of the present mode; absent where addresses are physical. */
  readonly addressSpace?: AddressSpace | undefined;
  pc: bigint;

  /** Runs at most `budget` steps, see `CpuRun.steps`; exact. */
  run(budget: number): CpuRun;
  /** Another hart is about to run and may store anywhere: a load reservation must not outlive it. */
  loseReservation(): void;
  /** True when an enabled interrupt is pending, so that a waiting hart would wake. */
  readonly wouldWake: boolean;
  /** The tick at which a timer of the hart's own becomes due; `run` minds it by itself. */
  nextTimer(): bigint | undefined;
  /**
   * Makes `run` come back after the instruction that is being executed, or at a count of the clock
   * that is later.
   */
  requestAttention(at?: number): void;

  /**
   * From now on `run` sees to these by itself and does not come back for them. What is returned must
   * be called when one may have come nearer while it runs.
   */
  mindDeadlines?(deadlines: Deadlines): () => void;

  /** By name, general or control; undefined where there is no such register. */
  readRegister(name: string): bigint | undefined;
  /** Returns the value after legalisation, undefined where there is no such register. */
  writeRegister(name: string, value: bigint): bigint | undefined;

  /**
   * Where a debugger finds an address, without side effects (no A/D bits, no traps, no permission
   * asked); undefined where it faults. 'virtual': physical address of a virtual one as the hart's
   * mode sees it. 'guest': of a guest-physical one. 'first': what the first stage alone makes of a
   * virtual one, which is guest-physical under a hypervisor.
   */
  debugTranslate(address: bigint, stage: DebugStage, access: AccessKind): number | undefined;
  /** The page tables as they are now; at most so many rows. */
  mappings(stage: 'guest' | 'virtual', maxRows: number): MappingList;
  /** How an access would be translated, step by step; changes nothing. */
  walk?(query: WalkQuery): AddressWalk;
  /**
   * Traps after which `run` comes back as soon as they are taken, by kinds of `ExitStop` that
   * core/machine/exitStops.ts lists; others are none of its business.
   */
  setTrapStops?(stops: readonly ExitStop[]): void;
  /**
   * Has `run` come back behind each return from a trap to this mode too, with a hit of the kind
   * `watchedReturn` whose text is the mode that it comes from; undefined: no longer.
   */
  watchReturns?(to: string | undefined): void;
  /** The last of these, once. */
  takeTrapHit?(): TrapHit | undefined;

  /** Virtual addresses to stop at; replaces what was set before. */
  setBreakpoints(addresses: readonly bigint[]): void;
  /** Data to stop before accesses of, as at a breakpoint; replaces what was set before. */
  setWatchpoints(watchpoints: readonly Watchpoint[]): void;
  /** The access before which the last `run` stopped, if it was one. */
  readonly watchHit: WatchHit | undefined;
  /** Ignore a breakpoint at pc for the next instruction executed. */
  skipBreakpointOnce(): void;
  /** Ignore watchpoints for the next instruction executed. */
  skipWatchpointsOnce(): void;
}
