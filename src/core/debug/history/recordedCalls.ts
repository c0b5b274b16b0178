/**
 * What a user's handlers answered, and to which call: a run that is made again takes these answers
 * and does not ask the handlers, who may have changed and may do things outside. A call is found
 * again by the count of instructions at which it was made.
 */
import type { CallReply, CallScript, ScriptGuest } from '../../hypervisor/callHandler.ts';

/** Something that a handler did with its guest. */
type Action =
  | { readonly kind: 'register'; readonly name: string; readonly value: bigint }
  | {
      readonly kind: 'memory';
      readonly space: 'virtual' | 'physical';
      readonly address: bigint;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'spend'; readonly seconds: number }
  | { readonly kind: 'next' };

interface Outcome {
  readonly actions: Action[];
  /** Absent while nothing came of it. */
  result?: { readonly reply: CallReply } | { readonly error: unknown };
}

/** What is recorded for. */
export interface RecordedRun {
  readonly instructions: number;
  readonly isPast: boolean;
  /** Why nothing is recorded; undefined while it is. */
  readonly lost: string | undefined;
  /** Whether a person answered the call that the machine comes to now. */
  readonly isAnsweredByHand: boolean;
}

/** What an answer takes beside the bytes in it, about. */
const outcomeBytes = 256;

export class RecordedCalls {
  private readonly run: RecordedRun;
  private readonly live: CallScript | undefined;
  private readonly outcomes = new Map<number, Outcome>();
  private answered: { at: number; extension: number; answers: boolean }[] = [];
  private size = 0;

  constructor(run: RecordedRun, live: CallScript | undefined) {
    this.run = run;
    this.live = live;
  }

  /** About how many bytes of memory it takes. */
  get bytes(): number {
    return this.size;
  }

  /** Forgets what was answered behind a count of instructions. */
  truncate(instructions: number): void {
    for (const [at, outcome] of this.outcomes) if (at > instructions) this.forget(at, outcome);
    this.answered = this.answered.filter(({ at }) => at <= instructions);
  }

  private forget(at: number, { actions }: Outcome): void {
    this.outcomes.delete(at);
    this.size -= outcomeBytes;
    for (const action of actions) if (action.kind === 'memory') this.size -= action.bytes.length;
  }

  /** The script as the machine has it. */
  script(): CallScript {
    const { live } = this;
    return {
      name: live?.name ?? '',
      extensions: live?.extensions ?? [],
      answers: (extension) => this.answers(extension),
      call: (...args) => (this.run.isPast ? this.again(args[2]) : this.record(...args)),
      cancel: (reason) => this.run.isPast || live?.cancel(reason),
      close: () => live?.close(),
    };
  }

  private answers(extension: number): boolean {
    const { run } = this;
    const last = this.answered.findLast(
      (each) => each.extension === extension && each.at <= run.instructions,
    );
    if (run.isPast) return last?.answers ?? false;
    const answers = this.live?.answers(extension) ?? false;
    if (run.lost === undefined && answers !== (last?.answers ?? false)) {
      this.answered.push({ at: run.instructions, extension, answers });
    }
    return answers;
  }

  private record(...[exit, hart, guest]: Parameters<CallScript['call']>) {
    if (this.run.lost !== undefined) return this.live?.call(exit, hart, guest);
    const at = this.run.instructions;
    const outcome: Outcome = { actions: [] };
    this.outcomes.set(at, outcome);
    this.size += outcomeBytes;
    try {
      const reply = this.live?.call(exit, hart, this.watched(guest, outcome));
      if (reply === undefined) this.forget(at, outcome);
      else if ('then' in reply) return this.recordLater(reply, outcome);
      else outcome.result = { reply };
      return reply;
    } catch (error) {
      outcome.result = { error };
      throw error;
    }
  }

  private async recordLater(coming: Promise<CallReply>, outcome: Outcome): Promise<CallReply> {
    try {
      const reply = await coming;
      outcome.result = { reply };
      return reply;
    } catch (error) {
      outcome.result = { error };
      throw error;
    }
  }

  private watched(guest: ScriptGuest, { actions }: Outcome): ScriptGuest {
    const note = <T>(action: Action, result: T): T => {
      if (result === false) return result;
      actions.push(action);
      this.size += action.kind === 'memory' ? action.bytes.length : 0;
      return result;
    };
    return {
      pc: guest.pc,
      readRegister: (name) => guest.readRegister(name),
      readMemory: (space, address, size) => guest.readMemory(space, address, size),
      writeRegister: (name, value) =>
        note({ kind: 'register', name, value }, guest.writeRegister(name, value)),
      writeMemory: (space, address, given) => {
        const bytes = given.slice();
        const action = { kind: 'memory' as const, space, address, bytes };
        return note(action, guest.writeMemory(space, address, bytes));
      },
      spend: (seconds) => note({ kind: 'spend', seconds }, guest.spend(seconds)),
      next: () => note({ kind: 'next' }, guest.next()),
    };
  }

  private again(guest: ScriptGuest): Promise<CallReply> | CallReply | undefined {
    const { run } = this;
    const outcome = this.outcomes.get(run.instructions);
    // No reply comes but the person's.
    if (run.isAnsweredByHand) return new Promise(() => {});
    if (!outcome) return undefined;
    const { actions, result } = outcome;
    if (!result) return new Promise(() => {});
    for (const action of actions) perform(guest, action);
    if ('error' in result) throw result.error;
    return result.reply;
  }
}

function perform(guest: ScriptGuest, action: Action): void {
  switch (action.kind) {
    case 'register':
      guest.writeRegister(action.name, action.value);
      return;
    case 'memory':
      guest.writeMemory(action.space, action.address, action.bytes);
      return;
    case 'spend':
      return guest.spend(action.seconds);
    case 'next':
      guest.next();
  }
}
