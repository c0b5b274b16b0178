/** The commands of core/debug/commands in a session: symbols, expressions and frames for them. */
import { readFile, writeFile } from 'node:fs/promises';
import { UserError } from '../core/base/userError.ts';
import { runCommand, type CommandScope } from '../core/debug/commands/commands.ts';
import { evaluateNumber } from '../core/debug/expressions/evaluate.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';
import type { SourcePosition } from '../core/debug/symbols/symbols.ts';
import { errorCodes, RequestError } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { hex } from './guest.ts';
import { namesIn, type Scope } from './places.ts';

/** What a typed line says as a command, in colours where the client shows them. */
export async function runTyped(
  scope: Scope,
  line: string,
  styled: boolean,
): Promise<string | undefined> {
  try {
    const text = await runCommand(line, commandScope(scope));
    return text !== undefined && styled ? inColours(text) : text;
  } catch (error) {
    // What is wrong stands in the console, below what was typed; a dialog would say no more.
    if (!(error instanceof UserError)) throw error;
    throw new RequestError(errorCodes.userError, error.message, false);
  }
}

/** ANSI: what is refused in red, numbers of frames and exits dim, names of fields bold. */
function inColours(text: string): string {
  return text
    .replace(/^(?:refused: .*|.*: cannot be read)$/gm, '\x1b[31m$&\x1b[0m')
    .replace(/^#\d+/gm, '\x1b[2m$&\x1b[0m')
    .replace(/^ {2}[A-Z]\w*(?= +\[)/gm, '\x1b[1m$&\x1b[0m');
}

const files = {
  read: (path: string) => attempt(path, 'read', () => readFile(path)),
  write: (path: string, bytes: Uint8Array) =>
    attempt(path, 'written', () => writeFile(path, bytes)),
};

async function attempt<T>(path: string, doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(`'${path}' cannot be ${doing}: ${why}`, path);
  }
}

export function commandScope(scope: Scope): CommandScope {
  const { guest, hart, stacks } = scope;
  const { target, isa, symbols } = guest;
  const placeText = ({ path, line }: SourcePosition) =>
    `${guest.sources.toLocal(path) ?? path}:${line}`;
  const place = (address: bigint) => {
    const position = symbols.positionAt(address);
    return position && placeText(position);
  };
  return {
    ...{ target, isa, symbols, hart, place, files },
    async compute(text) {
      const { value, space } = await evaluateNumber(parseExpression(text), namesIn(scope));
      return { value, space: space ?? 'virtual' };
    },
    print: async (text) => (await evaluate(scope, text)).variable.value,
    async backtrace(most) {
      const frames = (await stacks.frames(hart)).slice(0, most);
      return frames.map(({ frame, call, trap }, index) => {
        if (trap !== undefined) {
          return `#${index} -> taken ${trap === '' ? '' : `from ${trap} `}at ${hex(frame.pc)}`;
        }
        const at = call?.position && placeText(call.position);
        const name = call?.functionName ?? '??';
        return `#${index} ${hex(frame.pc)} in ${name}${at === undefined ? '' : ` at ${at}`}`;
      });
    },
  };
}
