/**
 * The client's breakpoints: what it asked for, kept as it asked, and the addresses they have in
 * the guest at hand. A restart resolves them again. What else they ask for is breakpointRule.ts.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import path from 'node:path';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import { isTouched } from '../core/debug/dataBreakpoints.ts';
import type { DataAccess, DataBreakpoint } from '../core/debug/target.ts';
import { BreakpointRule, type RuleText } from './breakpointRule.ts';
import { describePlace, resolveData } from './dataBreakpoints.ts';
import { hex, type Guest } from './guest.ts';
import type { DataPlace } from './variableStore.ts';

/** A pattern for more is a mistake. */
const MOST_FUNCTIONS = 2000;

type Kind =
  | 'breakpoint'
  | 'function breakpoint'
  | 'instruction breakpoint'
  | 'data breakpoint'
  /** Of functions in which guests say that they cannot go on. */
  | 'guest panic';

export interface Entry {
  readonly id: number;
  readonly kind: Kind;
  /** Kind and place as the client gave them. */
  readonly key: string;
  readonly rule: BreakpointRule;
  readonly resolve: (guest: Guest) => Resolved;
  resolved: Resolved;
}

interface Resolved {
  readonly addresses: readonly bigint[];
  /** What a data breakpoint watches. */
  readonly data?: DataPlace & Pick<DataBreakpoint, 'access'>;
  readonly shown: Omit<DebugProtocol.Breakpoint, 'id'>;
}

export class Breakpoints {
  private guest: Guest | undefined;
  private readonly bySource = new Map<string, Entry[]>();
  private functions: Entry[] = [];
  private instructions: Entry[] = [];
  private data: Entry[] = [];
  private panics: Entry[] = [];
  private nextId = 1;

  /** Resolves all again in a new guest. Comes back with those whose answer is another one now. */
  async attach(guest: Guest): Promise<readonly DebugProtocol.Breakpoint[]> {
    this.guest = guest;
    const changed = [];
    for (const entry of this.entries()) {
      const before = JSON.stringify(entry.resolved.shown);
      entry.resolved = entry.resolve(guest);
      entry.rule.restart();
      const isShown = entry.kind !== 'guest panic';
      if (isShown && JSON.stringify(entry.resolved.shown) !== before) changed.push(toDap(entry));
    }
    await this.install();
    await this.installData();
    return changed;
  }

  /** Hits that are behind so many steps of the machine are not counted any more. */
  forgetHitsAfter(steps: number): void {
    for (const { rule } of this.entries()) rule.forgetAfter(steps);
  }

  async setSource(args: DebugProtocol.SetBreakpointsArguments) {
    const file = args.source.path ?? '';
    const wanted: DebugProtocol.SourceBreakpoint[] =
      args.breakpoints ?? (args.lines ?? []).map((line) => ({ line }));
    const entries = wanted.map((rule) =>
      this.entry('breakpoint', `${file}:${rule.line}:${rule.column ?? ''}`, rule, (guest) =>
        resolveLine(guest, file, rule),
      ),
    );
    this.bySource.set(path.normalize(file), entries);
    return this.answer(entries);
  }

  async setFunctions(args: DebugProtocol.SetFunctionBreakpointsArguments) {
    this.functions = args.breakpoints.map((rule) => {
      const name = rule.name.trim();
      return this.entry('function breakpoint', name, rule, (guest) => resolveFunction(guest, name));
    });
    return this.answer(this.functions);
  }

  async setInstructions(args: DebugProtocol.SetInstructionBreakpointsArguments) {
    this.instructions = args.breakpoints.map((rule) => {
      const { instructionReference, offset } = rule;
      const key = `${instructionReference}+${offset ?? 0}`;
      return this.entry('instruction breakpoint', key, rule, () =>
        resolveAddress(instructionReference, offset),
      );
    });
    return this.answer(this.instructions);
  }

  async setData(args: DebugProtocol.SetDataBreakpointsArguments) {
    this.data = args.breakpoints.map((rule) => {
      const { dataId, accessType = 'write' } = rule;
      return this.entry('data breakpoint', `${accessType} ${dataId}`, rule, (guest) =>
        resolveWatched(guest, dataId, accessType),
      );
    });
    await this.installData();
    return { breakpoints: this.data.map(toDap) };
  }

  /** Functions by patterns, at which the guest stops as at an exception. */
  async setPanics(patterns: readonly string[]): Promise<void> {
    this.panics = patterns.map((pattern) =>
      this.entry('guest panic', pattern, {}, (guest) => resolveFunction(guest, pattern)),
    );
    await this.install();
  }

  /** What a stop at these is called: by the first of them. */
  kindOf(ids: readonly number[]): Kind {
    return this.entries().find((entry) => ids.includes(entry.id))?.kind ?? 'breakpoint';
  }

  /** Whether a stop at these needs no looking into: they are known, and stop at every hit. */
  arePlain(ids: readonly number[]): boolean {
    const entries = this.entries();
    return ids.every((id) => entries.find((entry) => entry.id === id)?.rule.isPlain === true);
  }

