/**
 * How often code of a page was stored to that regions were made of: there, translation is worth less,
 * but not for ever. A compiler's output stays suspicious; a kernel that patched itself is forgiven.
 */
export class Losses {
  private readonly pages = new Map<number, { times: number; since: number }>();
  private readonly progress: () => number;

  /** `progress`: instructions retired so far, about. */
  constructor(progress: () => number) {
    this.progress = progress;
  }

  of(page: number): number {
    const known = this.pages.get(page);
    if (!known) return 0;
    const forgiven = Math.floor((this.progress() - known.since) / instructionsToForgive);
    return Math.max(0, known.times - forgiven);
  }

  add(page: number): void {
    this.pages.set(page, { times: Math.min(this.of(page) + 1, most), since: this.progress() });
  }

  clear(): void {
    this.pages.clear();
  }
}

/** Each loss doubles what is asked of a place, up to so many. */
const most = 12;
/** One loss. */
const instructionsToForgive = 50e6;
