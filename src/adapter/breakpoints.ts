/**
 * The client's breakpoints: what it asked for, kept as it asked, and the addresses they have in
 * the guest at hand. A restart resolves them again. Conditions are not supported, and not offered.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import path from 'node:path';
import { parseNumber } from '../core/debug/controlRegisters.ts';
import { hex, type Guest } from './guest.ts';

type Kind = 'breakpoint' | 'function breakpoint' | 'instruction breakpoint';

interface Entry {
  readonly id: number;
  readonly kind: Kind;
  readonly resolve: (guest: Guest) => Resolved;
  resolved: Resolved;
}

interface Resolved {
  readonly addresses: readonly bigint[];
  readonly shown: Omit<DebugProtocol.Breakpoint, 'id'>;
}

export class Breakpoints {
  private guest: Guest | undefined;
  private readonly bySource = new Map<string, Entry[]>();
  private functions: Entry[] = [];
  private instructions: Entry[] = [];
  private nextId = 1;

  /** Resolves all again in a new guest. Comes back with those whose answer is another one now. */
  async attach(guest: Guest): Promise<readonly DebugProtocol.Breakpoint[]> {
    this.guest = guest;
    const changed = [];
    for (const entry of this.entries()) {
      const before = JSON.stringify(entry.resolved.shown);
      entry.resolved = entry.resolve(guest);
      if (JSON.stringify(entry.resolved.shown) !== before) changed.push(toDap(entry));
    }
    await this.install();
    return changed;
  }

  async setSource(args: DebugProtocol.SetBreakpointsArguments) {
    const file = args.source.path ?? '';
    const lines = args.breakpoints ?? (args.lines ?? []).map((line) => ({ line }));
    const entries = lines.map(({ line }) =>
      this.entry('breakpoint', (guest) => resolveLine(guest, file, line)),
    );
    this.bySource.set(path.normalize(file), entries);
    return this.answer(entries);
  }

  async setFunctions(args: DebugProtocol.SetFunctionBreakpointsArguments) {
    this.functions = args.breakpoints.map(({ name }) =>
      this.entry('function breakpoint', (guest) => resolveFunction(guest, name.trim())),
    );
    return this.answer(this.functions);
  }

  async setInstructions(args: DebugProtocol.SetInstructionBreakpointsArguments) {
    this.instructions = args.breakpoints.map(({ instructionReference, offset }) =>
      this.entry('instruction breakpoint', () => resolveAddress(instructionReference, offset)),
    );
    return this.answer(this.instructions);
  }

  /** What a stop at these is called: by the first of them. */
  kindOf(ids: readonly number[]): Kind {
    return this.entries().find((entry) => ids.includes(entry.id))?.kind ?? 'breakpoint';
  }

  private async answer(entries: readonly Entry[]) {
    await this.install();
    return { breakpoints: entries.map(toDap) };
  }

  private entry(kind: Kind, resolve: (guest: Guest) => Resolved): Entry {
    const resolved = this.guest
      ? resolve(this.guest)
      : unresolved('There is no guest yet.', undefined);
    return { id: this.nextId++, kind, resolve, resolved };
  }

  private async install(): Promise<void> {
    const list = this.entries().flatMap(({ id, resolved }) =>
      resolved.addresses.map((address) => ({ id, address })),
    );
    await this.guest?.target.setBreakpoints(list);
  }

  private entries(): Entry[] {
    return [...[...this.bySource.values()].flat(), ...this.functions, ...this.instructions];
  }
}

function resolveLine(guest: Guest, file: string, line: number): Resolved {
  const recorded = guest.sources.toRecorded(file);
  if (recorded === undefined) {
    return unresolved(`The guest has no code from ${path.basename(file)}.`, line);
  }
  const found = guest.symbols.locationsOfLine(recorded, line);
  if (!found) return unresolved('There is no code at or after this line.', line);
  const source = { name: path.basename(file), path: file };
  return verified(found.addresses, { source, line: found.line });
}

function resolveFunction(guest: Guest, name: string): Resolved {
  const functions = guest.symbols.functionsNamed(name);
  if (functions.length === 0) return unresolved(`The guest has no function '${name}'.`, undefined);
  const addresses = functions.map((found) => found.afterPrologue);
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
  return { id: entry.id, ...entry.resolved.shown };
}
