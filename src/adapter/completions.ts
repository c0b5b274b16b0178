/**
 * What may come next in an expression: names in scope, registers behind `$`, members behind `.` and
 * `->`. Says nothing where it knows nothing; it never fails.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { completeCommand } from '../core/debug/commands/commands.ts';
import { UserError } from '../core/base/userError.ts';
import { evaluateExpression } from '../core/debug/expressions/evaluate.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';
import { commandScope } from './consoleCommands.ts';
import { namesIn, type Scope } from './places.ts';

interface Item {
  readonly label: string;
  readonly type: DebugProtocol.CompletionItemType;
}

const MOST_FUNCTIONS = 100;

/** Typing one of these asks for more. */
export const triggerCharacters = ['.', '>', '$'];

export async function completions(
  scope: Scope,
  text: string,
  column: number,
): Promise<DebugProtocol.CompletionItem[]> {
  const before = text.slice(0, Math.max(0, column - 1));
  const prefix = /[$\w]*$/.exec(before)?.[0] ?? '';
  const start = before.length - prefix.length;
  const member = /^([^]*?)(?:\.|->)$/.exec(before.slice(0, start));
  const words = await completeCommand(before, commandScope(scope));
  const ofCommands = words.map((label): Item => ({ label, type: 'keyword' }));
  const found = member
    ? await members(scope, objectAtEnd(member[1] ?? ''))
    : [...ofCommands, ...(await names(scope, prefix))];
  const wanted = prefix.toLowerCase();
  const seen = new Set<string>();
  return found.flatMap(({ label, type }) => {
    if (!label.toLowerCase().startsWith(wanted) || seen.has(label)) return [];
    seen.add(label);
    return [{ label, type, start, length: prefix.length }];
  });
}

async function names({ guest, stacks, frame }: Scope, prefix: string): Promise<Item[]> {
  const { isa, symbols } = guest;
  const dollar = prefix.startsWith('$') ? '$' : '';
  const registers = [...isa.registers, ...isa.controlRegisters].map(({ name }): Item => ({
    label: dollar + name,
    type: 'value',
  }));
  if (!frame || dollar) return registers;
  const context = stacks.context(frame);
  const locals = await symbols.locals(context, frame.inlineDepth);
  const globals = prefix === '' ? [] : await symbols.globals(context);
  const variables = [...locals, ...globals];
  // Of a big program's functions only those that are meant.
  const functions = prefix.length < 2 ? [] : symbols.namesOfCode(prefix, MOST_FUNCTIONS);
  return [
    ...variables.map(({ name }): Item => ({ label: name, type: 'variable' })),
    ...registers,
    ...functions.map((label): Item => ({ label, type: 'function' })),
  ];
}

async function members(scope: Scope, object: string): Promise<Item[]> {
  try {
    const result = await evaluateExpression(parseExpression(object), namesIn(scope));
    if (result.kind !== 'place') return [];
    const found = (await result.place.members?.()) ?? [];
    return found.map((label) => ({ label, type: 'field' }));
  } catch (error) {
    // What is being typed need not mean anything yet.
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** The last operand of a text: names, members, and what brackets hold, whole. */
function objectAtEnd(text: string): string {
  let at = text.length;
  while (at > 0) {
    const character = text[at - 1] ?? '';
    if (character === ')' || character === ']') {
      at = openingOf(text, at - 1);
      if (at < 0) return '';
    } else if (/[\w$.]/.test(character)) at--;
    else if (text.slice(at - 2, at) === '->') at -= 2;
    else break;
  }
  return text.slice(at);
}

function openingOf(text: string, closing: number): number {
  let depth = 0;
  for (let at = closing; at >= 0; at--) {
    if (')]'.includes(text[at] ?? ' ')) depth++;
    if ('(['.includes(text[at] ?? ' ') && --depth === 0) return at;
  }
  return -1;
}
