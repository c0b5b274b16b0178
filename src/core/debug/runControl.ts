/**
 * The loop that drives a machine for a debugger: slices of a few milliseconds, between them the
 * host gets to deliver a pause or a key. It measures and paces but never changes what the machine
 * computes. It knows no DAP, no instruction set and no timers: time comes from `RunHost`.
 */
import { assert } from '../base/assert.ts';
import { UserError } from '../base/userError.ts';
import type { Plan, SliceResult } from './planContext.ts';
import type { EndEvent, StopEvent } from './target.ts';

/** What the loop needs of its host. */
export interface RunHost {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Lets the host deliver what waits: messages, input. */
  yieldToHost(): Promise<void>;
  /** About so many milliseconds. */
  delay(milliseconds: number): Promise<void>;
}

export interface RunObserver {
  /** After every slice: consoles are flushed here. */
  onSlice(): void;
  /** When the next slice has to wait for somebody outside: until when. */
  hold?(): Promise<void> | undefined;
  onStop(stop: StopEvent): void;
  onEnd(end: EndEvent): void;
}

/** Compares the machine's clock with the host's, both in milliseconds. */
export interface Pacing {
  /** Virtual time since the machine started. */
  virtualTime(): number;
}

export type RunState = 'stopped' | 'running' | 'ended';

/** Long enough that the loop's own work does not count, short enough for a key to feel immediate. */
const SLICE_MILLISECONDS = 3;
const FIRST_BUDGET = 20_000;
const LEAST_BUDGET = 500;
const MOST_BUDGET = 20_000_000;
/** A paced slice covers about this much virtual time: a guest that mostly waits skips a lot of it. */
const PACED_MILLISECONDS = 20;
/** A guest may run ahead of the wall clock by this much before the loop sleeps. */
const LEAD_MILLISECONDS = 5;
/** The longest sleep in a row, so that a key typed meanwhile is not kept waiting. */
const LONGEST_NAP = 20;

export class RunControl {
  private readonly host: RunHost;
  private readonly observer: RunObserver;
  private readonly pacing: Pacing | undefined;
  private current: RunState = 'stopped';
  private readonly clock: PaceClock;
  private budget = FIRST_BUDGET;
  private busyMilliseconds = 0;
  private halt: 'pause' | 'silent' | undefined;
  private wake: (() => void) | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(host: RunHost, observer: RunObserver, pacing?: Pacing) {
    this.host = host;
    this.observer = observer;
    this.pacing = pacing;
    this.clock = new PaceClock(host, pacing);
  }

  get state(): RunState {
    return this.current;
  }

  /** Host time spent in slices. */
  get seconds(): number {
    return this.busyMilliseconds / 1000;
  }

  // stopped → running
  start(plan: Plan, hart: number): void {
    assert(this.current === 'stopped', `cannot run: the machine is ${this.current}`);
    this.current = 'running';
    this.running = this.loop(plan, hart);
  }

  // running → stopped; silently when nobody is to hear of it
  async stop(kind: 'pause' | 'silent'): Promise<void> {
    if (this.current !== 'running') return;
    if (this.halt !== 'silent') this.halt = kind;
    this.wake?.();
    await this.running;
  }

  /** Something came from outside: an idle machine looks again. */
  inputArrived(): void {
    this.wake?.();
  }

  private async loop(plan: Plan, hart: number): Promise<void> {
    // The answer to the request that started us goes out before anything we have to say.
    await this.host.yieldToHost();
    const { clock } = this;
    clock.goOn();
    if (!plan.isUnpaced) await this.waitFor(clock);
    for (;;) {
      if (this.halt) {
        const reason = { kind: 'pause' } as const;
        return this.finish('stopped', () => this.observer.onStop({ hart, reason }));
      }
      const hold = this.observer.hold?.();
      if (hold) {
        await Promise.race([hold, this.untilWoken()]);
        clock.restart();
        continue;
      }
      const result = this.runSlice(plan, hart);
      switch (result.kind) {
        case 'more':
          await this.host.yieldToHost();
          if (!plan.isUnpaced) await this.waitFor(clock);
          break;
        case 'idle':
          await this.untilWoken();
          clock.restart();
          break;
        case 'pending':
          await Promise.race([result.until, this.untilWoken()]);
          clock.restart();
          break;
        case 'stop':
          return this.finish('stopped', () => this.observer.onStop(result.stop));
        case 'end':
          return this.finish('ended', () => this.observer.onEnd(result.end));
      }
    }
  }

  private runSlice(plan: Plan, hart: number): SliceResult {
    const start = this.host.now();
    const virtualStart = this.pacing?.virtualTime() ?? 0;
    let result: SliceResult;
    try {
      result = plan.slice(this.budget);
      this.observer.onSlice();
    } catch (error) {
      result = { kind: 'stop', stop: stopForError(error, hart) };
    }
    const elapsed = this.host.now() - start;
    this.busyMilliseconds += elapsed;
    if (result.kind === 'more') {
      this.adaptBudget(elapsed, (this.pacing?.virtualTime() ?? 0) - virtualStart);
    }
    return result;
  }

  private adaptBudget(elapsed: number, virtual: number): void {
    const factor = Math.min(
      elapsed > 0 ? SLICE_MILLISECONDS / elapsed : Infinity,
      virtual > 0 ? PACED_MILLISECONDS / virtual : Infinity,
    );
    const bounded = this.budget * Math.min(factor, 4);
    this.budget = Math.round(Math.max(LEAST_BUDGET, Math.min(MOST_BUDGET, bounded)));
  }

  /** Until the wall clock has caught up. */
  private async waitFor(clock: PaceClock): Promise<void> {
    for (let ahead = clock.lead(); ahead > LEAD_MILLISECONDS && !this.halt; ahead = clock.lead()) {
      await this.nap(Math.min(ahead, LONGEST_NAP));
    }
  }

  private nap(milliseconds: number): Promise<void> {
    return Promise.race([this.host.delay(milliseconds), this.untilWoken()]);
  }

  private untilWoken(): Promise<void> {
    if (this.halt) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }

  private finish(state: RunState, tell: () => void): void {
    const silent = this.halt === 'silent';
    this.halt = undefined;
    this.current = state;
    if (!silent) tell();
  }
}

/** How far the machine's clock is ahead of the host's since it began to run, or had to wait. */
class PaceClock {
  private readonly host: RunHost;
  private readonly pacing: Pacing | undefined;
  private hostStart = 0;
  private virtualStart = 0;

  constructor(host: RunHost, pacing: Pacing | undefined) {
    this.host = host;
    this.pacing = pacing;
    this.restart();
  }

  restart(): void {
    this.hostStart = this.host.now();
    this.virtualStart = this.pacing?.virtualTime() ?? 0;
  }

  /**
   * After a stop: what the machine is still ahead counts, or one that stops and is sent on many
   * times a second, for a condition that does not hold, would run as fast as it can.
   */
  goOn(): void {
    if (this.lead() < 0) this.restart();
  }

  lead(): number {
    if (!this.pacing) return 0;
    const lead = this.pacing.virtualTime() - this.virtualStart - (this.host.now() - this.hostStart);
    // A machine that cannot keep up does not hurry later to make good for it.
    if (lead < -100) this.restart();
    return lead;
  }
}

/**
 * A slice that threw leaves a machine to look at, not one to throw away: the debugger stops where
 * it is and says why.
 */
function stopForError(error: unknown, hart: number): StopEvent {
  if (error instanceof UserError) {
    return { hart, reason: { kind: 'event', name: 'error', text: error.message } };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { hart, reason: { kind: 'event', name: 'internal error', text } };
}
