/**
 * Who answers a firmware call: one table keyed by ranges of extension and function id. The user's
 * rules come first, the architecture's defaults after them, and what neither names is forwarded.
 * It knows ids only; what a call means is known to the architecture.
 */
import { UserError } from '../base/userError.ts';

export type CallAction = 'handle' | 'forward' | 'deny' | 'break';

export interface CallRule {
  readonly extension: readonly [first: number, last: number];
  readonly function?: readonly [first: number, last: number];
  readonly action: CallAction;
}

export interface PolicyRow extends CallRule {
  readonly source: 'user' | 'default';
}

const maxId = 0xffffffff;

export class CallPolicy {
  private readonly user: readonly CallRule[];
  private readonly defaults: readonly CallRule[];

  /** Throws `UserError` when the user's rules are malformed or overlap. */
  constructor(defaults: readonly CallRule[], user: readonly CallRule[]) {
    user.forEach(checkRule);
    user.forEach((rule, i) => {
      const clash = user.slice(0, i).find((other) => overlap(rule, other));
      if (!clash) return;
      throw new UserError(
        `calls: rule ${describe(rule)} overlaps rule ${describe(clash)}; every call may match one rule only`,
        'calls',
      );
    });
    this.defaults = defaults;
    this.user = user;
  }

  actionFor(extension: number, fn: number): CallAction {
    const matches = (rule: CallRule) =>
      within(rule.extension, extension) && (!rule.function || within(rule.function, fn));
    return (this.user.find(matches) ?? this.defaults.find(matches))?.action ?? 'forward';
  }

  /** Every action that some function of the extension meets: what a probe has to agree with. */
  actionsOf(extension: number): ReadonlySet<CallAction> {
    const actions = new Set<CallAction>();
    const rules = [...this.user, ...this.defaults].filter((r) => within(r.extension, extension));
    for (const rule of rules) {
      actions.add(rule.action);
      if (!rule.function) return actions;
    }
    return actions.add('forward');
  }

  /** The whole table, the user's rules first, for `trapline calls` and the view. */
  rows(): readonly PolicyRow[] {
    return [
      ...this.user.map((r): PolicyRow => ({ ...r, source: 'user' })),
      ...this.defaults.map((r): PolicyRow => ({ ...r, source: 'default' })),
      { extension: [0, maxId], action: 'forward', source: 'default' },
    ];
  }
}

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
  const meet = (x: readonly [number, number], y: readonly [number, number]) =>
    x[0] <= y[1] && y[0] <= x[1];
  if (!meet(a.extension, b.extension)) return false;
  return !a.function || !b.function || meet(a.function, b.function);
}

function within(range: readonly [number, number], id: number): boolean {
  return id >= range[0] && id <= range[1];
}

function describe(rule: CallRule): string {
  const show = ([first, last]: readonly [number, number]) =>
    first === last ? hex(first) : `${hex(first)}..${hex(last)}`;
  const fn = rule.function ? ` function ${show(rule.function)}` : '';
  return `'extension ${show(rule.extension)}${fn}: ${rule.action}'`;
}

function hex(id: number): string {
  return Number.isInteger(id) && id >= 0 ? `0x${id.toString(16)}` : String(id);
}
