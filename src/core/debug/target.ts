/**
 * The only door between a debugger and what it debugs: a live machine, or one behind a worker's
 * messages. Everything that crosses it survives structured cloning. Addresses are unsigned.
 */
import type { Listener, Unsubscribe } from '../base/emitter.ts';

/**
 * Where an address is looked up: as the hart sees it now, as the guest's physical address, or as
 * the machine's physical address. Without a hypervisor the last two are the same.
 */
export type MemorySpace = 'virtual' | 'guestPhysical' | 'physical';

export interface HartInfo {
  readonly id: number;
  /** `VS-mode`, `M-mode`, … */
  readonly mode: string;
  readonly state: 'running' | 'waiting' | 'stopped';
  /** As in `Cpu.addressSpace`: identifiers by name. Absent where addresses are physical. */
  readonly space?: { readonly ids: Readonly<Record<string, number>> } | undefined;
}

export interface TargetInfo {
  /** Key of the instruction set in `core/registry`. */
  readonly isa: string;
  readonly mode: 'guest' | 'machine';
  readonly board: string;
  /** Consoles by name; `feedConsole` and `console` events use these. */
  readonly consoles: readonly string[];
  readonly harts: number;
  /** Where execution starts. */
  readonly entry: bigint;
}

export interface Breakpoint {
  /** Chosen by the client; comes back in stop events. */
  readonly id: number;
  readonly address: bigint;
}

/**
 * Bytes to stop after accesses of, by virtual addresses of whichever address space unless `space`
 * says which memory; or a register to stop after changes of, or after instructions
 * that name it as what they read.
 */
export interface DataBreakpoint {
  /** As a breakpoint's; no breakpoint of code has the same. */
  readonly id: number;
  readonly address: bigint;
  readonly size: number;
  readonly access: 'read' | 'write' | 'readWrite';
  /** Stop before the instruction, as hardware does, unless somebody else watches the same bytes. */
  readonly before?: boolean;
  readonly space?: MemorySpace | undefined;
  /** By name: then address and size mean nothing, and the guest runs instruction by instruction. */
  readonly register?: string | undefined;
  /** The bits of the register that count; all when absent. */
  readonly mask?: bigint | undefined;
}

/** An access that a hart has made. */
export interface DataAccess {
  /** Of the instruction. */
  readonly pc: bigint;
  readonly address: bigint;
  readonly size: number;
  /** Atomic operations do both. */
  readonly read: boolean;
  readonly write: boolean;
  /** Where the bytes are, when some watched memory is by physical address. */
  readonly physical?: bigint | undefined;
  /** What changed instead of memory. */
  readonly register?: string | undefined;
}

/** What was watched before and after an access: all of it or, of more than a word, what was accessed. */
export interface DataChange {
  readonly id: number;
  readonly address: bigint;
  /** Empty where nothing can be read. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export type ResumeRequest =
  /** With `only`, no other hart runs; so it is where a request says that its hart runs `alone`. */
  | { readonly kind: 'continue'; readonly only?: number }
  /**
   * Goes on with whatever the last stop interrupted, a step as well: for a client that decides
   * about a breakpoint's condition and finds that it does not hold.
   */
  | { readonly kind: 'proceed' }
  /** One instruction of one hart; a trap it takes counts as the step. */
  | { readonly kind: 'stepInstruction'; readonly hart: number; readonly alone?: boolean }
  /**
   * Until pc leaves [start, end). With `over`, a call is run through to its return; so is a trap
   * and its handler, see `trapDetour.ts`. Without it the step also ends on entry to a callee.
   */
  | {
      readonly kind: 'stepRange';
      readonly hart: number;
      readonly start: bigint;
      readonly end: bigint;
      readonly over: boolean;
      readonly alone?: boolean;
    }
  /**
   * Until pc is `address` and, when given, the stack pointer is at least `stackAtLeast` and below
   * `stackBelow`, and the hart is in the mode. In the mode where it begins, also in the same address
   * space.
   */
  | {
      readonly kind: 'runTo';
      readonly hart: number;
      readonly address: bigint;
      readonly stackAtLeast?: bigint;
      readonly stackBelow?: bigint;
      readonly mode?: string | undefined;
      readonly alone?: boolean;
    }
  /**
   * Back to the state before the hart's last instruction; with `over`, before the call or the trap
   * that it has come back from. With `within`, on and on as long as pc stays in these ranges and no
   * call leads there, which may be nowhere at all. It stops for nothing else.
   */
  | {
      readonly kind: 'reverseStep';
      readonly hart: number;
      readonly over: boolean;
      readonly within?: readonly { readonly start: bigint; readonly end: bigint }[];
    }
  /** Back to the last thing that would have stopped the guest, or to where the way back ends. */
  | { readonly kind: 'reverseContinue' };

export type StopReason =
  | { readonly kind: 'entry' }
  /** The machine was put back to a snapshot. */
  | { readonly kind: 'restored'; readonly snapshot: string }
  /** The way back ends here. */
  | { readonly kind: 'historyStart' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'step' }
  | {
      readonly kind: 'breakpoint';
      readonly ids: readonly number[];
      /** A step ended here too: without the breakpoint this would be the stop of the step. */
      readonly stepEnded?: true;
    }
  /** The hart stands behind the instruction that made the access, or at it. */
  | {
      readonly kind: 'data';
      readonly before?: true;
      readonly ids: readonly number[];
      readonly access: DataAccess;
      readonly changes: readonly DataChange[];
    }
  /** The guest asked for something nobody answers, or did something nobody can continue from. */
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly text: string;
      /** How it came about, line by line. */
      readonly details?: readonly string[];
    };

