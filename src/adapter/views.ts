/** The custom requests of `protocol.ts`: what Trapline's views show. Any DAP client may use them. */
import { UserError } from '../core/base/userError.ts';
import type { ExitRecord } from '../core/debug/target.ts';
import {
  controlRegisterNamed,
  fieldValue,
  meaningOf,
  parseRegisterValue,
} from '../core/debug/controlRegisters.ts';
import { hex, paddedHex, type Guest } from './guest.ts';
import { mappingQuery, mappingsBody } from './mappingRows.ts';
import type { CsrGroup, CsrRow, CustomRequests, ExitRow, InfoBody } from './protocol.ts';
import type { MappingsArguments, MappingsBody } from './protocol.ts';
import { presentControlRegisters, type ControlValue } from './registers.ts';

const DEFAULT_EXITS = 1000;
const dirtyLogActions: readonly string[] = ['start', 'show', 'clear', 'stop'];

export class Views {
  private readonly guest: Guest;
  /** Counts stops, so that a view asked for twice at one stop compares with the one before. */
  private stop = 0;
  /** By pc; null where there is none. */
  private readonly sourcesOfExits = new Map<bigint, NonNullable<ExitRow['source']> | null>();
  private readonly history = new Map<number, { stop: number; now: Values; before: Values }>();

  constructor(guest: Guest) {
    this.guest = guest;
  }

  guestStopped(): void {
    this.stop++;
  }

  info(): InfoBody {
    const { mode, board, consoles, harts } = this.guest.info;
    return { mode, board, program: this.guest.config.program, consoles, harts };
  }

  async csrs({ hart }: Args<'trapline/csrs'>): Promise<Body<'trapline/csrs'>> {
    const present = await presentControlRegisters(this.guest, hart);
    const before = this.valuesBefore(hart, present);
    const groups = new Map<string, CsrRow[]>();
    for (const { register, value } of present) {
      const rows = groups.get(register.group) ?? [];
      rows.push(csrRow({ register, value }, before?.get(register.name) ?? value));
      groups.set(register.group, rows);
    }
    const list: CsrGroup[] = [...groups].map(([name, registers]) => ({ name, registers }));
    return { groups: list };
  }

  async writeCsr(args: Args<'trapline/writeCsr'>): Promise<Body<'trapline/writeCsr'>> {
    const register = controlRegisterNamed(this.guest.isa, args.name);
    if (!register) throw new UserError(`there is no control register '${args.name}'`, args.name);
    const value = parseRegisterValue(args.value, register.bits, register.name);
    const written = await this.guest.target.writeRegister(args.hart, register.name, value);
    return { value: paddedHex(written, register.bits) };
  }

  async mappings(args: MappingsArguments): Promise<MappingsBody> {
    const { target } = this.guest;
    const { hart, list } = args;
    const table = await target.mappings(hart, mappingQuery(args));
    // A reading that is gone on with was told before.
    const isNew = table.list !== list && args.stage === 'guest';
    const log = isNew ? await target.dirtyLog('show') : undefined;
    return {
      ...mappingsBody(table, args.from ?? 0),
      ...(log ? { dirtyLog: { logging: log.logging, pages: log.pages } } : {}),
    };
  }

  async dirtyLog({ action }: Args<'trapline/dirtyLog'>): Promise<Body<'trapline/dirtyLog'>> {
    if (!dirtyLogActions.includes(action)) {
      const allowed = dirtyLogActions.join(', ');
      throw new UserError(`action: '${action}' is none of ${allowed}`, 'action');
    }
    const log = await this.guest.target.dirtyLog(action);
    if (!log) {
      throw new UserError('stores are logged by the hypervisor, in mode guest only', 'mode');
    }
    const ranges = log.ranges.map(({ address, size }) => ({
      address: hex(address),
      size: hex(size),
    }));
    return { logging: log.logging, pages: log.pages, ranges };
  }

  async exits(args: Args<'trapline/exits'>): Promise<Body<'trapline/exits'>> {
    const { target } = this.guest;
    const { after, max = DEFAULT_EXITS, newest = false } = args;
    const records = await target.exits(after, max, newest);
    const { exits: counts, instructions } = await target.statistics();
    return { exits: records.map((record) => this.exitRow(record)), counts, instructions };
  }

  exitRow(record: ExitRecord): ExitRow {
    const row = { ...record, pc: hex(record.pc) };
    const source = this.sourceOf(record.pc);
    return source ? { ...row, source } : row;
  }

  /** Guests exit at few places, many times at each. */
  private sourceOf(pc: bigint): ExitRow['source'] {
    const known = this.sourcesOfExits.get(pc);
    if (known !== undefined) return known ?? undefined;
    const position = this.guest.symbols.positionAt(pc);
    const path = position && this.guest.sources.toLocal(position.path);
    const source = position && path !== undefined ? { path, line: position.line } : undefined;
    this.sourcesOfExits.set(pc, source ?? null);
    return source;
  }

  async calls({ extension, function: fn = 0 }: Args<'trapline/calls'>) {
    const { target } = this.guest;
    if (extension === undefined) return { rows: [...(await target.callTable()).rows] };
    const row = await target.callQuery(extension, fn);
    return { rows: row ? [row] : [] } satisfies Body<'trapline/calls'>;
  }

  async setCalls({ action, ...range }: Args<'trapline/setCalls'>): Promise<object> {
    await this.guest.target.overrideCalls({ ...range, action });
    return {};
  }

  async consoleInput(args: Args<'trapline/consoleInput'>): Promise<object> {
    await this.guest.target.feedConsole(args.console, new TextEncoder().encode(args.text));
    return {};
  }

  private valuesBefore(hart: number, present: readonly ControlValue[]): Values | undefined {
    const now = new Map(present.map(({ register, value }) => [register.name, value]));
    const known = this.history.get(hart);
    const before = known?.stop === this.stop ? known.before : (known?.now ?? now);
    this.history.set(hart, { stop: this.stop, now, before });
    return before;
  }
}

type Args<Name extends keyof CustomRequests> = CustomRequests[Name]['arguments'];
type Body<Name extends keyof CustomRequests> = CustomRequests[Name]['body'];
type Values = ReadonlyMap<string, bigint>;

function csrRow({ register, value }: ControlValue, before: bigint): CsrRow {
  const { name, number, bits, description, section, counterpart, writable } = register;
  return {
    name,
    number,
    description,
    section,
    ...(counterpart === undefined ? {} : { counterpart }),
    value: paddedHex(value, bits),
    changed: value !== before,
    writable,
    fields: register.fields.map((field) => {
      const current = fieldValue(field, value);
      const meaning = meaningOf(field, current);
      return {
        name: field.name,
        high: field.high,
        low: field.low,
        value: hex(current),
        ...(meaning === undefined ? {} : { meaning }),
        description: field.description,
        changed: current !== fieldValue(field, before),
      };
    }),
  };
}
