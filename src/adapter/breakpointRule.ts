/**
 * What a breakpoint asks for besides its place: a condition, a count of hits, a message to log
 * instead of stopping. Decides at a hit; how expressions get values comes from outside.
 */
import { ExpressionError } from '../core/debug/expressions/operands.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';

/** As the client gives it. Empty texts count as absent. */
export interface RuleText {
  readonly condition?: string | undefined;
  readonly hitCondition?: string | undefined;
  readonly logMessage?: string | undefined;
}

export interface RuleValues {
  isMet(condition: string): Promise<boolean>;
  /** The value as the client shows it. */
  show(expression: string): Promise<string>;
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
  private hits = 0;

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
    this.hits = 0;
  }

  /** Only hits for which the condition holds are counted. */
  async decide(values: RuleValues): Promise<Verdict> {
    const { condition, hitCondition, logMessage } = this.text;
    try {
      if (condition !== undefined && !(await values.isMet(condition))) return { kind: 'pass' };
    } catch (error) {
      return { kind: 'stop', problem: `The condition '${condition}' fails: ${messageOf(error)}` };
    }
    this.hits++;
    if (hitCondition !== undefined) {
      const counts = parseHitCondition(hitCondition);
      if (!counts) return { kind: 'stop', problem: hitProblem(hitCondition) };
      if (!counts(this.hits)) return { kind: 'pass' };
    }
    if (logMessage === undefined) return { kind: 'stop' };
    return { kind: 'log', text: await fill(logMessage, values) };
  }
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
    ...(condition === undefined ? [] : [condition]),
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

function hitProblem(text: string): string {
  return `'${text}' is no count of hits: N, == N, >= N, > N, <= N, < N or % N`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
