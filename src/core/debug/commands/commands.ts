/**
 * What a debug console knows besides expressions: one table for every front end. A command works on
 * a `DebugTarget` and, where there are some, on symbols; what it says is text in which places in
 * source are written `file:line`, which consoles turn into links. Each names what may follow it.
 */
import { UserError } from '../../base/userError.ts';
import { examine } from './examine.ts';
import { calls, exits, harts, modules, registers, stage } from './inspect.ts';
import { behind, hex, type CommandScope } from './scope.ts';
import { snapshot, snapshotWords } from './snapshot.ts';
import { walk } from './walk.ts';

export type { CommandScope } from './scope.ts';

export interface Command {
  readonly name: string;
  readonly operands: string;
  readonly help: string;
  /** Words that may follow what is typed behind the name; a command completes no expressions itself. */
  words?(scope: CommandScope, typed: string): readonly string[] | Promise<readonly string[]>;
  run(args: string, scope: CommandScope): Promise<string>;
}

const formats: Readonly<Record<string, string>> = { x: 'x', d: 'd', t: 'b', b: 'b' };

export const commands: readonly Command[] = [
  {
    name: 'help',
    operands: '[COMMAND]',
    help: 'this list, or what one command does',
    words: () => commands.map(({ name }) => name),
    run: async (args) => helpText(args),
  },
  {
    name: 'info',
    operands: 'stage1|stage2|harts|modules|registers',
    help: 'mappings of a stage of translation, harts, files with symbols, registers',
    words: () => ['stage1', 'stage2', 'harts', 'modules', 'registers'],
    async run(args, scope) {
      switch (args) {
        case 'stage1':
          return stage(scope, 'virtual');
        case 'stage2':
          return stage(scope, 'guest');
        case 'harts':
          return harts(scope);
        case 'modules':
          return modules(scope);
        case 'registers':
          return registers(scope);
        default:
          throw new UserError(
            `info: '${args}' is none of stage1, stage2, harts, modules, registers`,
          );
      }
    },
  },
  {
    name: 'walk',
    operands: 'ADDRESS [load|store|fetch]',
    help: 'how an address is translated, entry by entry, and which bit refuses; gpa:… for the G-stage alone',
    run: (args, scope) => walk(args, scope),
  },
  {
    name: 'csr',
    operands: '[NAME|PREFIX]',
    help: 'a control register with its fields, or all whose names begin so',
    words: ({ isa }) => isa.controlRegisters.map(({ name }) => name),
    run: (args, scope) => registers(scope, args),
  },
  {
    name: 'exits',
    operands: '[COUNT] [KIND]',
    help: 'the last exits to the hypervisor, and how many of each kind there were',
    words: () => ['sbi', 'mmio', 'guest-page-fault', 'wfi', 'csr', 'redirect'],
    run: (args, scope) => exits(args, scope),
  },
  {
    name: 'calls',
    operands: '',
    help: 'who answers which call',
    run: (args, scope) => calls(nothing('calls', args, scope)),
  },
  {
    name: 'snapshot',
    operands: '[take [NAME]|list|restore NAME|drop NAME|save FILE|load FILE]',
    help: 'keeps the whole machine as it is now, here or in a file, or puts it back to where it was',
    words: (scope, typed) => snapshotWords(typed, scope),
    run: (args, scope) => snapshot(args, scope),
  },
  {
    name: 'x',
    operands: '[/COUNT FORMAT SIZE] ADDRESS',
    help: 'memory: /20i instructions, /8xg hexadecimal words of 8 bytes (b h w g), /4dw decimal, /s text, /c characters',
    run: (args, scope) => examine(args, scope),
  },
  {
    name: 'p',
    operands: '[/x|/d|/t] EXPRESSION',
    help: 'an expression’s value, in hexadecimal, decimal or binary',
    async run(args, scope) {
      const [, letter, text = args] = /^\/([a-z])\s+([^]*)$/.exec(args) ?? [];
      const format = letter === undefined ? '' : formats[letter];
      if (format === undefined) throw new UserError(`p: '/${letter}' is none of /x, /d, /t`);
      if (text.trim() === '') throw new UserError('p: an expression is missing');
      if (scope.print)
        return linked(await scope.print(format === '' ? text : `${text},${format}`), scope);
      return hex((await scope.compute(text)).value);
    },
  },
  {
    name: 'bt',
    operands: '[COUNT]',
    help: 'the call stack, innermost first',
    async run(args, { backtrace }) {
      const most = args === '' ? 256 : Number(args);
      if (!Number.isSafeInteger(most) || most < 1)
        throw new UserError(`bt: '${args}' is no number`);
      if (!backtrace) throw new UserError('bt: there are no symbols here');
      return (await backtrace(most)).join('\n');
    },
  },
];

/** What a line says as a command; undefined when it is none, and may be an expression. */
export async function runCommand(line: string, scope: CommandScope): Promise<string | undefined> {
  const found = parse(line);
  return found && (await found.command.run(found.args, scope));
}

/** Whole lines that may come of the beginning of one, as far as commands know. */
export async function completeCommand(
  line: string,
  scope: CommandScope,
): Promise<readonly string[]> {
  const [, name = '', space, typed = ''] = /^\s*(\S*)(\s+)?([^]*)$/.exec(line) ?? [];
  if (space === undefined) return commands.map((c) => c.name).filter((n) => n.startsWith(name));
  const command = commands.find((each) => each.name === name);
  return (await command?.words?.(scope, typed)) ?? [];
}

function parse(line: string): { readonly command: Command; readonly args: string } | undefined {
  const [, name = '', args = ''] = /^\s*([a-z]+)(?=\s|\/|$)\s*([^]*?)\s*$/.exec(line) ?? [];
  const command = commands.find((each) => each.name === name);
  if (!command) return undefined;
  // A variable of that name is meant by the name alone, and by what computes with it.
  const isExpression = /^(?:[.[=]|->|[-+*/%&|^<>]+\s)/.test(args);
  const needs = ['x', 'p', 'walk'].includes(name) && args === '';
  return isExpression || needs ? undefined : { command, args };
}

function helpText(name: string): string {
  const shown = name === '' ? commands : commands.filter((command) => command.name === name);
  if (shown.length === 0) throw new UserError(`help: there is no command '${name}'`);
  const rows = shown.map(({ name: own, operands, help }) => ({
    left: `${own} ${operands}`.trim(),
    help,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const text = rows.map(({ left, help }) => `${left.padEnd(width)}  ${help}`).join('\n');
  return name === '' ? `${text}\nAnything else is an expression in C’s syntax.` : text;
}

/** A value that is the address of code, as its symbol behind it says, with the place in source. */
function linked(text: string, scope: CommandScope): string {
  const [, address] = /^(0x[0-9a-f]+)\b[^\n]*<[^<>]+>$/.exec(text) ?? [];
  return address === undefined ? text : `${text}${behind(scope, BigInt(address))}`;
}

function nothing(name: string, args: string, scope: CommandScope): CommandScope {
  if (args !== '') throw new UserError(`${name} takes nothing, not '${args}'`);
  return scope;
}
