/**
 * What Trapline adds to the Debug Adapter Protocol: custom requests and events between the adapter
 * and the extension. All values are JSON; 64-bit numbers are strings `0x…` with lower-case digits.
 * Any DAP client may use these; none is needed to debug.
 */

/** Name of each custom request with its arguments and its answer's body. */
export interface CustomRequests {
  /** Control registers of one hart, grouped, fields decoded. */
  'trapline/csrs': { arguments: { hart: number }; body: { groups: CsrGroup[] } };
  'trapline/writeCsr': {
    arguments: { hart: number; name: string; value: string };
    body: { value: string };
  };
  /** A window of the rows of a stage's page tables, which may be millions. */
  'trapline/mappings': { arguments: MappingsArguments; body: MappingsBody };
  /** How an address is translated, entry by entry; `expression` as in the debug console. */
  'trapline/walk': {
    arguments: { hart: number; expression: string; access?: 'load' | 'store' | 'fetch' };
    body: WalkBody;
  };
  /** Which pages the guest writes: its start, what it shows now, a fresh beginning, its end. */
  'trapline/dirtyLog': {
    arguments: { action: 'start' | 'show' | 'clear' | 'stop' };
    body: DirtyLogBody;
  };
  /** Exits after a sequence number, oldest first, as far as they are kept; all of them by kind. */
  'trapline/exits': {
    arguments: {
      after: number;
      max?: number;
      /** The last `max` instead of the first, and before them what else is kept of rare kinds. */
      newest?: boolean;
    };
    body: {
      exits: ExitRow[];
      counts: Readonly<Record<string, number>>;
      /** Retired by the machine up to now, so that counts become rates. */
      instructions: number;
    };
  };
  /** Writes every exit to a file from now on, also after a restart; without one, no longer. */
  'trapline/recordExits': { arguments: { file?: string }; body: { file?: string } };
  /** Stops at exits of a kind whose text contains another one, or does so no longer. */
  'trapline/breakOnExit': {
    arguments: { kind: string; text?: string; on: boolean };
    body: { active: { kind: string; text?: string }[] };
  };
  /** The call that the guest stands at, when one waits for an answer. */
  'trapline/call': { arguments: object; body: { call?: WaitingCallBody } };
  /**
   * Answers it; the guest goes on unless `stay` is set. Without error and value the guest is told
   * that the call is not supported. Numbers as text; an error by its name too.
   */
  'trapline/answerCall': {
    arguments: {
      error?: string;
      value?: string;
      /** Further registers to set, by name. */
      registers?: Readonly<Record<string, string>>;
      stay?: boolean;
    };
    body: object;
  };
  /** The policy table, what counts first at the top; with an id only the row that decides it. */
  'trapline/calls': {
    arguments: { extension?: number; function?: number };
    body: { rows: CallRow[] };
  };
  /** Who answers a range of calls from now on; no action: as the launch says. */
  'trapline/setCalls': { arguments: CallRangeBody & { action?: CallAction }; body: object };
  'trapline/consoleInput': { arguments: { console: string; text: string }; body: object };
  'trapline/info': { arguments: object; body: InfoBody };
  /** What the machine has done since it was made, as `trapline run --json` says it at its end. */
  'trapline/statistics': {
    arguments: object;
    body: {
      instructions: number;
      /** Of host time spent running. */
      seconds: number;
      exits: Readonly<Record<string, number>>;
      /** Of the translator; absent where all is interpreted. Times are in milliseconds. */
      engine?: Readonly<Record<string, number>>;
    };
  };
}

/** Name of each custom event with its body. */
export interface CustomEvents {
  /** Bytes a guest console wrote, base64, so that no byte is lost on the way. */
  'trapline/console': { console: string; data: string };
  /** The machine exists: its consoles can be opened. Comes before the first console byte. */
  'trapline/ready': InfoBody;
  /** The guest has stopped at a call that waits for an answer. */
  'trapline/callWaiting': { call: Omit<WaitingCallBody, 'errors'> };
  /** Milliseconds from the launch request to the machine's first instruction and first console byte. */
  'trapline/timing': { launchToRunning?: number; launchToFirstByte?: number };
}

export type CallAction = 'handle' | 'forward' | 'deny' | 'break';

export interface CallRangeBody {
  readonly extension: readonly [first: number, last: number];
  /** All functions when absent. */
  readonly function?: readonly [first: number, last: number];
}

export interface CallRow extends CallRangeBody {
  readonly action: CallAction;
  readonly source: 'debugger' | 'user' | 'default';
  /** `DBCN`, or empty. */
  readonly name: string;
  /** `hypervisor`, `debugger`, the name of a handler, `nobody`. */
  readonly answeredBy: string;
}

