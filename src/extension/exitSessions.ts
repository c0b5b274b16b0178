/**
 * What the exits view keeps of each debug session: its exits, where the user chose to stop, the
 * file that is recorded. Of several sessions one is shown; the others keep theirs meanwhile.
 */
import { ExitLog } from './exitLog.ts';

/** Exits of a kind, or of those only the ones whose description contains the text. */
export interface ExitLike {
  readonly kind: string;
  readonly text?: string;
}

export class ExitSession {
  log = new ExitLog();
  /** Exits that stop the guest by a choice made in the view. */
  broken: readonly ExitLike[] = [];
  /** The file to which every exit goes; it lasts as long as the session, restarts included. */
  recording: string | undefined;

  stopsAt(like: ExitLike | undefined): boolean {
    return this.broken.some((stop) => stop.kind === like?.kind && stop.text === like.text);
  }
}

export class ExitSessions {
  private readonly sessions = new Map<string, ExitSession>();
  /** The one that the view shows; after its end, still what it left. */
  shown = new ExitSession();

  /** That of a debug session, made when it is first asked for. */
  of(id: string): ExitSession {
    const known = this.sessions.get(id);
    if (known) return known;
    const made = new ExitSession();
    this.sessions.set(id, made);
    return made;
  }

  /** Whether another one is shown now. */
  show(id: string): boolean {
    const before = this.shown;
    this.shown = this.of(id);
    return this.shown !== before;
  }

  /** The guest was built anew: it counts from the beginning. */
  restarted(id: string): void {
    const session = this.of(id);
    session.log = new ExitLog();
    session.broken = [];
  }

  /** With the session its recording has ended, too. */
  ended(id: string): void {
    const session = this.sessions.get(id);
    if (session) session.recording = undefined;
    this.sessions.delete(id);
  }
}
