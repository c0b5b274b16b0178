/**
 * Direct delivery: an interrupt delivery control structure and a signal for each hart.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, section 4.8 (interrupt delivery directly by the
 * APLIC).
 */
import type { InterruptLine } from '../../device.ts';
import * as r from './registers.ts';
import type { Sources } from './sources.ts';

/** One per hart. */
export interface IdcState {
  readonly idelivery: number;
  readonly iforce: number;
  readonly ithreshold: number;
}

/** IPRIOLEN, bits of a priority number. */
export const PRIORITY_BITS = 3;
/** Eight priorities, of which 0 is none, as QEMU's board has them. */
const PRIORITY_MASK = (1 << PRIORITY_BITS) - 1;

export class DirectDelivery {
  readonly kind = 'direct';
  private readonly lines: readonly InterruptLine[];
  private idcs: { idelivery: number; iforce: number; ithreshold: number }[];

  /** `lines` by hart index. */
  constructor(lines: readonly InterruptLine[]) {
    this.lines = lines;
    this.idcs = lines.map(() => ({ idelivery: 0, iforce: 0, ithreshold: 0 }));
  }

  /** Priority 0 is not allowed: "the priority number is set to 1 instead". */
  legalTarget(value: number): number {
    return ((value & r.HART_INDEX_MASK) | (value & PRIORITY_MASK || 1)) >>> 0;
  }

  read(offset: number, sources: Sources): number {
    const hart = (offset - r.IDC) >> 5;
    const own = this.idcs[hart];
    if (!own) return 0;
    switch (offset % r.IDC_STRIDE) {
      case r.idc.idelivery:
        return own.idelivery;
      case r.idc.iforce:
        return own.iforce;
      case r.idc.ithreshold:
        return own.ithreshold;
      case r.idc.topi:
        return this.topi(hart, sources);
      case r.idc.claimi: {
        const top = this.topi(hart, sources);
        // A spurious interrupt ends what forced it.
        if (top === 0) own.iforce = 0;
        else sources.clearPending(top >>> 16);
        return top;
      }
      default:
        return 0;
    }
  }

  write(offset: number, value: number): void {
    const own = this.idcs[(offset - r.IDC) >> 5];
    if (!own) return;
    switch (offset % r.IDC_STRIDE) {
      case r.idc.idelivery:
        own.idelivery = value & 1;
        return;
      case r.idc.iforce:
        own.iforce = value & 1;
        return;
      case r.idc.ithreshold:
        own.ithreshold = value & PRIORITY_MASK;
        return;
    }
  }

  /** Brings the signals in line with the sources; `enabled` is domaincfg.IE. */
  deliver(sources: Sources, enabled: boolean): void {
    this.idcs.forEach(({ idelivery, iforce }, hart) => {
      const wanted = iforce === 1 || this.topi(hart, sources) !== 0;
      this.lines[hart]!.set(enabled && idelivery === 1 && wanted);
    });
  }

  /** Of the interrupt that topi shows, 0 when it shows none. */
  priority(hart: number, sources: Sources): number {
    return this.topi(hart, sources) & PRIORITY_MASK;
  }

  save(): IdcState[] {
    return this.idcs.map((own) => ({ ...own }));
  }
  fits(state: readonly IdcState[]): boolean {
    return (
      state.length === this.idcs.length &&
      state.every(
        (own) =>
          own.idelivery === (own.idelivery & 1) &&
          own.iforce === (own.iforce & 1) &&
          own.ithreshold === (own.ithreshold & PRIORITY_MASK),
      )
    );
  }
  restore(state: readonly IdcState[]): void {
    this.idcs = state.map((own) => ({ ...own }));
  }

  /** Smaller numbers are of higher priority, and of equal ones the lowest source. */
  private topi(hart: number, sources: Sources): number {
    const threshold = this.idcs[hart]!.ithreshold || PRIORITY_MASK + 1;
    let best = 0;
    let highest = threshold;
    for (const i of sources.ready()) {
      const target = sources.target(i);
      const priority = target & PRIORITY_MASK;
      if (target >>> r.HART_INDEX_SHIFT !== hart || priority >= highest) continue;
      best = i;
      highest = priority;
    }
    return best === 0 ? 0 : (best << 16) | highest;
  }
}
