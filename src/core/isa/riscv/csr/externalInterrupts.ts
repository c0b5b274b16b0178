/**
 * What a hart's CSRs reach of its external interrupt controller. The board connects it; devices of
 * `devices/intc` have this form.
 */
import type { RegisterWidth } from '../../../engine/semantics.ts';

/** One interrupt file of an IMSIC (AIA, chapter 3), as its CSRs use it. */
export interface InterruptFileAccess {
  /** What mtopei, stopei or vstopei reads. */
  topei(): number;
  /** The interrupt that it shows is taken. */
  claim(): void;
  /** A register by its number in *iselect; undefined where there is none for this width. */
  read(select: number, xlen: RegisterWidth): bigint | undefined;
  write(select: number, xlen: RegisterWidth, value: bigint): void;
}

export interface HartInterruptFiles {
  readonly machine: InterruptFileAccess;
  readonly supervisor: InterruptFileAccess;
  /** Guest interrupt file n is at n - 1; there are GEILEN. */
  readonly guests: readonly InterruptFileAccess[];
}

export interface ExternalInterrupts {
  readonly imsic?: HartInterruptFiles;
  /** Without IMSIC, the priority number of the interrupt that the controller signals; 0 for none. */
  priority?(level: 'machine' | 'supervisor'): number;
  /** IPRIOLEN, 8 by default. */
  readonly priorityBits?: number;
}