  /**
   * Those that stand at an address now: after the hit the client may have set them anew. `seen` has
   * the symbols that count there: the same address may be that of a line in another world.
   */
  at(address: bigint, seen: Guest): readonly Entry[] {
    const here = this.entries().filter(({ resolved }) => resolved.addresses.includes(address));
    if (seen === this.guest) return here;
    return here.filter(({ resolve }) => resolve(seen).addresses.includes(address));
  }

  /** The same for data. */
  touchedBy(access: DataAccess, ids: readonly number[]): readonly Entry[] {
    // By id where the guest's own addresses are watched, which the access does not tell.
    return this.data.filter(
      ({ id, resolved: { data } }) => data && (isTouched(data, access) || ids.includes(id)),
    );
  }

  private async answer(entries: readonly Entry[]) {
    await this.install();
    return { breakpoints: entries.map(toDap) };
  }

  private entry(
    kind: Kind,
    place: string,
    text: RuleText,
    resolve: (guest: Guest) => Resolved,
  ): Entry {
    const key = `${kind} ${place}`;
    const fresh = new BreakpointRule(text);
    // Clients send all breakpoints of a file again when one of them changes.
    const known = this.entries().find((old) => old.key === key && old.rule.key === fresh.key);
    const rule = known?.rule ?? fresh;
    const resolved = this.guest
      ? resolve(this.guest)
      : unresolved('There is no guest yet.', undefined);
    return { id: this.nextId++, kind, key, rule, resolve, resolved };
  }

  private async install(): Promise<void> {
    const list = this.entries().flatMap(({ id, resolved }) =>
      resolved.addresses.map((address) => ({ id, address })),
    );
    await this.guest?.target.setBreakpoints(list);
  }

  private async installData(): Promise<void> {
    const list = this.data.flatMap(({ id, resolved: { data } }) => {
      if (!data) return [];
      const { address, size, access, space, register, mask } = data;
      return [{ id, address, size, access, space, register, mask }];
    });
    await this.guest?.target.setDataBreakpoints(list);
  }

  private entries(): Entry[] {
    const ofCode = [...[...this.bySource.values()].flat(), ...this.functions, ...this.instructions];
    return [...ofCode, ...this.data, ...this.panics];
  }
}

function resolveLine(
  guest: Guest,
  file: string,
  { line, column }: DebugProtocol.SourceBreakpoint,
): Resolved {
  const recorded = guest.sources.toRecorded(file);
  if (recorded === undefined) {
    return unresolved(`The guest has no code from ${path.basename(file)}.`, line);
  }
  const found = guest.symbols.locationsOfLine(recorded, line, column);
  if (!found) return unresolved('There is no code at or after this line.', line);
  const source = { name: path.basename(file), path: file };
  const where = found.column === undefined ? {} : { column: found.column };
  return verified(found.addresses, { source, line: found.line, ...where });
}

function resolveFunction(guest: Guest, name: string): Resolved {
  const isPattern = /[*?]/.test(name);
  const functions = isPattern
    ? guest.symbols.functionsMatching(name, MOST_FUNCTIONS)
    : guest.symbols.functionsNamed(name);
  // Patterns are for functions that are there: each would be looked for in all that take others in.
  const inlined = isPattern ? [] : guest.symbols.inlinedInstances(name);
  const own = functions.map((found) => found.afterPrologue);
  const addresses = [...new Set([...own, ...inlined])];
  if (addresses.length === 0) return unresolved(`The guest has no function '${name}'.`, undefined);
  if (isPattern) {
    const message = `${functions.length} functions match.`;
    return verified(addresses, { message });
  }
  const position = guest.symbols.positionAt(addresses[0] ?? 0n);
  const local = position && guest.sources.toLocal(position.path);
  if (!position || local === undefined) return verified(addresses, {});
  const source = { name: path.basename(local), path: local };
  return verified(addresses, { source, line: position.line });
}

function resolveAddress(reference: string, offset = 0): Resolved {
  const base = parseNumber(reference);
  if (base === undefined) return unresolved(`'${reference}' is not an address.`, undefined);
  return verified([BigInt.asUintN(64, base + BigInt(offset))], {});
}

function resolveWatched(guest: Guest, dataId: string, access: DataBreakpoint['access']): Resolved {
  const place = resolveData(guest, dataId);
  if (typeof place === 'string') return unresolved(place, undefined);
  const message = describePlace(place);
  return { addresses: [], shown: { verified: true, message }, data: { ...place, access } };
}

function verified(addresses: readonly bigint[], where: Resolved['shown'] | object): Resolved {
  const [first] = addresses;
  const reference = first === undefined ? {} : { instructionReference: hex(first) };
  return { addresses, shown: { verified: true, ...where, ...reference } };
}

function unresolved(message: string, line: number | undefined): Resolved {
  const where = line === undefined ? {} : { line };
  return { addresses: [], shown: { verified: false, message, ...where } };
}

function toDap(entry: Entry): DebugProtocol.Breakpoint {
  const { id, rule, resolved } = entry;
  return { id, ...resolved.shown, ...(rule.problem !== undefined && { message: rule.problem }) };
}
