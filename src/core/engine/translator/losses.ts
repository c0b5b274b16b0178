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
    let { times } = known;
    let left = this.progress() - known.since;
    while (times > 0 && (left -= instructionsToForgive(times)) >= 0) times--;
    return times;
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
/**
 * The last of so many losses. Each is remembered twice as long as the one before: of a compiler with
 * many pages some would be forgiven all the time, and translated once more in vain.
 */
const instructionsToForgive = (times: number): number => 50e6 * 2 ** (times - 1);
