/**
 * Moments of a run from which it can be gone on with: the start, and snapshots behind it, that lie
 * the closer together the younger they are. What they hold is bounded; what they share counts once.
 */
import type { MachineSnapshot } from '../../machine/machineSnapshots.ts';
import { copiedBytes } from '../../memory/memorySnapshots.ts';
import { isBefore, type Position } from './journal.ts';

export interface SavedState {
  readonly at: Position;
  /** The first entry of the journal that had not come yet. */
  readonly next: number;
  readonly only: number | undefined;
  /** Absent: the machine as it is built. */
  readonly snapshot: MachineSnapshot | undefined;
}

/** How many there are at most, whatever they hold. */
const most = 160;

export class SavedStates {
  private list: SavedState[] = [];
  private readonly mostBytes: number;
  /** What was copied for those in the list: it may be less by what they share. */
  private copied = 0;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  get first(): SavedState | undefined {
    return this.list[0];
  }

  /** The last one that is not behind a place. */
  before(place: Position): SavedState | undefined {
    return this.list.findLast(({ at }) => !isBefore(place, at));
  }

  /** In the order of the run; where there is one already nothing is added. */
  add(state: SavedState): void {
    const index = this.list.findLastIndex(({ at }) => !isBefore(state.at, at));
    const older = this.list[index];
    if (older && !isBefore(older.at, state.at)) return;
    this.list.splice(index + 1, 0, state);
    this.copied += state.snapshot?.memory.newBytes ?? 0;
    this.thin();
  }

  /** Those behind a place are of a run that did not go on. */
  truncate(place: Position): void {
    this.list = this.list.filter(({ at }) => !isBefore(place, at));
  }

  clear(): void {
    this.list = [];
    this.copied = 0;
  }

  /** Drops those that are missed least: close to their neighbours, and long ago. */
  private thin(): void {
    if (this.copied > this.mostBytes) this.copied = heldBytes(this.list);
    while (this.list.length > 1 && (this.copied > this.mostBytes || this.list.length > most)) {
      this.list.splice(this.leastMissed(), 1);
      if (this.copied > this.mostBytes) this.copied = heldBytes(this.list);
    }
  }

  private leastMissed(): number {
    const now = this.list.at(-1)!.at.steps;
    let best = 1;
    let least = Infinity;
    for (let i = 1; i < this.list.length - 1; i++) {
      const gap = this.list[i + 1]!.at.steps - this.list[i - 1]!.at.steps;
      const missed = gap / (now - this.list[i]!.at.steps);
      if (missed >= least) continue;
      least = missed;
      best = i;
    }
    return best;
  }
}

function heldBytes(states: readonly SavedState[]): number {
  return copiedBytes(states.flatMap(({ snapshot }) => snapshot?.memory ?? []));
}
