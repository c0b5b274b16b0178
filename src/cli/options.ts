/**
 * Command lines: one table per command says which options there are, and gives both the parser
 * and the help text. What the values mean is the command's business.
 */
import { parseArgs } from 'node:util';
import { UserError } from '../core/base/userError.ts';

/** The command line is wrong: shown together with the command's usage. */
export class UsageError extends UserError {
  override readonly name = 'UsageError';
}

export interface OptionSpec {
  readonly name: string;
  /** How the help names the value; absent for a switch. */
  readonly value?: string;
  readonly repeats?: boolean;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Operands as the help shows them: `IMAGE`, `[FILE]`. */
  readonly operands: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** What else the help says, below the options. */
  readonly notes?: string;
}

export class ParsedOptions {
  readonly operands: readonly string[];
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(operands: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.operands = operands;
    this.values = values;
  }

  has(name: string): boolean {
    return this.values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? (value as string[]) : [];
  }

  /** A whole number from `least` on, `_` allowed between digits and an exponent as in `1e9`. */
  count(name: string, least: 0 | 1 = 1): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text.replaceAll('_', ''));
    if (Number.isSafeInteger(value) && value >= least && text !== '') return value;
    const wanted = least === 0 ? 'a whole number' : 'a whole number above 0';
    throw new UsageError(`--${name} wants ${wanted}, not '${text}'`, name);
  }

  seconds(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw new UsageError(`--${name} wants a number of seconds above 0, not '${text}'`, name);
  }

  /** The only operand, which must be there. */
  operand(what: string): string {
    const [first, second] = this.operands;
    if (first === undefined) throw new UsageError(`no ${what} given`);
    if (second !== undefined)
      throw new UsageError(`one ${what} expected, but also got '${second}'`);
    return first;
  }
}

export function parseOptions(spec: CommandSpec, args: readonly string[]): ParsedOptions {
  const options = Object.fromEntries(
    [...spec.options, { name: 'help', help: '' }].map((option: OptionSpec) => [
      option.name,
      {
        type: option.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: option.repeats ?? false,
      },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return new ParsedOptions(parsed.positionals, parsed.values);
  } catch (error) {
    // parseArgs tells user errors by their code; anything else is a defect and goes on.
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error;
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new UsageError(sentence);
  }
}

export function usageLine(spec: CommandSpec): string {
  const options = spec.options.length > 0 ? ' [options]' : '';
  const operands = spec.operands === '' ? '' : ` ${spec.operands}`;
  return `trapline ${spec.name}${options}${operands}`;
}

export function helpText(spec: CommandSpec): string {
  const rows = [...spec.options, { name: 'help', help: 'show this' }].map((option: OptionSpec) => ({
    left: `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`,
    help: option.help,
  }));
  const width = Math.max(...rows.map((row) => row.left.length));
  const lines = rows.map((row) => `  ${row.left.padEnd(width)}  ${row.help}`);
  const notes = spec.notes === undefined ? '' : `\n${spec.notes}\n`;
  return `usage: ${usageLine(spec)}\n\n${spec.summary}\n\n${lines.join('\n')}\n${notes}`;
}
