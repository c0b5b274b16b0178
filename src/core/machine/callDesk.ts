/**
 * Where a guest's forwarded calls are answered: by the user's script, by the VMM's own parts, by a
 * person at the debugger, or by nobody. While an answer is under way the machine stands at the
 * call: no vCPU runs and no time passes.
 */
import { big, fields, mustFit, oneOf, optional, whole, type Persist } from '../base/persist.ts';
import { UserError } from '../base/userError.ts';
import { unreachable } from '../base/assert.ts';
import type { VirtualClock } from '../base/virtualClock.ts';
import type {
  CallAnswer,
  CallTable,
  CallTableRow,
  ExitStop,
  WaitingCall,
} from '../debug/target.ts';
import type { CallNames } from '../hypervisor/arch.ts';
import type { CallHandler, CallReply, CallScript } from '../hypervisor/callHandler.ts';
import type { CallRule } from '../hypervisor/callPolicy.ts';
import type { CallExit } from '../hypervisor/exits.ts';
import type { Vcpu } from '../hypervisor/vcpu.ts';
import type { Vm } from '../hypervisor/vm.ts';
import { callTable, callTableQuery } from './callTable.ts';
import { unansweredStop } from './exitStops.ts';
import type { CallControl, MachineStop } from './machine.ts';
import { ScriptedCall } from './scriptedCall.ts';

/** Stops for calls: the table says so, and the user's script failed. */
export const brokenCall = 'call';
export const failedHandler = 'handler-error';

export interface CallDeskParts {
  readonly vm: () => Vm;
  readonly names: CallNames;
  readonly handlers: readonly CallHandler[];
  readonly clock: VirtualClock;
  /** Which calls the debugger wants to see. */
  readonly stops: () => readonly ExitStop[];
  readonly sayOnce: (key: string, line: () => string) => void;
}

/** A call that the machine stands at, until the owner runs it again. */
interface Standing {
  readonly vcpu: Vcpu;
  readonly exit: CallExit;
  readonly pc: bigint;
  state: State;
}

// pending → answered | failed → shown; break and unanswered begin as shown.
type State =
  | { readonly kind: 'pending'; readonly until: Promise<void>; readonly scripted: ScriptedCall }
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'shown'; readonly why: 'break' | 'unanswered' | 'failed' };

export interface CallDeskState {
  /** The vCPU at whose call the machine stands; the call is the vCPU's. */
  readonly standing: StandingState | undefined;
}

interface StandingState {
  readonly vcpu: number;
  readonly pc: bigint;
  /** `failed` also where an answer was under way: the call is begun anew then. */
  readonly state: 'answered' | 'break' | 'unanswered' | 'failed';
}

const shape = fields({
  standing: optional(
    fields({
      ...{ vcpu: whole, pc: big },
      state: oneOf('answered', 'break', 'unanswered', 'failed'),
    }),
  ),
});

export class CallDesk implements CallControl, Persist<CallDeskState> {
  private readonly parts: CallDeskParts;
  script: CallScript | undefined;
  private standing: Standing | undefined;
  /** Calls that the user was shown and let go without an answer. */
  private readonly waved = new Set<string>();

  constructor(parts: CallDeskParts) {
    this.parts = parts;
  }

  /** Somebody's answer is under way: what it will be, no snapshot can tell. */
  get isPending(): boolean {
    return this.standing?.state.kind === 'pending';
  }

  save(): CallDeskState {
    const { standing } = this;
    if (!standing) return { standing: undefined };
    const { vcpu, pc, state } = standing;
    const kind = state.kind === 'shown' ? state.why : state.kind;
    return {
      standing: { vcpu: vcpu.id, pc, state: kind === 'pending' ? 'failed' : kind },
    };
  }

  /** Once the vCPUs are what they were. */
  restore(saved: CallDeskState): void {
    mustFit('the calls', saved, shape);
    const { standing } = saved;
    const vcpu = this.parts.vm().vcpus.find(({ id }) => id === standing?.vcpu);
    const exit = vcpu?.pendingCall;
    if (standing && !exit)
      throw new UserError('saved state of the calls names a call that is none');
    this.giveUpWaiting('the machine was put back to a snapshot');
    if (!standing || !vcpu || !exit) return;
    const { pc, state } = standing;
    const now: State = state === 'answered' ? { kind: 'answered' } : { kind: 'shown', why: state };
    this.standing = { vcpu, exit, pc, state: now };
  }

