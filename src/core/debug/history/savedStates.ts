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
    this.thin();
  }

  /** Those behind a place are of a run that did not go on. */
  truncate(place: Position): void {
    this.list = this.list.filter(({ at }) => !isBefore(place, at));
  }

  clear(): void {
    this.list = [];
  }

  /**
   * Drops those that are missed least: close to their neighbours, and long ago. Older ones may have
   * come to hold more since the last time, as memory changes below them.
   */
  private thin(): void {
    while (this.list.length > 1) {
      if (this.list.length <= most && heldBytes(this.list) <= this.mostBytes) return;
      this.list.splice(this.leastMissed(), 1);
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
  const snapshots = states.flatMap(({ snapshot }) => snapshot ?? []);
  const own = snapshots.reduce((sum, { components }) => sum + arrayBytes(components), 0);
  return own + copiedBytes(snapshots.map(({ memory }) => memory));
}

/** Of what components hold, typed arrays are what may be large. */
function arrayBytes(state: unknown): number {
  if (ArrayBuffer.isView(state)) return state.byteLength;
  if (typeof state !== 'object' || state === null) return 0;
  return Object.values(state).reduce((sum: number, part) => sum + arrayBytes(part), 0);
}
