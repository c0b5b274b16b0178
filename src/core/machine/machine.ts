/**
 * A running machine, bare or under the hypervisor, as its owner sees it. Synchronous: `run` comes
 * back at the end of its budget or when something needs the owner.
 */
import type { ConsoleChannel } from '../base/console.ts';
import type { Emitter } from '../base/emitter.ts';
import type {
  DirtyLogAction,
  DirtyLogState,
  CallAnswer,
  CallTable,
  CallTableRow,
  EndEvent,
  ExitRecord,
  ExitStop,
  WaitingCall,
} from '../debug/target.ts';
import type { CallNames } from '../hypervisor/arch.ts';
import type { CallScript } from '../hypervisor/callHandler.ts';
import type { CallRule } from '../hypervisor/callPolicy.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { Isa } from '../isa/isa.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import type { MachineSnapshots } from './machineSnapshots.ts';

export type MachineStop =
  | { readonly kind: 'budget' }
  | { readonly kind: 'breakpoint'; readonly hart: number }
  /** The answer to a call is under way outside; no time passes until it came. */
  | { readonly kind: 'pending'; readonly until: Promise<void> }
  /** Every hart waits and no timer is due: only input from outside can go on. */
  | { readonly kind: 'idle' }
  /** The debugger should show this: a call nobody answers, a guest that cannot go on. */
  | {
      readonly kind: 'event';
      readonly hart: number;
      readonly name: string;
      readonly text: string;
      /** How it came about, line by line. */
      readonly details?: readonly string[];
    }
  | { readonly kind: 'ended'; readonly end: EndEvent };

/** Who answers the guest's calls, and the one that it stands at. */
export interface CallControl {
  readonly names: CallNames;
  /** A user's code that is asked first. The machine closes it. */
  use(script: CallScript): void;
  /** What `use` was given last, while it is in use. */
  readonly script: CallScript | undefined;
  /** The call that the machine stands at, as long as it has no answer. */
  readonly waiting: WaitingCall | undefined;
  /** Answers it by hand. Throws `UserError` when there is none. */
  answer(answer: CallAnswer): void;
  table(): CallTable;
  query(extension: number, fn: number): CallTableRow;
  /** The debugger's own rules, which go before all others. */
  override(rule: CallRule): void;
  withdraw(range: Omit<CallRule, 'action'>): void;
  /** Nobody wants an answer any more. */
  close(): void;
}

export interface Machine {
  readonly isa: Isa;
  readonly mode: 'guest' | 'machine';
  readonly board: string;
  readonly harts: readonly Cpu[];
  readonly memory: PhysicalMemory;
  readonly consoles: readonly ConsoleChannel[];
  readonly entry: bigint;
  /** Instructions retired by all harts since start. */
  readonly instructions: number;
  /**
   * What of all budgets was used up since start: instructions and traps. It says where a run is
   * more exactly than instructions do, and does not depend on how `run` was cut into budgets.
   */
  readonly steps: number;
  /**
   * A run that was recorded is made again: nothing is decided about it anew, as that it comes to
   * nothing.
   */
  replaying?: boolean;
  /** Virtual time since start, for an owner that paces; absent where a machine does not say. */
  readonly virtualMilliseconds?: number;
  /** How often software looked at the time, and what of it was skipped while every hart waited. */
  readonly timeUse?: { readonly looks: number; readonly skippedMilliseconds: number };
  /**
   * The most virtual time, in milliseconds, that one `run` skips while every hart waits; it then
   * comes back with 'budget', so that its owner can let the wall clock catch up. It changes when
   * things happen for the owner, never for the guest. No limit when undefined.
   */
  skipLimit?: number | undefined;
  /** What the engine's second tier did, by name; absent where all is interpreted. */
  engineCounters?: (() => Readonly<Record<string, number>>) | undefined;
  /** Which pages the guest writes; absent where no hypervisor of ours is below it. */
  dirtyLog?(action: DirtyLogAction): DirtyLogState;
  /** Absent where a machine cannot be put back to where it was. */
  readonly snapshots?: MachineSnapshots | undefined;
  /** Absent where no hypervisor of ours takes the guest's calls. */
  readonly calls?: CallControl | undefined;
  /** Exits after which `run` comes back with an event of the exit's kind. */
  exitStops: readonly ExitStop[];
  readonly log: Emitter<string>;

  /**
   * Runs at most `budget` instructions over all harts. With `only`, no other hart runs: the
   * debugger steps with it.
   */
  run(budget: number, only?: number): MachineStop;
  /** Whether the hart may run: not stopped in the HSM sense and not waiting. */
  hartState(hart: number): 'running' | 'waiting' | 'stopped';

  /** Physical address behind a guest-physical one; the same number on a bare machine. */
  guestToHost(address: bigint): number | undefined;
  /** Name of what backs a physical (guest-physical under a hypervisor) address: slot, device or ''. */
  backingName(address: number): string;

  /** Counts by kind, and the last exits, newest last. Empty on a bare machine. */
  readonly exitCounts: Readonly<Record<string, number>>;
  /** As `DebugTarget.exits`. */
  exitsAfter(sequence: number, max: number, newest?: boolean): readonly ExitRecord[];
  /** For who wants all of them: called during `run` before exits go that it was not called for yet. */
  beforeExitsGo?: (() => void) | undefined;
}