export interface StopEvent {
  readonly hart: number;
  readonly reason: StopReason;
  /** Steps of the machine before what it stopped for: the same for whoever comes to it, or back. */
  readonly at?: number;
  /** The call that the guest stands at, when one waits for an answer. */
  readonly call?: WaitingCall;
}

export type EndReason = 'shutdown' | 'reset' | 'failure' | 'crash' | 'limit' | 'killed';

export interface EndEvent {
  readonly reason: EndReason;
  /** Exit code as the command line gives it. */
  readonly code: number;
  readonly text: string;
}

export interface ConsoleEvent {
  readonly console: string;
  readonly bytes: Uint8Array;
}

/** One leaf of a page table, adjacent leaves of equal kind joined into one row. */
export interface MappingRow {
  /** First address on the input side, bytes covered, first address on the output side. */
  readonly input: bigint;
  readonly size: bigint;
  readonly output: bigint;
  /** Size of each leaf in bytes. */
  readonly pageSize: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly user: boolean;
  readonly accessed: boolean;
  readonly dirty: boolean;
  /** What the table makes of the memory, as `NC` or `IO`; `''` when it leaves it as it is. */
  readonly memoryType: string;
  /** Memory slot or device that backs it, `''` when unknown. */
  readonly backing: string;
}

/** `clear` forgets what was written and notices the next store to each page again. */
export type DirtyLogAction = 'start' | 'show' | 'clear' | 'stop';

export interface DirtyLogState {
  readonly logging: boolean;
  /** Pages written since it began, or was cleared. */
  readonly pages: number;
  /** Guest-physical; adjoining pages are one. */
  readonly ranges: readonly { readonly address: bigint; readonly size: bigint }[];
}

/** Which rows of a stage's page tables are wanted. Stage 'guest' is GPA → HPA. */
export interface MappingQuery {
  /** 'virtual': the address translation of the hart's own mode. */
  readonly stage: 'guest' | 'virtual';
  /** So many rows, from this one on, of those that the filter leaves. */
  readonly from: number;
  readonly count: number;
  /** Words that a row has all of; an address alone also finds the row that covers it. */
  readonly filter?: string;
  /** The reading of the tables to go on with; they are read anew when it is not the last one. */
  readonly list?: number;
  /** An input address whose row is looked for, or the next one. */
  readonly find?: bigint;
}

export interface MappingTable {
  /** Names this reading of the tables. */
  readonly list: number;
  /** `Sv39x4, root 0x80004000, VMID 1`; `Bare` when the stage is off. */
  readonly title: string;
  /** Rows in all, and those that the filter leaves. */
  readonly total: number;
  readonly matching: number;
  readonly rows: readonly MappingRow[];
  /** Where the row that was looked for stands among those that the filter leaves. */
  readonly found?: number;
  /** Set when the tables hold more than was looked at. */
  readonly truncated: boolean;
}

/** One thing that translating an address came by. */
export interface WalkStep {
  /** `VS-stage`, `G-stage`, `memory`, … */
  readonly stage: string;
  readonly text: string;
  /** Of a page table's entry: its level, where it is, what it holds, which of its bits are set. */
  readonly level?: number;
  readonly entryAddress?: bigint;
  readonly entry?: bigint;
  readonly flags?: string;
}

/** How an access would be translated now. */
export interface AddressWalk {
  readonly steps: readonly WalkStep[];
  /** The physical address, when nothing refuses. */
  readonly result?: bigint;
  readonly refusal?: {
    /** The exception it would be. */
    readonly cause: number;
    /** Which bit of which entry, and why that matters. */
    readonly text: string;
    /** Where the specification says so. */
    readonly section: string;
    /** Of a guest-page fault. */
    readonly guestAddress?: bigint | undefined;
  };
}

