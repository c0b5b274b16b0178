/** The exits of one guest as the view shows them: counted by kind, the latest of each kept. */
import type { ExitRow } from '../adapter/protocol.ts';

export interface ExitKind {
  readonly kind: string;
  readonly count: number;
  /** Newest first. */
  readonly latest: readonly ExitRow[];
}

/** A person reads the last few; the count says how many there were. */
const keptPerKind = 100;

export class ExitLog {
  private readonly kinds = new Map<string, { count: number; latest: ExitRow[] }>();
  /** Sequence number of the newest exit seen; what to ask for is what comes after it. */
  newest = -1;
  /** Exits that the guest's side no longer kept when they were asked for. */
  missed = 0;

  /** Takes further exits, oldest first. */
  add(rows: readonly ExitRow[]): void {
    for (const row of rows) {
      if (row.sequence <= this.newest) continue;
      if (this.newest >= 0) this.missed += row.sequence - this.newest - 1;
      this.newest = row.sequence;
      const kind = this.kinds.get(row.kind) ?? { count: 0, latest: [] };
      this.kinds.set(row.kind, kind);
      kind.count++;
      kind.latest.unshift(row);
      if (kind.latest.length > keptPerKind) kind.latest.pop();
    }
  }

  /** Kinds of exits, the most frequent first. */
  get summary(): readonly ExitKind[] {
    return [...this.kinds]
      .map(([kind, { count, latest }]) => ({ kind, count, latest }))
      .sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
  }

  get total(): number {
    return this.summary.reduce((sum, { count }) => sum + count, 0);
  }
}
