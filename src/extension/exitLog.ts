/**
 * The exits of one guest as the view shows them: all counted by kind, the latest of each kind kept.
 * The counts are the guest's own: it keeps only its last exits, so rows alone would count too few.
 */
import type { ExitRow } from '../adapter/protocol.ts';

export interface ExitKind {
  readonly kind: string;
  readonly count: number;
  /** Exits of the kind in a million instructions. */
  readonly rate: number;
  /** Newest first, as far as the filter lets them through. */
  readonly latest: readonly ExitRow[];
}

/** A person reads the last few; the count says how many there were. */
const keptPerKind = 100;

export class ExitLog {
  private readonly latest = new Map<string, ExitRow[]>();
  private counts: Readonly<Record<string, number>> = {};
  private instructions = 0;
  /** Sequence number of the newest exit seen; what to ask for is what comes after it. */
  newest = 0;

  /** Takes further exits, oldest first, and the counts as they are now. */
  add(
    rows: readonly ExitRow[],
    counts: Readonly<Record<string, number>>,
    instructions: number,
  ): void {
    this.counts = counts;
    this.instructions = instructions;
    for (const row of rows) {
      if (row.sequence <= this.newest) continue;
      this.newest = row.sequence;
      const latest = this.latest.get(row.kind) ?? [];
      this.latest.set(row.kind, latest);
      latest.unshift(row);
      if (latest.length > keptPerKind) latest.pop();
    }
  }

  /** Kinds of exits, the most frequent first; of a kind the rows with all of the filter's words. */
  summary(filter = ''): readonly ExitKind[] {
    return Object.entries(this.counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => ({
        kind,
        count,
        rate: this.instructions === 0 ? 0 : (count * 1e6) / this.instructions,
        latest: (this.latest.get(kind) ?? []).filter((row) => matches(row, filter)),
      }))
      .filter(({ latest }) => filter.trim() === '' || latest.length > 0)
      .sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind));
  }
}

export function rateText({ rate }: ExitKind): string {
  return `${rate >= 10 ? Math.round(rate) : rate.toPrecision(2)} per million instructions`;
}

/**
 * Places of the kinds that do not look as before, as far as they are the same ones in the same
 * order; else undefined.
 */
export function changedPlaces(
  before: readonly ExitKind[],
  after: readonly ExitKind[],
): readonly number[] | undefined {
  const isOther = after.some(({ kind }, i) => kind !== before[i]?.kind);
  if (isOther || before.length !== after.length) return undefined;
  return [...after.keys()].filter((i) => !looksAlike(before[i]!, after[i]!));
}

function looksAlike(a: ExitKind, b: ExitKind): boolean {
  const areLatest = a.latest.length === b.latest.length && a.latest[0] === b.latest[0];
  return areLatest && a.count === b.count && rateText(a) === rateText(b);
}

/** What is alike in the calls of one function and in accesses to one address. */
export function sameExits({ kind, text }: ExitRow): { kind: string; text?: string } {
  const call = /^(.*?)\(/.exec(text)?.[1];
  if (kind === 'sbi' && call !== undefined) return { kind, text: `${call}(` };
  const address = /0x[0-9a-f]+/.exec(text)?.[0];
  return kind === 'mmio' && address !== undefined ? { kind, text: address } : { kind };
}

function matches({ kind, text, pc, hart, source }: ExitRow, filter: string): boolean {
  const where = source ? `${source.path}:${source.line}` : '';
  const haystack = `${kind} ${text} ${pc} hart ${hart} ${where}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
