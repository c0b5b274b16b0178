/**
 * Between the target and the client: a stop at breakpoints with rules is decided here, and where no
 * rule wants it the guest goes on with what it was doing, a step as well, and nobody hears of it.
 */
import type { StopEvent } from '../core/debug/target.ts';
import { evaluateNumber } from '../core/debug/expressions/evaluate.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';
import { UserError } from '../core/base/userError.ts';
import type { Breakpoints, Entry } from './breakpoints.ts';
import { isConditionMet, valueText } from './evaluate.ts';
import { guestOfFrame, guestSeenBy, readPc, type Guest } from './guest.ts';
import { namesIn, type Scope } from './places.ts';
import type { CallStacks } from './stack.ts';

export interface StopFilterHost {
  /** A stop that counts. */
  forward(stop: StopEvent): void;
  log(text: string, entry: Entry): void;
  /** False once the guest has been replaced or has gone. */
  isCurrent(): boolean;
  /** What went wrong while nobody waited for an answer. */
  failed(error: unknown): void;
}

export class StopFilter {
  private readonly guest: Guest;
  private readonly stacks: CallStacks;
  private readonly breakpoints: Breakpoints;
  private readonly host: StopFilterHost;
  /** From a stop until it is forwarded or the guest goes on: to the client the guest runs. */
  private deciding = false;
  private pauseWanted = false;
  private problems: readonly string[] = [];
  /** The guest goes back: what was logged on the way there is not logged again. */
  goesBack = false;

  constructor(guest: Guest, stacks: CallStacks, breakpoints: Breakpoints, host: StopFilterHost) {
    this.guest = guest;
    this.stacks = stacks;
    this.breakpoints = breakpoints;
    this.host = host;
  }

  /** Every stop of the target comes here first. */
  arrived(stop: StopEvent): void {
    const { reason } = stop;
    const hasRules = reason.kind === 'breakpoint' || reason.kind === 'data';
    const decided = !this.guest.symbols.hasWorlds || reason.kind === 'data';
    const arePlain = hasRules && decided && this.breakpoints.arePlain(reason.ids);
    if (!hasRules || arePlain) return this.forward(stop, []);
    this.deciding = true;
    this.decide(stop).catch((error: unknown) => {
      if (!this.host.isCurrent()) return;
      this.host.failed(error);
      this.forward(stop, []);
    });
  }

  /** Stands still instead of going on, when a stop is being decided; else the target must be asked. */
  pause(): boolean {
    if (this.deciding) this.pauseWanted = true;
    return this.deciding;
  }

  /** While a stop is being decided nobody else may have the guest go. */
  checkFree(): void {
    if (this.deciding) throw new UserError('the guest is running already');
  }

  /** Why conditions of the last forwarded stop have no value. */
  get lastProblems(): readonly string[] {
    return this.problems;
  }

  private async decide(stop: StopEvent): Promise<void> {
    const { hart, reason } = stop;
    const ids: number[] = [];
    const problems: string[] = [];
    const scope = await this.scope(hart);
    const values = {
      ...(stop.at === undefined ? {} : { at: stop.at }),
      isMet: (condition: string) => isConditionMet(scope, condition),
      number: async (expression: string) => {
        const { value } = await evaluateNumber(parseExpression(expression), namesIn(scope));
        return value;
      },
      show: (expression: string) => valueText(scope, expression),
    };
    const entries =
      reason.kind === 'data'
        ? this.breakpoints.touchedBy(reason.access, reason.ids)
        : this.breakpoints.at(await readPc(this.guest, hart), await guestSeenBy(this.guest, hart));
    for (const entry of entries) {
      const change =
        reason.kind === 'data' ? reason.changes.find(({ id }) => id === entry.id) : undefined;
      const verdict = await entry.rule.decide(values, change);
      if (!this.host.isCurrent()) return;
      if (verdict.kind === 'log' && !this.goesBack) this.host.log(verdict.text, entry);
      if (verdict.kind !== 'stop') continue;
      ids.push(entry.id);
      if (verdict.problem !== undefined) problems.push(verdict.problem);
    }
    if (ids.length > 0) {
      const decided =
        reason.kind === 'breakpoint' || reason.kind === 'data' ? { ...reason, ids } : reason;
      return this.forward({ ...stop, reason: decided }, problems);
    }
    if (reason.kind === 'breakpoint' && reason.stepEnded) {
      return this.forward({ hart, reason: { kind: 'step' } }, []);
    }
    if (this.pauseWanted) return this.forward({ hart, reason: { kind: 'pause' } }, []);
    await this.goOn();
  }

  private async goOn(): Promise<void> {
    const { target } = this.guest;
    await target.resume({ kind: 'proceed' });
    this.deciding = false;
    if (!this.pauseWanted) return;
    this.pauseWanted = false;
    await target.pause();
  }

  private forward(stop: StopEvent, problems: readonly string[]): void {
    this.deciding = false;
    this.pauseWanted = false;
    this.problems = problems;
    this.host.forward(stop);
  }

  private async scope(hart: number): Promise<Scope> {
    const { guest, stacks } = this;
    const frame = await stacks.innermost(hart);
    return { guest: guestOfFrame(guest, frame?.frame), stacks, frame, hart };
  }
}
