/** The border between generated code and TypeScript. */
/** Functions a generated module imports from TypeScript. */
export interface InterpreterImports {
  /** Number of the handler to run for a record, or a `leave` code. */
  resolve(hart: number, record: number, budget: number): number;
  /** 1 when the fetch TLB now has the page of `argAddress`; 0 with `exit` and pc set. */
  fetchMiss(hart: number, budget: number): number;
  /** Remaining budget, the value in `argValue`; or a `leave` code. */
  slowLoad(hart: number, width: number, budget: number): number;
  slowStore(hart: number, width: number, budget: number): number;
  /** Remaining budget, with the offset of the word in `argValue`; or a `leave` code. */
  slowAtomic(hart: number, width: number, budget: number): number;
  /** Remaining budget, or a `leave` code. pc has been saved. */
  host(hart: number, record: number, handler: number, length: number, budget: number): number;
}

/** What regions import: TypeScript is called without leaving them. */
export interface RegionImports {
  /** As `host`, of a row that says `control`; what the region takes for granted still holds. */
  control(hart: number, record: number, handler: number, length: number, budget: number): number;
  /** Like `slowLoad` and `slowStore`, of a device; or `leave.declined`. */
  deviceLoad(hart: number, width: number, budget: number): number;
  deviceStore(hart: number, width: number, budget: number): number;
}

/** What an interpreter that works with the translator imports besides. */
export interface TierImports {
  /** A record's counter has reached a multiple of the translator's period. */
  hot(hart: number, record: number): void;
}

/** Indices of the functions that handlers call. */
export type FunctionIndices = Readonly<Record<keyof InterpreterImports | 'lookup', number>>;
