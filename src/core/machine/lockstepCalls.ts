/**
 * Calls of two machines in lockstep: rules and answers go to both, a user's script is asked by the
 * first alone, and the second gets what the first got.
 */
import type { CallTable, CallTableRow, CallAnswer, WaitingCall } from '../debug/target.ts';
import type { CallScript, ScriptGuest } from '../hypervisor/callHandler.ts';
import type { CallRule } from '../hypervisor/callPolicy.ts';
import type { CallControl } from './machine.ts';

/** What one call came to in the first machine, for the second to come to it too. */
class Asked {
  outcome: { readonly reply: ReturnType<CallScript['call']> } | { readonly error: unknown } = {
    reply: undefined,
  };
  private second: ScriptGuest | undefined;
  private readonly waiting: ((guest: ScriptGuest) => void)[] = [];

  /** The first machine's guest, to whose like all is done as well. */
  guest(first: ScriptGuest): ScriptGuest {
    const both = <T>(work: (guest: ScriptGuest) => T): T => {
      const result = work(first);
      if (this.second) work(this.second);
      else this.waiting.push(work);
      return result;
    };
    return {
      pc: first.pc,
      readRegister: (name) => first.readRegister(name),
      readMemory: (space, address, size) => first.readMemory(space, address, size),
      writeRegister: (name, value) => both((guest) => guest.writeRegister(name, value)),
      writeMemory: (...args) => both((guest) => guest.writeMemory(...args)),
      spend: (seconds) => both((guest) => guest.spend(seconds)),
      next: () => both((guest) => guest.next()),
    };
  }

  /** The second machine has come to the call. */
  meet(second: ScriptGuest): ReturnType<CallScript['call']> {
    this.second = second;
    for (const work of this.waiting) work(second);
    if ('error' in this.outcome) throw this.outcome.error;
    return this.outcome.reply;
  }
}

export class LockstepCalls implements CallControl {
  private readonly first: CallControl;
  private readonly second: CallControl;

  constructor(first: CallControl, second: CallControl) {
    this.first = first;
    this.second = second;
  }

  get names(): CallControl['names'] {
    return this.first.names;
  }
  get waiting(): WaitingCall | undefined {
    return this.first.waiting;
  }

  script: CallScript | undefined;

  use(script: CallScript): void {
    this.script = script;
    const asked: Asked[] = [];
    const { name, extensions } = script;
    const answers = (extension: number): boolean => script.answers(extension);
    this.first.use({
      ...{ name, extensions, answers },
      call: (exit, hart, guest) => {
        const call = new Asked();
        asked.push(call);
        try {
          const reply = script.call(exit, hart, call.guest(guest));
          call.outcome = { reply };
          return reply;
        } catch (error) {
          call.outcome = { error };
          throw error;
        }
      },
      cancel: (reason) => script.cancel(reason),
      close: () => script.close(),
    });
    this.second.use({
      ...{ name, extensions, answers },
      call: (_exit, _hart, guest) => asked.shift()?.meet(guest),
      cancel: () => {},
      close: () => {},
    });
  }

  answer(answer: CallAnswer): void {
    this.first.answer(answer);
    this.second.answer(answer);
  }
  table(): CallTable {
    return this.first.table();
  }
  query(extension: number, fn: number): CallTableRow {
    return this.first.query(extension, fn);
  }
  override(rule: CallRule): void {
    this.first.override(rule);
    this.second.override(rule);
  }
  withdraw(range: Omit<CallRule, 'action'>): void {
    this.first.withdraw(range);
    this.second.withdraw(range);
  }
  close(): void {
    this.first.close();
    this.second.close();
  }
}
