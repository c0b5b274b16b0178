/**
 * The user's handler module as the machine's script: finds the handler of a call, makes of what it
 * returns a reply and of what it throws a stack of the user's own, and loads the module again when
 * one of its files has changed. The guest goes on with the old handlers where the new cannot be had.
 */
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import type { CallNames } from '../core/hypervisor/arch.ts';
import type { CallReply, CallScript, ScriptGuest } from '../core/hypervisor/callHandler.ts';
import type { CallExit } from '../core/hypervisor/exits.ts';
import type { Answer } from './api.ts';
import { CallView, GuestView } from './guestView.ts';
import { HandlerTable } from './handlerTable.ts';
import { ModuleLoader, type ToCommonJs } from './moduleLoader.ts';
import { moduleConsole } from './moduleConsole.ts';
import { userStack } from './userStack.ts';
import { FileWatch } from './fileWatch.ts';

export interface HandlerScriptParts {
  /** Absolute. */
  readonly file: string;
  readonly names: CallNames;
  readonly toCommonJs: ToCommonJs;
  /** A line for the user. */
  readonly say: (line: string) => void;
}

/** After so many milliseconds of the user's time they are told what the guest waits for. */
const longWait = 10_000;

export class HandlerScript implements CallScript {
  readonly name: string;
  private readonly parts: HandlerScriptParts;
  private readonly store = new Map<string, unknown>();
  private readonly watch: FileWatch;
  private table: HandlerTable;
  private files: ReadonlySet<string> = new Set();
  private controller: AbortController | undefined;
  private longWait: NodeJS.Timeout | undefined;

  /** Throws `UserError` when the module cannot be used. */
  constructor(parts: HandlerScriptParts) {
    this.parts = parts;
    this.name = path.basename(parts.file);
    this.watch = new FileWatch(() => this.reload());
    this.table = this.load();
    if (this.table.unused.length > 0) {
      const list = this.table.unused.join(', ');
      parts.say(`${this.name}: ${list}: exported, but no name of a call, so never asked`);
    }
  }

  get extensions() {
    return this.table.extensions;
  }

  answers(extension: number): boolean {
    return this.table.answers(extension);
  }

  call(
    exit: CallExit,
    hart: number,
    guest: ScriptGuest,
  ): Promise<CallReply> | CallReply | undefined {
    const handler = this.table.find(exit.extension, exit.function);
    if (!handler) return undefined;
    this.controller = undefined;
    const { files } = this;
    const controller = () => (this.controller ??= new AbortController());
    const view = new CallView(exit, hart, guest.pc, controller);
    const unanswered: CallReply = { error: exit.ret[0], value: exit.ret[1] };
    try {
      const answer = handler(view, new GuestView(guest, this.store), () => {
        return guest.next() ?? unanswered;
      });
      if (!isThenable(answer)) return this.replyOf(answer);
      return this.await(answer, exit, files);
    } catch (error) {
      throw shownAs(error, files);
    }
  }

  cancel(reason: string): void {
    clearTimeout(this.longWait);
    this.controller?.abort(new Error(reason));
  }

  close(): void {
    clearTimeout(this.longWait);
    this.watch.close();
  }

  private async await(
    answer: PromiseLike<Answer>,
    exit: CallExit,
    files: ReadonlySet<string>,
  ): Promise<CallReply> {
    const text = exit.describe().text;
    this.longWait = setTimeout(() => {
      this.parts.say(
        `${this.name} has been at work on ${text} for ${longWait / 1000} seconds; the guest waits ` +
          `at the call. Pause it to answer by hand.`,
      );
    }, longWait);
    this.longWait.unref();
    try {
      return this.replyOf(await answer);
    } catch (error) {
      throw shownAs(error, files);
    } finally {
      clearTimeout(this.longWait);
    }
  }

  private replyOf(answer: Answer): CallReply {
    if (answer === undefined) return { error: 0n, value: 0n };
    if (typeof answer === 'number' || typeof answer === 'bigint') {
      return { error: 0n, value: integer(answer) };
    }
    if (typeof answer !== 'object' || answer === null) {
      throw new TypeError(`a handler returns a number or { error, value }, not ${String(answer)}`);
    }
    const { error = 0n, value = 0n } = answer;
    return { error: this.errorOf(error), value: integer(value) };
  }

  private errorOf(error: bigint | number | string): bigint {
    if (typeof error !== 'string') return integer(error);
    const { errors } = this.parts.names;
    const code = errors[error];
    if (code !== undefined) return code;
    const known = Object.keys(errors).join(', ');
    throw new RangeError(`there is no error '${error}'; there are ${known}`);
  }

  private load(): HandlerTable {
    const { file, names, toCommonJs, say } = this.parts;
    const loader = new ModuleLoader(toCommonJs, moduleConsole(say));
    try {
      const table = new HandlerTable(loader.load(file), names);
      this.files = loader.files;
      return table;
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`handlers: ${userStack(error, loader.files)}`, 'handlers');
    } finally {
      this.watch.replace(loader.files);
    }
  }

  private reload(): void {
    try {
      this.table = this.load();
      this.parts.say(`${this.name} was loaded again; it answers ${this.table.keys.join(', ')}`);
    } catch (error) {
      this.parts.say(`${(error as Error).message}\nThe guest keeps the handlers it has.`);
    }
  }
}

/** The same error, whose stack is the user's part of it. */
function shownAs(error: unknown, files: ReadonlySet<string>): Error {
  const shown = new Error(error instanceof Error ? error.message : String(error));
  shown.stack = userStack(error, files);
  return shown;
}

function isThenable(answer: Answer | PromiseLike<Answer>): answer is PromiseLike<Answer> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}

function integer(value: bigint | number): bigint {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return BigInt(value);
  throw new RangeError(`${value} is not a whole number, or too large for one: give a bigint`);
}
