/** What a run asks of code before it is translated while it is young: most runs end then. */

/** How far a run has come, about. */
export interface RunSoFar {
  /** Instructions retired. */
  instructions(): number;
  /** Of those the ones that TypeScript carried out. */
  byHost(): number;
}

/** Hot beyond doubt is what is doubled so many times; a loop gets there within a millisecond. */
const doubtsOfYouth = 4;
/**
 * For a run's first module it is four times as much: the translator's own code is cold then, and 70
 * instructions take 5 to 10 ms. What most firmware runs through once does not get there.
 */
const doubtsOfFirst = 6;
/** A million rounds, which takes seconds of the guest's time. */
const doubtsOfWaiting = 9;
/** Who asks TypeScript for one of so many instructions, the clock above all, spends as long there. */
const waitingShare = 64;
/** Instructions that are looked at together. */
const windowInstructions = 1 << 16;

export class Youth {
  private readonly run: RunSoFar;
  /** Instructions that it lasts. */
  private readonly lasts: number;
  private instructions = 0;
  private byHost = 0;
  private waits = false;

  constructor(run: RunSoFar, lasts: number) {
    this.run = run;
    this.lasts = lasts;
  }

  get isOver(): boolean {
    return this.run.instructions() >= this.lasts;
  }

  /** How many times what is asked of a place doubles; to be called for each that may be hot. */
  doubts(isFirst: boolean): number {
    if (this.isOver) return 0;
    this.look();
    // Firmware that waits for a key goes round, and round is no quicker when it is translated.
    if (this.waits) return doubtsOfWaiting;
    return isFirst ? doubtsOfFirst : doubtsOfYouth;
  }

  private look(): void {
    const instructions = this.run.instructions();
    const passed = instructions - this.instructions;
    if (passed >= 0 && passed < windowInstructions) return;
    const byHost = this.run.byHost();
    // A snapshot that was restored leads back: what was before says nothing then.
    this.waits = passed > 0 && (byHost - this.byHost) * waitingShare > passed;
    this.instructions = instructions;
    this.byHost = byHost;
  }
}
