/** What is left open in the templates of drafts, to be filled in for each instruction. */

/** What belongs into a hole. */
export const hole = {
  /** The value of a register, by the field that names it; `Float`: as a double. */
  rs1: 0,
  rs2: 1,
  rs3: 2,
  rs1Float: 3,
  rs2Float: 4,
  rs3Float: 5,
  /** What goes before and behind the value that rd becomes. */
  writes: 6,
  written: 7,
  writesFloat: 8,
  writtenFloat: 9,
  /** Numbers: the immediate, and the rounding mode's field of it. */
  imm: 10,
  rounding: 11,
  /** Distances from the page: of the instruction, of where it leads, of what is behind it. */
  place: 12,
  target: 13,
  next: 14,
  /** Instructions done that have not been taken from the budget. */
  done: 15,
  /** Of the draft: where its counter is, how many instructions it has, its entry, its number. */
  counter: 16,
  count: 17,
  entry: 18,
  region: 19,
} as const;

export type HoleKind = (typeof hole)[keyof typeof hole];

export interface Template {
  readonly bytes: Uint8Array;
  /** For each hole three numbers: where, which kind, and how many blocks of the template are around. */
  readonly holes: Int32Array;
  /** Whether it must find all registers in memory: it leaves, or rd is written on one of several ways. */
  readonly needsMemory: boolean;
}

/** Locals of drafts: the parameters of a region, and what all drafts have behind them. */
export const draftLocals = {
  base: 0,
  pc: 1,
  budget: 2,
  depth: 3,
  page: 4,
  /** Offset of the TLB set in use. */
  set: 5,
  /** Of general registers, of which 0 has none. */
  register1: 6,
} as const;

export const generalRegisters = 32;
