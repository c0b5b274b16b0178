/**
 * Where everything lives in a machine's WebAssembly memory. Offsets are bytes; per-hart ones are
 * relative to the hart's base. Interpreter, TypeScript and debugger all read these places, so
 * there is no copy of any of it.
 *
 *   [0, 64 KiB)  `shared`; nothing else, so that offset 0 is never a record
 *   harts        one area of `hartAreaSize` each
 *   arena        predecoded records of code pages
 *   counters     64 KiB: words that count for the translator, by number of a region
 *   memory       RAM and ROM regions, page aligned
 */

/** Guest registers are 64 bits wide; index 32 takes writes to a register that is always zero. */
export const registerBytes = 8;
export const zeroSink = 32;

/** What all harts have in common. */
export const shared = {
  /** The translator hears of a counter when these bits of it have become 0. */
  hotMask: 8,
  /** Area of the hart that the interpreter runs. */
  running: 12,
  /** `encodingFlags` of what TypeScript decodes. */
  checkedFlags: 16,
  /** Tables to decode by: see `EncodingTables`. */
  encodings: 0x100,
} as const;

export const hart = {
  registers: 0x000,
  floats: 0x200,
  /** Guest virtual address of the next instruction, valid while the hart is not running. */
  pc: 0x300,
  /** An `exit` code, valid after a run. */
  exit: 0x308,
  /** Records of the page being executed, and that page's virtual address. */
  recordPage: 0x30c,
  pageAddress: 0x310,
  /** Virtual address of the load reservation, or -1. */
  reservation: 0x318,
  /** Address and value of a memory access that leaves the inline path. */
  argAddress: 0x320,
  argValue: 0x328,
  /** Offset of the TLB set in use. */
  tlbSet: 0x330,
  /** A `floatUnit` value: whether floating-point instructions may go on without asking. */
  floatUnit: 0x334,
  /** What a translated region says when it is left: a `regionExit` value. */
  regionExit: 0x338,
  /** Region that was left by a jump or call out of it, or the record of an indirect jump; else 0. */
  exitSite: 0x33c,
  /** 64-bit counters: regions entered by the interpreter, and left for it to do an instruction. */
  regionEntries: 0x340,
  regionLeaves: 0x348,
  /** Counts ways from one region to another by the interpreter; the translator sees samples. */
  transfers: 0x350,
  /** Not 0: the run that begins does so where a trap leads, which counts like a jump. */
  beginsAtTrap: 0x354,
  /** Record of the access that the interpreter left the inline path for last. */
  slowRecord: 0x358,
  /** What the interpreter keeps while it calls: see `LoopState`. */
  loopRecord: 0x35c,
  loopBudget: 0x360,
  /** The mode that the hart is in, by a number of the instruction set's. */
  mode: 0x364,
  /** 4096 slots of 8 bytes for the instruction set's control registers. */
  control: 0x1000,
  /** `tlbSets` sets of `tlbSetSize`. */
  tlb: 0x10000,
} as const;

/** Floating-point registers follow in the same file: records name f0 by this index. */
export const firstFloat = (hart.floats - hart.registers) / registerBytes;

/** What the floating-point unit is ready for, in this order. */
export const floatUnit = {
  /** Its instructions trap. */
  off: 0,
  on: 1,
  /** Known to have changed, so that writes need not be reported. */
  dirty: 2,
  /** And the dynamic rounding mode is one that exists. */
  rounding: 3,
  /** And it is to nearest, ties to even: what the host's own arithmetic does. */
  nearest: 4,
  /** And inexact has been raised, so that to raise it again changes nothing: the usual state. */
  steady: 5,
} as const;

