/**
 * The exits of one guest as the view shows them: all counted by kind, the latest of each kind kept.
 * The counts are the guest's own: it keeps only its last exits, so rows alone would count too few.
 */
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
  private readonly latest = new Map<string, ExitRow[]>();
  private counts: Readonly<Record<string, number>> = {};
  /** Sequence number of the newest exit seen; what to ask for is what comes after it. */
  newest = 0;

  /** Takes further exits, oldest first, and the counts as they are now. */
  add(rows: readonly ExitRow[], counts: Readonly<Record<string, number>>): void {
    this.counts = counts;
    for (const row of rows) {
      if (row.sequence <= this.newest) continue;
      this.newest = row.sequence;
      const latest = this.latest.get(row.kind) ?? [];
      this.latest.set(row.kind, latest);
      latest.unshift(row);
      if (latest.length > keptPerKind) latest.pop();
    }
  }

  /** Kinds of exits, the most frequent first. */
  get summary(): readonly ExitKind[] {
    return Object.entries(this.counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => ({ kind, count, latest: this.latest.get(kind) ?? [] }))
      .sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
  }
}