export interface WalkQuery {
  readonly address: bigint;
  readonly access: 'fetch' | 'load' | 'store';
  /** Virtual as the hart sees it now, or guest-physical. */
  readonly space: 'virtual' | 'guestPhysical';
}

/** One exit from guest to hypervisor. */
export interface ExitRecord {
  readonly sequence: number;
  readonly hart: number;
  readonly pc: bigint;
  /** Instructions retired by the machine when it happened. */
  readonly instructions: number;
  /** `sbi`, `mmio`, `guest-page-fault`, `wfi`, … */
  readonly kind: string;
  /** Decoded: `DBCN console_write(13, 0x80201000, 0) → SUCCESS, 13`. */
  readonly text: string;
}

/** A departure from the guest that stops it. */
export interface ExitStop {
  /** As in `ExitRecord`, or one that core/machine/exitStops.ts adds. */
  readonly kind: string;
  /** What the record's text must contain, in whichever case: `DBCN`. */
  readonly text?: string;
}

/** A call of the guest's that the machine stands at. */
export interface WaitingCall {
  readonly hart: number;
  readonly pc: bigint;
  readonly extension: number;
  readonly function: number;
  /** `DBCN` and `console_write`; empty when nobody has named them. */
  readonly extensionName: string;
  readonly functionName: string;
  /** `sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)`. */
  readonly text: string;
  readonly args: readonly {
    readonly name: string;
    readonly value: bigint;
    /** The value with flags and ids spelt out. */
    readonly text: string;
  }[];
  /**
   * A rule says to stop; nobody is there to answer; the user's handler has failed, or is still at
   * work.
   */
  readonly why: 'break' | 'unanswered' | 'failed' | 'pending';
  /** What the call may return as its error, by name. */
  readonly errors: Readonly<Record<string, bigint>>;
}

/** A person's answer to a call. */
export interface CallAnswer {
  /** Absent: the guest is told that the call is not supported. */
  readonly reply?: { readonly error: bigint; readonly value: bigint };
  /** Further registers to set, by name. */
  readonly registers?: ReadonlyMap<string, bigint>;
}

/** Ids of calls with what becomes of them. */
export interface CallRange {
  readonly extension: readonly [first: number, last: number];
  /** All functions, when absent. */
  readonly function?: readonly [first: number, last: number];
}

export interface CallOverride extends CallRange {
  /** Undefined: as if the debugger had never said anything of this range. */
  readonly action: 'handle' | 'forward' | 'deny' | 'break' | undefined;
}

export interface CallTableRow extends CallRange {
  readonly action: 'handle' | 'forward' | 'deny' | 'break';
  readonly source: 'debugger' | 'user' | 'default';
  /** `DBCN`; empty for ranges and for ids that nobody has named. */
  readonly name: string;
  /** `hypervisor`, `debugger`, the name of a handler, `nobody`. */
  readonly answeredBy: string;
}

export interface CallTable {
  /** The first row that matches a call counts. */
  readonly rows: readonly CallTableRow[];
}

/** The whole machine at one moment, kept where the machine is. */
export interface SnapshotInfo {
  readonly id: number;
  /** Unlike all others'; the number, when nobody gave one. */
  readonly name: string;
  /** Instructions retired by the machine when it was taken. */
  readonly instructions: number;
  /** Bytes of memory that it holds; of these it may share some with others. */
  readonly bytes: number;
}

/**
 * What has been printed stays printed, and exits that were seen stay in the list; breakpoints and
 * who answers calls are the debugger's and stay as they are.
 */
export interface Snapshots {
  /** Also while the machine runs: between two slices. */
  take(name?: string): Promise<SnapshotInfo>;
  /** Stops a machine that runs and revives one that has ended; a stop event tells of it. */
  restore(id: number): Promise<void>;
  list(): Promise<readonly SnapshotInfo[]>;
  drop(id: number): Promise<void>;
  /** As bytes for a file. */
  save(id: number): Promise<Uint8Array>;
  /** One of a file's, for a machine that is built alike; the name is also for messages. */
  load(bytes: Uint8Array, name: string): Promise<SnapshotInfo>;
}

export interface RunStatistics {
  readonly instructions: number;
  /** Seconds of host time spent running. */
  readonly seconds: number;
  readonly exits: Readonly<Record<string, number>>;
  /** What the engine's second tier did, by name; absent where all is interpreted. */
  readonly engine?: Readonly<Record<string, number>>;
}

