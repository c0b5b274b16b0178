/**
 * The call that the guest stands at, and a person's answer to it: by the custom requests of
 * `protocol.ts`, or typed into the debug console as `answer …`, `deny`, `continue`: commands only
 * while a call waits. An expression of the same name can be put in parentheses.
 */
import { UserError } from '../core/base/userError.ts';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import { evaluateNumber } from '../core/debug/expressions/evaluate.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';
import type { CallAnswer, WaitingCall } from '../core/debug/target.ts';
import { errorCodes, RequestError } from './errors.ts';
import { hex, type Guest } from './guest.ts';
import { namesIn, type Scope } from './places.ts';
import type { CustomRequests, WaitingCallBody } from './protocol.ts';

/** What the debug console is told when a call stops the guest. */
export const answerHint =
  'Answer it with “Trapline: Answer Call…” or here with: answer value=…, answer error=NOT_SUPPORTED, ' +
  'deny; continue has it made, or tells the guest that it is not supported where nobody answers. ' +
  '“Trapline: Create Call Handlers” writes a module that answers such calls (“handlers” in launch.json).';

/** What becomes of a call that is let go without an answer. */
const continuing: Readonly<Record<WaitingCall['why'], string>> = {
  break: 'made, as if there were no rule',
  unanswered: 'not supported, as nobody answers',
  failed: 'the handler is asked again',
  pending: 'the handler is waited for',
};

/** An answer on its way, and whether the guest goes on with it at once. */
export interface Given {
  readonly text: string;
  readonly goesOn: boolean;
}

export async function waitingCall(guest: Guest): Promise<WaitingCallBody | undefined> {
  const call = await guest.target.waitingCall();
  return call && callBody(call);
}

/** By request: numbers as text, errors by name as well. */
export async function answerByRequest(
  guest: Guest,
  args: CustomRequests['trapline/answerCall']['arguments'],
): Promise<void> {
  const call = await callIn(guest);
  const number = (text: string, what: string) => {
    const value = parseNumber(text);
    if (value === undefined) throw new UserError(`${what}: '${text}' is no number`, what);
    return value;
  };
  const registers = new Map(
    Object.entries(args.registers ?? {}).map(([name, text]) => [name, number(text, name)]),
  );
  const { error, value } = args;
  const denied = error === undefined && value === undefined;
  await give(guest, {
    registers,
    ...(denied
      ? {}
      : {
          reply: {
            error: error === undefined ? 0n : (errorNamed(call, error) ?? number(error, 'error')),
            value: value === undefined ? 0n : number(value, 'value'),
          },
        }),
  });
}

/** By the debug console; undefined when the text is no command, or no call waits. */
export async function answerByConsole(scope: Scope, text: string): Promise<Given | undefined> {
  try {
    return await answerTyped(scope, text);
  } catch (error) {
    // What is wrong stands in the console, below what was typed; a dialog would say no more.
    if (!(error instanceof UserError)) throw error;
    throw new RequestError(errorCodes.userError, error.message, false);
  }
}

async function answerTyped(scope: Scope, text: string): Promise<Given | undefined> {
  const [command, ...words] = text.trim().split(/\s+/);
  if (command !== 'answer' && command !== 'deny' && command !== 'continue') return undefined;
  const call = await scope.guest.target.waitingCall();
  if (!call) return undefined;
  if (command === 'continue') {
    if (words.length > 0) throw new UserError(`continue takes nothing, not '${words[0]}'`);
    return { text: continuing[call.why], goesOn: true };
  }
  const goesOn = words.at(-1) !== 'stay';
  const rest = goesOn ? words : words.slice(0, -1);
  if (command === 'deny') {
    if (rest.length > 0) throw new UserError(`deny takes nothing but 'stay', not '${rest[0]}'`);
    await give(scope.guest, {});
    return { text: 'denied', goesOn };
  }
  const answer = await parseAnswer(scope, call, rest);
  await give(scope.guest, answer);
  const { error, value } = answer.reply;
  return { text: `answered: ${errorName(call, error)}, ${value}`, goesOn };
}

/** `54`, `value=$a0*$a1`, `error=INVALID_PARAM`, `a2=7`; values are expressions without spaces. */
async function parseAnswer(scope: Scope, call: WaitingCall, words: readonly string[]) {
  const reply = { error: 0n, value: 0n };
  const registers = new Map<string, bigint>();
  const compute = async (text: string) =>
    (await evaluateNumber(parseExpression(text), namesIn(scope))).value;
  for (const word of words) {
    const [, name, text = word] = /^\$?(\w+)=(.+)$/.exec(word) ?? [];
    if (name === 'error') reply.error = errorNamed(call, text) ?? (await compute(text));
    else if (name === undefined || name === 'value') reply.value = await compute(text);
    else registers.set(name, await compute(text));
  }
  return { reply, registers } satisfies CallAnswer;
}

async function give(guest: Guest, answer: CallAnswer): Promise<void> {
  await guest.target.answerCall(answer);
}

async function callIn(guest: Guest): Promise<WaitingCall> {
  const call = await guest.target.waitingCall();
  if (!call) throw new UserError('the guest stands at no call that waits for an answer');
  return call;
}

/** The code of a name in capitals; undefined for what is no such name. */
function errorNamed({ errors }: WaitingCall, text: string): bigint | undefined {
  if (!/^[A-Z][A-Z_]*$/.test(text)) return undefined;
  const code = errors[text];
  if (code !== undefined) return code;
  throw new UserError(`there is no error '${text}'; there are ${Object.keys(errors).join(', ')}`);
}

function errorName(call: WaitingCall, code: bigint): string {
  return Object.entries(call.errors).find(([, known]) => known === code)?.[0] ?? code.toString();
}

export function callBody(call: WaitingCall): WaitingCallBody {
  const { pc, args, errors, ...rest } = call;
  return {
    ...rest,
    pc: hex(pc),
    args: args.map(({ name, value, text }) => ({ name, value: hex(value), text })),
    errors: Object.entries(errors).map(([name, code]) => ({ name, code: code.toString() })),
  };
}
