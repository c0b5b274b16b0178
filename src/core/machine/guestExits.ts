/** The last exits of a guest and counts of all of them, for the Exits view and the summary. */
import type { ExitRecord } from '../debug/target.ts';
import type { ObservedExit } from '../hypervisor/exits.ts';

/** How many are kept. */
const capacity = 4096;

interface Kept {
  readonly exit: ObservedExit;
  readonly instructions: number;
}

export class GuestExits {
  readonly counts: Record<string, number> = {};
  /** Called before records go that came after its last call. */
  beforeLoss: (() => void) | undefined;
  private readonly ring: Kept[] = [];
  private total = 0;
  /** Of those before, `beforeLoss` was told. */
  private told = 0;

  add(exit: ObservedExit, instructions: number): void {
    if (this.beforeLoss && this.total - this.told >= capacity) {
      this.told = this.total;
      this.beforeLoss();
    }
    this.counts[exit.kind] = (this.counts[exit.kind] ?? 0) + 1;
    this.ring[this.total % capacity] = { exit, instructions };
    this.total++;
  }

  /** Those with a higher sequence number, oldest first, as far as they are kept. The first is 1. */
  after(sequence: number, max: number): readonly ExitRecord[] {
    const oldest = Math.max(this.total - capacity, 0) + 1;
    const records: ExitRecord[] = [];
    for (let n = Math.max(sequence + 1, oldest); n <= this.total && records.length < max; n++) {
      const kept = this.ring[(n - 1) % capacity];
      if (!kept) break;
      const { vcpu, pc, kind, text } = kept.exit;
      const { instructions } = kept;
      records.push({ sequence: n, hart: vcpu, pc, instructions, kind, text: text() });
    }
    return records;
  }
}
