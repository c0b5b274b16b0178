/**
 * What a breakpoint asks for besides its place: a condition, a count of hits, a message to log
 * instead of stopping. Decides at a hit; how expressions get values comes from outside.
 */
import { ExpressionError } from '../core/debug/expressions/operands.ts';
import { fromLittleEndian } from '../core/debug/symbols/storage.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';

/** As the client gives it. Empty texts count as absent. */
export interface RuleText {
  readonly condition?: string | undefined;
  readonly hitCondition?: string | undefined;
  readonly logMessage?: string | undefined;
}

export interface RuleValues {
  /** Where in the run it is; absent where nobody says. */
  readonly at?: number;
  isMet(condition: string): Promise<boolean>;
  number(expression: string): Promise<bigint>;
  /** The value as the client shows it. */
  show(expression: string): Promise<string>;
}

/** What stood in what is watched, little-endian. */
export interface Change {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'log'; readonly text: string }
  /** `problem` says why the condition has no value: nobody shall miss a stop for a typing error. */
  | { readonly kind: 'stop'; readonly problem?: string };

export class BreakpointRule {
  /** Identifies the rule: a breakpoint that is set again with the same one goes on counting. */
  readonly key: string;
  /** What is wrong with the texts themselves, for the client to show at once. */
  readonly problem: string | undefined;
  private readonly text: RuleText;
  /** Where in the run the hits were: one that is come to again, or back to, has its number again. */
  private hits: number[] = [];

  constructor({ condition, hitCondition, logMessage }: RuleText) {
    this.text = {
      condition: condition?.trim() || undefined,
      hitCondition: hitCondition?.trim() || undefined,
      logMessage: logMessage || undefined,
    };
    this.key = JSON.stringify(this.text);
    this.problem = problemOf(this.text);
  }

  /** Stops at every hit. */
  get isPlain(): boolean {
    const { condition, hitCondition, logMessage } = this.text;
    return condition === undefined && hitCondition === undefined && logMessage === undefined;
  }

  restart(): void {
    this.hits = [];
  }

  /** What was behind so many steps of the machine does not come any more. */
  forgetAfter(steps: number): void {
    this.hits = this.hits.filter((at) => at <= steps);
  }

  private async holds(
    condition: string,
    values: RuleValues,
    change: Change | undefined,
  ): Promise<boolean> {
    const transition = change && parseTransition(condition);
    if (!change || !transition) return values.isMet(condition);
    const before = fromLittleEndian(change.before);
    const after = fromLittleEndian(change.after);
    if (before === after) return false;
    const bits = BigInt(change.after.length * 8);
    const is = async (text: string, value: bigint) =>
      text === '' || BigInt.asUintN(Number(bits), await values.number(text)) === value;
    return (await is(transition.from, before)) && (await is(transition.to, after));
  }

  private numberOf(at: number): number {
    const { hits } = this;
    let index = hits.length;
    while (index > 0 && hits[index - 1]! > at) index--;
    if (index > 0 && hits[index - 1] === at && at !== Infinity) return index;
    hits.splice(index, 0, at);
    return index + 1;
  }

  /** Only hits for which the condition holds are counted. */
  async decide(values: RuleValues, change?: Change): Promise<Verdict> {
    const { condition, hitCondition, logMessage } = this.text;
    try {
      if (condition !== undefined && !(await this.holds(condition, values, change))) {
        return { kind: 'pass' };
      }
    } catch (error) {
      return { kind: 'stop', problem: `The condition '${condition}' fails: ${messageOf(error)}` };
    }
    const hit = this.numberOf(values.at ?? Infinity);
    if (hitCondition !== undefined) {
      const counts = parseHitCondition(hitCondition);
      if (!counts) return { kind: 'stop', problem: hitProblem(hitCondition) };
      if (!counts(hit)) return { kind: 'pass' };
    }
    if (logMessage === undefined) return { kind: 'stop' };
    return { kind: 'log', text: await fill(logMessage, values) };
  }
}

/** `3 -> 4`, `-> 4`, `3 ->`, `->`: what an access makes of what was there; each side an expression. */
export function parseTransition(text: string): { from: string; to: string } | undefined {
  // Between names the arrow is C's.
  const match = /^([^]*?)(?:^|\s)->(?:\s+([^]*)|\s*)$/.exec(text.replaceAll('→', ' -> ').trim());
  return match ? { from: (match[1] ?? '').trim(), to: (match[2] ?? '').trim() } : undefined;
}

/** `5` and `== 5`, `>= 5`, `> 5`, `<= 5`, `< 5`, `% 5`: whether the n-th hit counts. */
export function parseHitCondition(text: string): ((hits: number) => boolean) | undefined {
  const match = /^(==?|>=|>|<=|<|%)?\s*(\d+)$/.exec(text.trim());
  if (!match?.[2]) return undefined;
  const wanted = Number(match[2]);
  switch (match[1]) {
    case '>=':
      return (hits) => hits >= wanted;
    case '>':
      return (hits) => hits > wanted;
    case '<=':
      return (hits) => hits <= wanted;
    case '<':
      return (hits) => hits < wanted;
    case '%':
      return wanted === 0 ? undefined : (hits) => hits % wanted === 0;
    default:
      return (hits) => hits === wanted;
  }
}

export type LogPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly text: string };

/** `{…}` holds an expression; `\{` and `\}` are braces, and a brace without its other is itself. */
export function parseLogMessage(message: string): readonly LogPart[] {
  const parts: LogPart[] = [];
  for (const [whole, expression] of message.matchAll(/\{([^{}]+)\}|\\[{}]|[^{\\]+|[^]/g)) {
    if (expression !== undefined) parts.push({ kind: 'expression', text: expression.trim() });
    else parts.push({ kind: 'text', text: /^\\[{}]$/.test(whole) ? whole.slice(1) : whole });
  }
  return parts;
}

async function fill(message: string, values: RuleValues): Promise<string> {
  let text = '';
  for (const part of parseLogMessage(message)) {
    text += part.kind === 'text' ? part.text : await shown(part.text, values);
  }
  return text;
}

/** A message goes on after what cannot be shown: the rest of it may be what is looked for. */
async function shown(expression: string, values: RuleValues): Promise<string> {
  try {
    return await values.show(expression);
  } catch (error) {
    return `<${messageOf(error)}>`;
  }
}

function problemOf({ condition, hitCondition, logMessage = '' }: RuleText): string | undefined {
  if (hitCondition !== undefined && !parseHitCondition(hitCondition)) {
    return hitProblem(hitCondition);
  }
  const expressions = parseLogMessage(logMessage).filter(({ kind }) => kind === 'expression');
  const texts = [
    ...(condition === undefined ? [] : conditionParts(condition)),
    ...expressions.map((e) => e.text),
  ];
  for (const text of texts) {
    try {
      parseExpression(text);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return error.message;
    }
  }
  return undefined;
}

function conditionParts(condition: string): readonly string[] {
  const transition = parseTransition(condition);
  if (!transition) return [condition];
  return [transition.from, transition.to].filter((text) => text !== '');
}

function hitProblem(text: string): string {
  return `'${text}' is no count of hits: N, == N, >= N, > N, <= N, < N or % N`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