export const tlb = {
  sets: 8,
  entryBytes: 16,
  /**
   * Data entries of each kind in a set; a power of two. As many as 256 MiB have pages: who misses
   * spends more on walks than on all else, and only what is used of them takes memory.
   */
  dataEntries: 65536,
  fetchEntries: 512,
  /** Within a set. */
  read: 0x00000,
  write: 0x100000,
  fetch: 0x200000,
  /** A `direct` range. */
  direct: 0x202000,
  setBytes: 0x202040,
  /**
   * Within an entry: the page's virtual address (of data, less one: see `tlbHit`), what turns an
   * address into an offset, and which leaf it comes from, for fences alone.
   */
  tag: 0,
  addend: 8,
  leaf: 12,
} as const;

/**
 * Memory that loads of a regime reach by adding a constant: the address of its first byte, 64 bits;
 * its bytes, 0 while there is none; its offset. Of it they do not reach a hole: its distance from
 * the first byte, and its bytes. A number stands for all of that, 0 for none. Changes only when no
 * region runs.
 */
export const direct = {
  base: 0,
  bytes: 8,
  offset: 12,
  hole: 16,
  holeBytes: 20,
  number: 24,
} as const;

export const hartAreaBytes = 0x10000 + tlb.sets * tlb.setBytes;

export const pageBytes = 4096;
export const pageShift = 12;

/**
 * A predecoded instruction. There is one record for every two bytes of a code page, and two more
 * that lead to the following page. Registers are byte offsets into the register file.
 */
export const record = {
  bytes: 16,
  handler: 0,
  rd: 2,
  rs1: 4,
  rs2: 6,
  immediate: 8,
  /** Spare word: profile counters of the translator. */
  hot: 12,
  /** Records of one page in bytes, with the two that follow it. */
  pageBytes: (2048 + 2) * 16,
  /**
   * Among the records of a page, in the first of the two: offset of the page's bytes in memory, or 0
   * where TypeScript alone decodes.
   */
  code: 2048 * 16 + 4,
} as const;

/** Shift from a byte distance in code to a distance in records. */
export const recordShift = 3;

/** Handlers that are no instruction. */
export const special = {
  /** Nothing decoded here yet, or something that must be looked at each time. */
  resolve: 0,
  /** Just past the page; the immediate is the distance past it. */
  pageEnd: 1,
  /** A translated region begins here; see `hotWord`. */
  translated: 2,
  first: 3,
} as const;

/**
 * The `hot` word of a record counts how often jumps led here, while it is not negative. Where a
 * region begins it holds the region's place in the table and the handler to interpret it with.
 */
export const hotWord = {
  translated: 0x8000_0000,
  indexShift: 16,
  indexMask: 0x7fff,
  handlerMask: 0xffff,
} as const;

/** How a region is left; with a region in `exitSite`, because of what it assumed of memory. */
export const regionExit = {
  /** Go on at pc, in a region if one begins there. */
  goOn: 0,
  /** The instruction at pc must be interpreted. */
  interpret: 1,
  /** Generated code is left: `exit` and pc are set. The region gives `nowhere` as its pc. */
  left: 2,
} as const;

/** No address of code: regions that called this one come back at once. */
export const nowhere = -1;

/** Why the interpreter came back. */
export const exit = {
  budget: 0,
  /** A trap is pending in the hart object; pc is the instruction that caused it. */
  trap: 1,
  breakpoint: 2,
  /** TypeScript set pc and mode; only the run loop has to look at the hart again. */
  changed: 3,
  /** Like `changed`, and the hart waits for an interrupt. */
  waiting: 4,
} as const;

/** What an imported function returns instead of the remaining budget to leave the interpreter. */
export const leave = {
  /** The instruction did not retire; pc is to be saved. `exit` is already set. */
  before: -1,
  /** It retired and TypeScript has set pc. `exit` is already set. */
  after: -2,
  /** It retired and TypeScript has set pc; generated code goes on there, which only `host` may say. */
  jumped: -3,
  /** Nothing happened: a region is to leave the access to the interpreter. */
  declined: -4,
  /** It trapped, and `jumped` holds for the handler; only `host` may say so. */
  trapped: -5,
} as const;
