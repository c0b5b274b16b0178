/**
 * Makes a program's index of names between requests, so that the first one that needs it does not
 * wait: in steps of some milliseconds, told as progress where it takes longer, until it is cancelled.
 */
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../core/base/userError.ts';
import type { ProgramSymbols } from '../core/debug/symbols/symbols.ts';

/** What of the session is needed; names and bodies are DAP's. */
export interface ProgressClient {
  showsProgress(): boolean;
  tell(event: 'progressStart' | 'progressUpdate' | 'progressEnd', body: object): void;
}

/** Milliseconds of work before a person hears of it, and between two words of how far it is. */
const WORTH_TELLING = 500;

export class Indexing {
  private readonly client: ProgressClient;
  private count = 0;
  private current: { readonly id: string } | undefined;

  constructor(client: ProgressClient) {
    this.client = client;
  }

  /** Ends what is under way and begins with another program. */
  async run(symbols: Pick<ProgramSymbols, 'prepare'>): Promise<void> {
    const own = { id: `index-${++this.count}` };
    this.current = own;
    let told = 0;
    let worked = 0;
    const steps = symbols.prepare();
    try {
      while (this.current === own) {
        const start = performance.now();
        const { done, value } = steps.next();
        worked += performance.now() - start;
        if (done === true) break;
        if (this.client.showsProgress() && worked >= WORTH_TELLING * (told + 1)) {
          this.tellProgress(own.id, value, told++ === 0);
        }
        // Requests that came meanwhile go first.
        await setImmediate();
      }
    } catch (error) {
      // Whoever needs what cannot be read will say so.
      if (!(error instanceof UserError)) throw error;
    } finally {
      if (told > 0) this.client.tell('progressEnd', { progressId: own.id });
      if (this.current === own) this.current = undefined;
    }
  }

  /** Names that are not indexed then are looked for when somebody asks. */
  cancel(id?: string): void {
    if (id === undefined || this.current?.id === id) this.current = undefined;
  }

  private tellProgress(progressId: string, done: number, isFirst: boolean): void {
    const percentage = Math.round(done * 100);
    if (!isFirst) this.client.tell('progressUpdate', { progressId, percentage });
    else {
      const title = 'Indexing debug information';
      this.client.tell('progressStart', { progressId, title, cancellable: true, percentage });
    }
  }
}