  get names(): CallNames {
    return this.parts.names;
  }

  use(script: CallScript): void {
    this.script = script;
  }

  close(): void {
    this.giveUpWaiting('the guest is gone');
    this.script?.close();
    this.script = undefined;
  }

  answers(extension: number): boolean {
    if (this.script?.answers(extension)) return true;
    return this.parts.handlers.some((handler) => handler.answers(extension));
  }

  get waiting(): WaitingCall | undefined {
    const { standing } = this;
    if (!standing || standing.state.kind === 'answered' || isMoved(standing)) return undefined;
    const { vcpu, exit, pc, state } = standing;
    const { text, extension, function: name, args } = exit.describe();
    return {
      hart: vcpu.id,
      pc,
      extension: exit.extension,
      function: exit.function,
      extensionName: extension,
      functionName: name,
      text,
      args,
      why: state.kind === 'shown' ? state.why : state.kind,
      errors: this.parts.names.errors,
    };
  }

  /** A person's answer; it is carried out when the machine runs again. */
  answer(answer: CallAnswer): void {
    const { standing } = this;
    if (!standing || !this.waiting) throw new UserError('no call waits for an answer');
    const { exit, vcpu } = standing;
    for (const name of answer.registers?.keys() ?? []) {
      if (vcpu.cpu.readRegister(name) !== undefined) continue;
      throw new UserError(`the hart has no register '${name}'`, name);
    }
    this.giveUpWaiting('the call was answered by hand');
    this.standing = standing;
    standing.state = { kind: 'answered' };
    exit.answered = true;
    if (answer.reply) exit.ret = [answer.reply.error, answer.reply.value];
    if (answer.registers) exit.registers = answer.registers;
  }

  override(rule: CallRule): void {
    this.parts.vm().policy.override(rule);
  }

  withdraw(range: Omit<CallRule, 'action'>): void {
    this.parts.vm().policy.withdraw(range);
  }

  table(): CallTable {
    return callTable(this.parts.vm().policy, this.parts.names, this.answerers);
  }

  query(extension: number, fn: number): CallTableRow {
    const { policy } = this.parts.vm();
    return callTableQuery(policy, this.parts.names, this.answerers, extension, fn);
  }

  private get answerers() {
    const { handlers } = this.parts;
    return this.script ? [this.script, ...handlers] : handlers;
  }

  /** Takes a call that has left the guest. Undefined: the guest goes on with what is in `exit`. */
  take(vcpu: Vcpu, exit: CallExit): MachineStop | undefined {
    if (exit.stop) {
      this.show(vcpu, exit, 'break');
      return { kind: 'event', hart: vcpu.id, name: brokenCall, text: exit.describe().text };
    }
    return this.begin(vcpu, exit);
  }

  /** Before the machine runs: what keeps it from doing so. */
  poll(): MachineStop | undefined {
    const { standing } = this;
    if (!standing) return undefined;
    if (isMoved(standing)) {
      // Somebody has finished the call by hand.
      this.giveUpWaiting('pc was moved away from the call');
      return undefined;
    }
    const { vcpu, exit, state } = standing;
    switch (state.kind) {
      case 'pending':
        return { kind: 'pending', until: state.until };
      case 'answered':
        this.standing = undefined;
        return undefined;
      case 'failed':
        return this.showFailure(vcpu, exit, state.error);
      case 'shown':
        this.standing = undefined;
        return this.goOn(vcpu, exit, state.why);
    }
  }

  /** The owner was shown the call and wants to go on. */
  private goOn(
    vcpu: Vcpu,
    exit: CallExit,
    why: 'break' | 'unanswered' | 'failed',
  ): MachineStop | undefined {
    switch (why) {
      case 'break':
        return undefined;
      case 'unanswered':
        this.waved.add(keyOf(exit));
        // A script may have learnt to answer it meanwhile.
        return this.begin(vcpu, exit);
      case 'failed':
        // The script may be another one by now.
        return this.begin(vcpu, exit);
      default:
        return unreachable(why);
    }
  }

