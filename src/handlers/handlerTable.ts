/** The handlers of a module by the calls they are for: the narrowest one that matches is found. */
import { UserError } from '../core/base/userError.ts';
import type { CallNames } from '../core/hypervisor/arch.ts';
import type { Handler } from './api.ts';
import { parseExportName, parseKey, showKey, type HandlerKey } from './keys.ts';

interface Entry {
  readonly key: HandlerKey;
  /** As the module writes it. */
  readonly name: string;
  readonly handler: Handler;
}

export class HandlerTable {
  /** Narrowest first. */
  private readonly entries: readonly Entry[];
  /** Exports that are no handlers, because their names are none of calls. */
  readonly unused: readonly string[];
  private readonly found = new Map<number, Map<number, Handler | undefined>>();

  /** Throws `UserError` when there is none, when two are for the same calls or one is no function. */
  constructor(exports: Readonly<Record<string, unknown>>, names: CallNames) {
    const entries: Entry[] = [];
    const unused: string[] = [];
    for (const [name, value] of Object.entries(exports)) {
      if (name === 'default' || name === '__esModule') continue;
      const key = typeof value === 'function' ? parseExportName(name, names) : undefined;
      if (key) entries.push({ key, name, handler: value as Handler });
      else if (typeof value === 'function') unused.push(name);
    }
    for (const [name, value] of Object.entries(objectIn(exports['default']))) {
      if (typeof value !== 'function') {
        throw new UserError(`handlers: '${name}' is not a function`, 'handlers');
      }
      entries.push({ key: parseKey(name, names), name, handler: value as Handler });
    }
    entries.forEach((entry, i) => {
      const clash = entries.slice(0, i).find((other) => ambiguous(entry.key, other.key));
      if (!clash) return;
      throw new UserError(
        `handlers: '${clash.name}' and '${entry.name}' are for the same calls`,
        'handlers',
      );
    });
    if (entries.length === 0) {
      const hint = unused.length > 0 ? ` (${unused.join(', ')} are no names of calls)` : '';
      throw new UserError(
        `handlers: the module exports no handler${hint}: export functions with names such as ` +
          `DBCN, DBCN_console_write or x09000001_7, or an object of them as default`,
        'handlers',
      );
    }
    this.entries = entries.sort((a, b) => width(a.key) - width(b.key));
    this.unused = unused;
  }

  /** What it answers, for people. */
  get keys(): readonly string[] {
    return this.entries.map(({ key }) => showKey(key));
  }

  get extensions(): readonly (readonly [first: number, last: number])[] {
    return this.entries.map(({ key }) => key.extensions);
  }

  answers(extension: number): boolean {
    return this.entries.some(({ key }) => contains(key, extension));
  }

  find(extension: number, fn: number): Handler | undefined {
    let byFunction = this.found.get(extension);
    if (!byFunction) this.found.set(extension, (byFunction = new Map()));
    if (byFunction.has(fn)) return byFunction.get(fn);
    const entry = this.entries.find(
      ({ key }) => contains(key, extension) && (key.function ?? fn) === fn,
    );
    byFunction.set(fn, entry?.handler);
    return entry?.handler;
  }
}

function objectIn(value: unknown): object {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null) return value;
  throw new UserError('handlers: what the module exports as default is not an object', 'handlers');
}

function contains({ extensions: [first, last] }: HandlerKey, extension: number): boolean {
  return extension >= first && extension <= last;
}

/** A handler of one function is narrower than any of whole extensions. */
function width({ extensions: [first, last], function: fn }: HandlerKey): number {
  return last - first + (fn === undefined ? 2 ** 33 : 0);
}

function ambiguous(a: HandlerKey, b: HandlerKey): boolean {
  if (a.function !== b.function) return false;
  const [[firstA, lastA], [firstB, lastB]] = [a.extensions, b.extensions];
  if (lastA < firstB || lastB < firstA) return false;
  const nested = (firstA <= firstB && lastB <= lastA) || (firstB <= firstA && lastA <= lastB);
  return !nested || (firstA === firstB && lastA === lastB);
}