/** What there is of the time before now. */
export interface History {
  /** Why there is no way back; absent where there is one. */
  readonly missing?: string;
  /** Whether the guest stands in a past that was recorded further. */
  readonly isPast: boolean;
  /** Instructions and traps from the start of the guest to where history begins, to now, and to its end. */
  readonly start: number;
  readonly now: number;
  readonly end: number;
}

export interface DebugTarget {
  info(): Promise<TargetInfo>;
  harts(): Promise<readonly HartInfo[]>;
  resume(request: ResumeRequest): Promise<void>;
  /** Answers once the machine stands still; a stop event comes too. */
  pause(): Promise<void>;
  history(): Promise<History>;
  /** Back to the state after loading; breakpoints and consoles stay. */
  restart(): Promise<void>;
  dispose(): Promise<void>;

  /** Replaces all breakpoints. They never write to the guest. */
  setBreakpoints(breakpoints: readonly Breakpoint[]): Promise<void>;
  /** Replaces all data breakpoints. Accesses by the debugger itself do not count. */
  setDataBreakpoints(breakpoints: readonly DataBreakpoint[]): Promise<void>;

  /**
   * Replaces the exits that stop the guest, once each has been answered: stop events of kind
   * 'event' with the exit's kind for a name.
   */
  setExitStops(stops: readonly ExitStop[]): Promise<void>;

  /** Values by register name (general, pc or control); undefined where the hart has no such register. */
  readRegisters(hart: number, names: readonly string[]): Promise<readonly (bigint | undefined)[]>;
  /** The value as it is after the write, control registers being WARL. */
  writeRegister(hart: number, name: string, value: bigint): Promise<bigint>;

  /** As many bytes as can be read from `address` on, without side effects; empty when none. */
  readMemory(hart: number, space: MemorySpace, address: bigint, size: number): Promise<Uint8Array>;
  /** Number of bytes written before the first that could not be. */
  writeMemory(
    hart: number,
    space: MemorySpace,
    address: bigint,
    bytes: Uint8Array,
  ): Promise<number>;

  mappings(hart: number, query: MappingQuery): Promise<MappingTable>;
  /** Undefined where no hypervisor of ours is below the guest. */
  dirtyLog(action: DirtyLogAction): Promise<DirtyLogState | undefined>;
  /** Undefined where the instruction set translates nothing. */
  walk(hart: number, query: WalkQuery): Promise<AddressWalk | undefined>;
  /**
   * Exits after `sequence`, oldest first, as far as they are still kept: the first `max`, or with
   * `newest` the last `max` and what else is kept of kinds that are rare.
   */
  exits(after: number, max: number, newest?: boolean): Promise<readonly ExitRecord[]>;
  /**
   * Whether every exit comes with `onExits`, beginning with those that are still kept. Of what came
   * `exitsTaken` tells how many are where they belong; the guest waits while too many are not.
   */
  recordExits(on: boolean): Promise<void>;
  exitsTaken(count: number): Promise<void>;
  statistics(): Promise<RunStatistics>;

  /** The call that the guest stands at, as long as it has no answer. */
  waitingCall(): Promise<WaitingCall | undefined>;
  /** Answers it; the guest takes the answer when it is resumed. */
  answerCall(answer: CallAnswer): Promise<void>;
  /** Empty where no hypervisor of ours takes calls. */
  callTable(): Promise<CallTable>;
  /** Which row of it one call meets; undefined likewise. */
  callQuery(extension: number, fn: number): Promise<CallTableRow | undefined>;
  /** Changes who answers, from the next call on, until the guest is restarted. */
  overrideCalls(rule: CallOverride): Promise<void>;

  /** Absent where the machine cannot be put back to where it was. */
  readonly snapshots?: Snapshots | undefined;

  /** So many bytes of `onConsole` events are where they belong; see `CreateOptions`. */
  consoleTaken(count: number): Promise<void>;
  feedConsole(console: string, bytes: Uint8Array): Promise<void>;

  onStop(listener: Listener<StopEvent>): Unsubscribe;
  onEnd(listener: Listener<EndEvent>): Unsubscribe;
  onConsole(listener: Listener<ConsoleEvent>): Unsubscribe;
  /** Oldest first, none left out and none twice. */
  onExits(listener: Listener<readonly ExitRecord[]>): Unsubscribe;
  /** A line for the user that is not the guest's: an unhandled call, a device written to wrongly. */
  onLog(listener: Listener<string>): Unsubscribe;
  /** What was behind so many steps of the machine does not come any more: another past was made. */
  onOtherFuture(listener: Listener<number>): Unsubscribe;
}
