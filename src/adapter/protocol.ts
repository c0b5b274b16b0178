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
  'trapline/mappings': {
    arguments: { hart: number; stage: 'guest' | 'virtual'; maxRows?: number };
    body: MappingsBody;
  };
  /** Exits after a sequence number, oldest first, as far as they are kept; all of them by kind. */
  'trapline/exits': {
    arguments: { after: number; max?: number };
    body: { exits: ExitRow[]; counts: Readonly<Record<string, number>> };
  };
  'trapline/consoleInput': { arguments: { console: string; text: string }; body: object };
  'trapline/info': { arguments: object; body: InfoBody };
}

/** Name of each custom event with its body. */
export interface CustomEvents {
  /** Bytes a guest console wrote, base64, so that no byte is lost on the way. */
  'trapline/console': { console: string; data: string };
  /** The machine exists: its consoles can be opened. Comes before the first console byte. */
  'trapline/ready': InfoBody;
  /** Milliseconds from the launch request to the machine's first instruction and first console byte. */
  'trapline/timing': { launchToRunning?: number; launchToFirstByte?: number };
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

export interface MappingsBody {
  readonly title: string;
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
  readonly truncated: boolean;
}

export interface ExitRow {
  readonly sequence: number;
  readonly hart: number;
  readonly pc: string;
  readonly instructions: number;
  readonly kind: string;
  readonly text: string;
}
