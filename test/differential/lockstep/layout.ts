/** Where everything of a lock-step image lies: a monitor, then programs of one size each. */
const base = 0x8000_0000;

export const layout = {
  base,
  /** Machines begin in a ROM below this address, each in its own. */
  bootEnd: 0x10000,
  /** The monitor's code up to here is not compared: it only puts one program behind another. */
  quietEnd: base + 0x2000,
  /** The vector of traps to M-mode: 64 jumps to the handler. */
  vector: base + 0x2000,
  /** Here a program has ended, and its memory is compared. */
  end: base + 0x1ff0,
  first: base + 0x40000,
  stride: 0x40000,
  memoryBytes: 128 << 20,
  /** Physical addresses from here on have nothing behind them. */
  nothing: base + (128 << 20),
  /** What virtual addresses have added that lead to the same pages with U set. */
  alias: 0x4000_0000,
} as const;

/** Offsets within a program. */
export const part = {
  trapsLeft: 0x00,
  nextBlock: 0x08,
  entry: 0x10,
  blocks: 0x100,
  registers: 0x200,
  floats: 0x300,
  machineCode: 0x1000,
  machineCodeEnd: 0x4000,
  lowerCode: 0x4000,
  lowerCodeEnd: 0x8000,
  data: 0x8000,
  dataEnd: 0xc000,
  tables: 0x10000,
  end: 0x30000,
} as const;

/** Instructions are laid out in slots: a handler that skips what trapped goes on at the next one. */
export const slotBytes = 32;

/** Registers with a part to play, which other instructions leave alone. */
export const role = {
  /** A second way to the data, by superpages or past what is mapped. */
  far: 26,
  data: 27,
  /** Traps that S-mode may still take. */
  supervisorTraps: 29,
  scratch: [30, 31],
} as const;
