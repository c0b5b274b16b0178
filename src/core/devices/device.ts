/**
 * What a device knows of its surroundings: offsets, interrupt lines, time and a backend, each
 * given through its constructor. It never knows the machine, the board or the instruction set.
 */

/** Width of a device access in bytes. For eight see `MmioDevice.wide`. */
export type AccessSize = 1 | 2 | 4;

export interface MmioDevice {
  readonly name: string;
  /** Value at `offset` from the device's base, zero-extended. Reads may have side effects. */
  read(offset: number, size: AccessSize): number;
  /** `value` is an unsigned number of `size` bytes. */
  write(offset: number, size: AccessSize, value: number): void;
  /** Absent where accesses of eight bytes are to be two of four, low first. */
  readonly wide?: WideRegisters;
}

/** Accesses of eight bytes at an offset, as a whole. */
export interface WideRegisters {
  read(offset: number, into: Words): void;
  /** The words are unsigned. */
  write(offset: number, low: number, high: number): void;
}

/** Two words of a value, and where an access leaves what it read. */
export interface Words {
  low: number;
  high: number;
}

/** A level-triggered line into an interrupt controller or a hart. */
export interface InterruptLine {
  set(level: boolean): void;
}

/** Time as devices see it. */
export interface TimeSource {
  /** Ticks of the board's timebase since the machine started. Stands still within one instruction. */
  ticks(): bigint;
  /** The same as a number, or -1 where that would not be exact. */
  tickNumber?(): number;
  /** Is told when software reads it, or a time that a device makes of it. */
  looked?(): void;
  /** Is told when a time that a device makes of this one was set. */
  jumped?(): void;
}

/** A device with something to do at a known time. */
export interface TimedDevice {
  /** The tick at which `advance` must be called next, or undefined when nothing is due. */
  nextDeadline(): bigint | undefined;
  /**
   * The same as a number, for devices that are asked all the time: Infinity when nothing is due, NaN
   * where it would not be exact. It may be over.
   */
  dueTick?(): number;
  /** Called at or after the deadline; brings interrupt lines up to date. */
  advance(): void;
}
