/** The last exits of a guest and counts of all of them, for the Exits view and the summary. */
import type { ExitRecord } from '../debug/target.ts';
import type { ObservedExit } from '../hypervisor/exits.ts';

/** How many are kept. */
const capacity = 4096;

interface Count {
  readonly kind: string;
  count: number;
}

export class GuestExits {
  /** Called before records go that came after its last call. */
  beforeLoss: (() => void) | undefined;
  private readonly ring: ObservedExit[] = [];
  /** The machine's counts of instructions with them. */
  private readonly instructions = new Float64Array(capacity);
  private readonly byKind: Count[] = [];
  /** Of the last exit: they come in runs. */
  private last: Count | undefined;
  private total = 0;
  /** Of those before, `beforeLoss` was told. */
  private told = 0;

  add(exit: ObservedExit, instructions: number): void {
    if (this.beforeLoss && this.total - this.told >= capacity) {
      this.told = this.total;
      this.beforeLoss();
    }
    if (this.last?.kind !== exit.kind) this.last = this.countOf(exit.kind);
    this.last.count++;
    const place = this.total % capacity;
    this.ring[place] = exit;
    this.instructions[place] = instructions;
    this.total++;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.byKind.map(({ kind, count }) => [kind, count]));
  }

  /** Those with a higher sequence number, oldest first, as far as they are kept. The first is 1. */
  after(sequence: number, max: number): readonly ExitRecord[] {
    const oldest = Math.max(this.total - capacity, 0) + 1;
    const records: ExitRecord[] = [];
    for (let n = Math.max(sequence + 1, oldest); n <= this.total && records.length < max; n++) {
      const exit = this.ring[(n - 1) % capacity];
      if (!exit) break;
      const { vcpu, pc, kind, text } = exit;
      const instructions = this.instructions[(n - 1) % capacity]!;
      records.push({ sequence: n, hart: vcpu, pc, instructions, kind, text: text() });
    }
    return records;
  }

  private countOf(kind: string): Count {
    let found = this.byKind.find((each) => each.kind === kind);
    if (!found) this.byKind.push((found = { kind, count: 0 }));
    return found;
  }
}