export interface WaitingCallBody {
  readonly hart: number;
  readonly pc: string;
  readonly extension: number;
  readonly function: number;
  /** `DBCN` and `console_write`, or empty. */
  readonly extensionName: string;
  readonly functionName: string;
  /** `sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)`. */
  readonly text: string;
  readonly args: readonly {
    readonly name: string;
    readonly value: string;
    readonly text: string;
  }[];
  readonly why: 'break' | 'unanswered' | 'failed' | 'pending';
  /** What it may return as its error. */
  readonly errors: readonly { readonly name: string; readonly code: string }[];
}

export interface InfoBody {
  readonly mode: 'guest' | 'machine';
  readonly board: string;
  readonly program: string;
  readonly consoles: readonly string[];
  readonly harts: number;
}

export interface CsrGroup {
  readonly name: string;
  readonly registers: readonly CsrRow[];
}

export interface CsrRow {
  readonly name: string;
  readonly number: number;
  readonly description: string;
  readonly section: string;
  /** The same for copies of a register at several levels: `status`. */
  readonly counterpart?: string;
  readonly value: string;
  /** Differs from the value at the previous stop. */
  readonly changed: boolean;
  readonly writable: boolean;
  readonly fields: readonly FieldRow[];
}

export interface FieldRow {
  readonly name: string;
  readonly high: number;
  readonly low: number;
  readonly value: string;
  /** Symbolic value where there is one: `Sv39x4`. */
  readonly meaning?: string;
  readonly description: string;
  readonly changed: boolean;
}

export interface DirtyLogBody {
  readonly logging: boolean;
  readonly pages: number;
  /** Guest-physical; adjoining pages are one range. */
  readonly ranges: readonly { readonly address: string; readonly size: string }[];
}

export interface MappingsArguments {
  readonly hart: number;
  readonly stage: 'guest' | 'virtual';
  /** So many rows, from this one on, of those that the filter leaves. */
  readonly from?: number;
  readonly maxRows?: number;
  /** Words that a row has all of; an address alone also finds the row that covers it. */
  readonly filter?: string;
  /** The reading of the tables to go on with, as an answer named it; else they are read anew. */
  readonly list?: number;
  /** An input address whose row is looked for, or the next one. */
  readonly find?: string;
}

export interface MappingsBody {
  /** Names this reading of the tables. */
  readonly list: number;
  readonly title: string;
  /** Rows in all, and those that the filter leaves. */
  readonly total: number;
  readonly matching: number;
  /** Where the row that was looked for stands among those that the filter leaves. */
  readonly found?: number;
  /** The place of the first of `rows` among those. */
  readonly from: number;
  readonly rows: readonly {
    readonly input: string;
    readonly size: string;
    readonly output: string;
    readonly pageSize: string;
    /** `rwxu` with `-` for what is missing. */
    readonly permissions: string;
    readonly accessed: boolean;
    readonly dirty: boolean;
    /** `NC`, `IO`, or `''`. */
    readonly memoryType: string;
    readonly backing: string;
  }[];
  /** Set when the tables hold more than was looked at. */
  readonly truncated: boolean;
  /** Told with a new reading. Stage `guest` under a hypervisor of ours: whether stores are logged, and how many pages were. */
  readonly dirtyLog?: { readonly logging: boolean; readonly pages: number };
}

export interface WalkBody {
  readonly address: string;
  readonly space: 'virtual' | 'guestPhysical';
  readonly access: 'load' | 'store' | 'fetch';
  readonly steps: readonly {
    /** `VS-stage`, `G-stage`, `memory`, … */
    readonly stage: string;
    readonly text: string;
    /** Of a page table's entry. */
    readonly level?: number;
    readonly entryAddress?: string;
    readonly entry?: string;
    /** The entry's low bits by letter, `-` for those that are 0: `DA-UXWRV`. */
    readonly flags?: string;
  }[];
  /** The physical address, when nothing refuses. */
  readonly result?: string;
  readonly refusal?: {
    readonly cause: number;
    readonly text: string;
    readonly section: string;
    readonly guestAddress?: string;
  };
  /** All of it as the debug console's `walk` says it. */
  readonly text: string;
}

export interface ExitRow {
  readonly sequence: number;
  readonly hart: number;
  readonly pc: string;
  readonly instructions: number;
  readonly kind: string;
  readonly text: string;
  /** What the guest's pc is in its source. */
  readonly source?: { readonly path: string; readonly line: number };
}
