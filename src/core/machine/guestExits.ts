/**
 * The last exits of a guest, and the last of each kind, so that the rare ones do not go with the
 * frequent; and counts of all of them. For the Exits view and the summary.
 */
import type { ExitRecord } from '../debug/target.ts';
import type { ObservedExit } from '../hypervisor/exits.ts';

/** How many are kept, of all kinds and of each. */
const capacity = 4096;
const capacityOfKind = 128;

/** The last exits of all or of some, and for each its number in all and the instructions before it. */
class Ring {
  count = 0;
  private readonly size: number;
  private readonly exits: ObservedExit[] = [];
  private readonly sequences: Float64Array;
  private readonly instructions: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.sequences = new Float64Array(size);
    this.instructions = new Float64Array(size);
  }

  add(exit: ObservedExit, sequence: number, instructions: number): void {
    const place = this.count % this.size;
    this.exits[place] = exit;
    this.sequences[place] = sequence;
    this.instructions[place] = instructions;
    this.count++;
  }

  /** The number of the oldest that is kept, counted from 0. */
  get oldest(): number {
    return Math.max(this.count - this.size, 0);
  }

  /** The n-th that was added, which must be kept. */
  record(n: number): ExitRecord {
    const place = n % this.size;
    const { vcpu, pc, kind, text } = this.exits[place]!;
    const sequence = this.sequences[place]!;
    const instructions = this.instructions[place]!;
    return { sequence, hart: vcpu, pc, instructions, kind, text: text() };
  }

  /** Those with numbers in all between the two, both excluded. */
  between(after: number, before: number): ExitRecord[] {
    const records: ExitRecord[] = [];
    for (let n = this.oldest; n < this.count; n++) {
      const sequence = this.sequences[n % this.size]!;
      if (sequence > after && sequence < before) records.push(this.record(n));
    }
    return records;
  }
}

export class GuestExits {
  /** Called before records go that came after its last call. */
  beforeLoss: (() => void) | undefined;
  private readonly all = new Ring(capacity);
  private readonly byKind = new Map<string, Ring>();
  /** Of the last exit: they come in runs. */
  private lastKind = '';
  private last: Ring | undefined;
  /** Of those before, `beforeLoss` was told. */
  private told = 0;

  add(exit: ObservedExit, instructions: number): void {
    const { all } = this;
    if (this.beforeLoss && all.count - this.told >= capacity) {
      this.told = all.count;
      this.beforeLoss();
    }
    const ring = this.ringOf(exit.kind);
    all.add(exit, all.count + 1, instructions);
    ring.add(exit, all.count, instructions);
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.byKind].map(([kind, { count }]) => [kind, count]));
  }

  /**
   * Those with a higher sequence number, oldest first, as far as they are kept: the first `max` of
   * them, or, when `newest` is set, the last `max` and before these what else is kept of each kind.
   * The first exit's number is 1.
   */
  after(sequence: number, max: number, newest = false): readonly ExitRecord[] {
    const { all } = this;
    const first = Math.max(sequence, all.oldest, newest ? all.count - max : 0);
    const records = [...this.byKind.values()]
      .flatMap((ring) => ring.between(sequence, first + 1))
      .sort((a, b) => a.sequence - b.sequence);
    const most = newest ? Infinity : max;
    for (let n = first; n < all.count && records.length < most; n++) records.push(all.record(n));
    return records.slice(0, most);
  }

  private ringOf(kind: string): Ring {
    if (this.last && this.lastKind === kind) return this.last;
    let ring = this.byKind.get(kind);
    if (!ring) this.byKind.set(kind, (ring = new Ring(capacityOfKind)));
    this.lastKind = kind;
    this.last = ring;
    return ring;
  }
}
