/**
 * Who answers a firmware call: one table keyed by ranges of extension and function id. What the
 * debugger said last comes first, then the user's rules, after them the architecture's defaults,
 * and what none of them names is forwarded. It knows ids only; what a call means is known to the
 * architecture.
 */
import { UserError } from '../base/userError.ts';

export type CallAction = 'handle' | 'forward' | 'deny' | 'break';

export interface CallRule {
  readonly extension: readonly [first: number, last: number];
  readonly function?: readonly [first: number, last: number];
  readonly action: CallAction;
}

export interface PolicyRow extends CallRule {
  readonly source: 'debugger' | 'user' | 'default';
}

const maxId = 0xffffffff;
/** What becomes of calls that no rule names. */
const rest: PolicyRow = { extension: [0, maxId], action: 'forward', source: 'default' };

export class CallPolicy {
  private overrides: readonly CallRule[] = [];
  private user: readonly CallRule[] = [];
  private readonly defaults: readonly CallRule[];
  /** The call asked about last: calls come in runs. */
  private last: { extension: number; fn: number; action: CallAction } | undefined;

  /** Throws `UserError` when the user's rules are malformed or overlap. */
  constructor(defaults: readonly CallRule[], user: readonly CallRule[]) {
    this.defaults = defaults;
    this.replace(user);
  }

  /** Takes other rules of the user's. Throws, and keeps the old ones, as the constructor does. */
  replace(user: readonly CallRule[]): void {
    user.forEach(checkRule);
    user.forEach((rule, i) => {
      const clash = user.slice(0, i).find((other) => overlap(rule, other));
      if (!clash) return;
      throw new UserError(
        `calls: rule ${describe(rule)} overlaps rule ${describe(clash)}; every call may match one rule only`,
        'calls',
      );
    });
    this.user = user;
    this.last = undefined;
  }

  /** The debugger's word, which counts from the next call on: the last one said wins. */
  override(rule: CallRule): void {
    checkRule(rule);
    this.last = undefined;
    this.overrides = [rule, ...this.overrides.filter((other) => !within(rule, other))];
  }

  /** Takes back what the debugger said of exactly this range. */
  withdraw({ extension, function: fn }: Omit<CallRule, 'action'>): void {
    this.last = undefined;
    const same = (a: CallRule) => equal(a.extension, extension) && equal(a.function, fn);
    this.overrides = this.overrides.filter((rule) => !same(rule));
  }

  actionFor(extension: number, fn: number): CallAction {
    const { last } = this;
    if (last && last.extension === extension && last.fn === fn) return last.action;
    const action = this.find(extension, fn);
    this.last = { extension, fn, action };
    return action;
  }

  private find(extension: number, fn: number): CallAction {
    const matches = (rule: CallRule) => covers(rule, extension, fn);
    const found =
      this.overrides.find(matches) ?? this.user.find(matches) ?? this.defaults.find(matches);
    return (found ?? rest).action;
  }

  /** The rule that a call meets. */
  query(extension: number, fn: number): PolicyRow {
    const matches = (rule: CallRule) => covers(rule, extension, fn);
    const override = this.overrides.find(matches);
    if (override) return { ...override, source: 'debugger' };
    const user = this.user.find(matches);
    if (user) return { ...user, source: 'user' };
    const found = this.defaults.find(matches);
    return found ? { ...found, source: 'default' } : rest;
  }

  /** The rule that a function meets of which no rule speaks by its own id. */
  queryExtension(extension: number): PolicyRow {
    const whole = (row: PolicyRow) => contains(row.extension, extension) && !row.function;
    return this.rows().find(whole) ?? rest;
  }

  /** Every action that some function of the extension meets: what a probe has to agree with. */
  actionsOf(extension: number): ReadonlySet<CallAction> {
    const actions = new Set<CallAction>();
    const all = [...this.overrides, ...this.user, ...this.defaults];
    for (const rule of all) {
      if (!contains(rule.extension, extension)) continue;
      actions.add(rule.action);
      if (!rule.function || equal(rule.function, [0, maxId])) return actions;
    }
    return actions.add(rest.action);
  }

  /** The whole table, what counts first at the top, for `trapline calls` and the view. */
  rows(): readonly PolicyRow[] {
    return [
      ...this.overrides.map((r): PolicyRow => ({ ...r, source: 'debugger' })),
      ...this.user.map((r): PolicyRow => ({ ...r, source: 'user' })),
      ...this.defaults.map((r): PolicyRow => ({ ...r, source: 'default' })),
      rest,
    ];
  }
}

type Range = readonly [first: number, last: number];

function checkRule(rule: CallRule): void {
  for (const range of [rule.extension, rule.function]) {
    if (!range) continue;
    const [first, last] = range;
    const valid = (n: number) => Number.isInteger(n) && n >= 0 && n <= maxId;
    if (valid(first) && valid(last) && first <= last) continue;
    throw new UserError(
      `calls: range ${hex(first)}..${hex(last)} is not a range of 32-bit ids, first one first`,
      'calls',
    );
  }
}

function overlap(a: CallRule, b: CallRule): boolean {
  const meet = (x: Range, y: Range) => x[0] <= y[1] && y[0] <= x[1];
  if (!meet(a.extension, b.extension)) return false;
  return !a.function || !b.function || meet(a.function, b.function);
}

/** Whether every call that `inner` is about is one that `outer` is about. */
function within(outer: CallRule, inner: CallRule): boolean {
  const holds = (x: Range, y: Range) => x[0] <= y[0] && y[1] <= x[1];
  if (!holds(outer.extension, inner.extension)) return false;
  return !outer.function || (inner.function !== undefined && holds(outer.function, inner.function));
}

function covers(rule: CallRule, extension: number, fn: number): boolean {
  return contains(rule.extension, extension) && (!rule.function || contains(rule.function, fn));
}

function contains(range: Range, id: number): boolean {
  return id >= range[0] && id <= range[1];
}

function equal(a: Range | undefined, b: Range | undefined): boolean {
  return a?.[0] === b?.[0] && a?.[1] === b?.[1];
}

function describe(rule: CallRule): string {
  const show = ([first, last]: Range) =>
    first === last ? hex(first) : `${hex(first)}..${hex(last)}`;
  const fn = rule.function ? ` function ${show(rule.function)}` : '';
  return `'extension ${show(rule.extension)}${fn}: ${rule.action}'`;
}

function hex(id: number): string {
  return Number.isInteger(id) && id >= 0 ? `0x${id.toString(16)}` : String(id);
}
