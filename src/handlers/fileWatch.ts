/**
 * Tells when one of some files has changed. It asks for their times, which works on every file
 * system, and where editors replace a file instead of writing to it.
 */
import { promises, statSync } from 'node:fs';

/** Milliseconds from one look to the next: soon enough for somebody who switches windows. */
const period = 250;

export class FileWatch {
  private readonly changed: () => void;
  private stamps = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(changed: () => void) {
    this.changed = changed;
  }

  /** Watches these files instead, as they are now. */
  replace(files: ReadonlySet<string>): void {
    this.stamps = new Map([...files].map((file) => [file, stampNow(file)]));
    if (this.timer) return;
    this.timer = setInterval(() => void this.look(), period);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    const { stamps } = this;
    const now = await Promise.all([...stamps.keys()].map(stampOf));
    this.looking = false;
    if (stamps === this.stamps && [...stamps.values()].some((stamp, i) => stamp !== now[i])) {
      this.changed();
    }
  }
}

function stampNow(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? stampText(found) : 'absent';
}

async function stampOf(file: string): Promise<string> {
  // Reached this way, Node reads the module of promises when the first file is looked at.
  return promises.stat(file).then(stampText, () => 'absent');
}

function stampText({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string {
  return `${mtimeMs} ${size} ${ino}`;
}