  private begin(vcpu: Vcpu, exit: CallExit): MachineStop | undefined {
    const { script } = this;
    if (!script) return this.answerOurselves(vcpu, exit);
    const scripted = this.scriptedCall(vcpu, exit);
    let reply: ReturnType<CallScript['call']>;
    try {
      reply = script.call(exit, vcpu.id, scripted);
    } catch (error) {
      scripted.undo();
      return this.showFailure(vcpu, exit, error);
    }
    if (reply === undefined) return this.answerOurselves(vcpu, exit);
    if (isPromise(reply)) return this.waitFor(reply, vcpu, exit, scripted);
    scripted.settle(reply);
    return undefined;
  }

  private waitFor(
    reply: Promise<CallReply>,
    vcpu: Vcpu,
    exit: CallExit,
    scripted: ScriptedCall,
  ): MachineStop {
    const isWaitedFor = () => this.standing === standing && standing.state === pending;
    const until = reply.then(
      (given) => {
        if (!isWaitedFor()) return;
        scripted.settle(given);
        standing.state = { kind: 'answered' };
      },
      (error: unknown) => {
        if (!isWaitedFor()) return;
        scripted.undo();
        standing.state = { kind: 'failed', error };
      },
    );
    const pending: State = { kind: 'pending', until, scripted };
    const standing: Standing = { vcpu, exit, pc: vcpu.cpu.pc, state: pending };
    this.standing = standing;
    return { kind: 'pending', until };
  }

  private answerOurselves(vcpu: Vcpu, exit: CallExit): MachineStop | undefined {
    this.askHandlers(exit);
    if (exit.answered) return undefined;
    if (!exit.shown && !this.waved.has(keyOf(exit))) {
      const stop = unansweredStop(this.parts.stops(), vcpu.id, () => exit.describe().text);
      if (stop) {
        this.show(vcpu, exit, 'unanswered');
        return stop;
      }
    }
    this.sayUnanswered(vcpu, exit);
    return undefined;
  }

  private askHandlers(exit: CallExit): void {
    for (const handler of this.parts.handlers) {
      handler.handle(exit, this.parts.vm());
      if (exit.answered) return;
    }
  }

  private scriptedCall(vcpu: Vcpu, exit: CallExit): ScriptedCall {
    const { vm, clock } = this.parts;
    return new ScriptedCall({
      vm: vm(),
      cpu: vcpu.cpu,
      exit,
      next: () => this.askHandlers(exit),
      spend: (seconds) =>
        clock.skipTo(clock.ticks() + BigInt(Math.round(seconds * clock.timebase))),
    });
  }

  private show(vcpu: Vcpu, exit: CallExit, why: 'break' | 'unanswered' | 'failed'): void {
    this.standing = { vcpu, exit, pc: vcpu.cpu.pc, state: { kind: 'shown', why } };
  }

  private showFailure(vcpu: Vcpu, exit: CallExit, error: unknown): MachineStop {
    this.show(vcpu, exit, 'failed');
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const text = `the handler of ${exit.describe().text} failed: ${what}`;
    return { kind: 'event', hart: vcpu.id, name: failedHandler, text };
  }

  private giveUpWaiting(reason: string): void {
    const { standing } = this;
    this.standing = undefined;
    if (standing?.state.kind !== 'pending') return;
    standing.state.scripted.undo();
    this.script?.cancel(reason);
  }

  private sayUnanswered(vcpu: Vcpu, exit: CallExit): void {
    this.parts.sayOnce(
      `call ${keyOf(exit)}`,
      () =>
        `call at pc 0x${vcpu.cpu.pc.toString(16)} has nobody to answer it: ${exit.describe().text}; ` +
        `the guest is told that it is not supported`,
    );
  }
}

function keyOf(exit: CallExit): string {
  return `${exit.extension} ${exit.function}`;
}

function isMoved({ vcpu, pc }: Standing): boolean {
  return vcpu.cpu.pc !== pc;
}

function isPromise(reply: Promise<CallReply> | CallReply): reply is Promise<CallReply> {
  return 'then' in reply;
}
