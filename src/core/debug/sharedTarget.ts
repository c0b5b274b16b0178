/**
 * One machine for two debuggers: the client of a session, which decides about its breakpoints'
 * conditions, and another one beside it. Each has breakpoints of its own and hears of the other's
 * doings; a machine that is made anew takes the place of the old one.
 */
import { defined } from '../base/assert.ts';
import { Emitter, type Unsubscribe } from '../base/emitter.ts';
import type {
  Breakpoint,
  DataBreakpoint,
  DebugTarget,
  EndEvent,
  MemorySpace,
  ResumeRequest,
  StopEvent,
} from './target.ts';

/** What the session does when the other debugger wants something. */
export interface SharedHooks {
  /** The machine is about to go: the client is told, then `go` does it. */
  resume(go: () => Promise<void>): Promise<void>;
  /** Memory was written. */
  wrote(address: bigint, size: number): void;
  /** A register was written. */
  changed(): void;
  /** The machine is wanted from its beginning, standing there. */
  restart(): Promise<void>;
}

/** Ids of the other debugger's breakpoints begin here; no client makes so many. */
const otherIds = 2 ** 40;

interface Own {
  code: readonly Breakpoint[];
  data: readonly DataBreakpoint[];
}

export class SharedTarget {
  /** The machine as the other debugger has it. */
  readonly other: DebugTarget;
  private readonly hooks: SharedHooks;
  private readonly stops = new Emitter<StopEvent>();
  private readonly ends = new Emitter<EndEvent>();
  private clientStops = new Emitter<StopEvent>();
  private current: DebugTarget | undefined;
  private unsubscribe: readonly Unsubscribe[] = [];
  private client: Own = { code: [], data: [] };
  private others: Own = { code: [], data: [] };
  /** The last stop, when it was for the other debugger's breakpoints too. */
  private wantedByOther: StopEvent | undefined;

  constructor(hooks: SharedHooks) {
    this.hooks = hooks;
    this.other = overlay(() => this.machine, this.otherMethods());
  }

  /** The machine as the session has it from now on. */
  async join(target: DebugTarget): Promise<DebugTarget> {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    const clientStops = new Emitter<StopEvent>();
    this.clientStops = clientStops;
    this.current = target;
    this.client = { code: [], data: [] };
    this.unsubscribe = [
      target.onStop((stop) => this.stopped(stop)),
      target.onEnd((end) => this.ends.fire(end)),
    ];
    await this.installCode();
    await this.installData();
    return overlay(() => target, this.clientMethods(clientStops));
  }

  /** The session has decided that a stop counts, and told its client. */
  shown(stop: StopEvent): void {
    // The client's ids mean nothing to the other debugger, or something else.
    this.stops.fire(withIds(stop, () => undefined));
  }

  private get machine(): DebugTarget {
    return defined(this.current, 'a machine that was joined');
  }

  private clientMethods(stops: Emitter<StopEvent>): Partial<DebugTarget> {
    return {
      onStop: stops.on,
      setBreakpoints: (code) => {
        this.client = { ...this.client, code };
        return this.installCode();
      },
      setDataBreakpoints: (data) => {
        this.client = { ...this.client, data };
        return this.installData();
      },
      resume: async (request) => {
        const { wantedByOther } = this;
        if (request.kind !== 'proceed' || !wantedByOther) return this.machine.resume(request);
        // No condition of the client's holds, but the other debugger stands here.
        stops.fire({ hart: wantedByOther.hart, reason: { kind: 'pause' } });
      },
    };
  }

  private otherMethods(): Partial<DebugTarget> {
    return {
      onStop: this.stops.on,
      onEnd: this.ends.on,
      setBreakpoints: (code) => {
        this.others = { ...this.others, code: code.map(withOtherId) };
        return this.installCode();
      },
      setDataBreakpoints: (data) => {
        this.others = { ...this.others, data: data.map(withOtherId) };
        return this.installData();
      },
      resume: (request: ResumeRequest) => this.hooks.resume(() => this.machine.resume(request)),
      restart: () => this.hooks.restart(),
      writeRegister: async (hart, name, value) => {
        const written = await this.machine.writeRegister(hart, name, value);
        this.hooks.changed();
        return written;
      },
      writeMemory: async (hart: number, space: MemorySpace, address: bigint, bytes: Uint8Array) => {
        const written = await this.machine.writeMemory(hart, space, address, bytes);
        this.hooks.wrote(address, written);
        return written;
      },
    };
  }

  private stopped(stop: StopEvent): void {
    const { reason } = stop;
    const ids = reason.kind === 'breakpoint' || reason.kind === 'data' ? reason.ids : undefined;
    const wanted = ids?.filter((id) => id >= otherIds) ?? [];
    this.wantedByOther = wanted.length > 0 ? stop : undefined;
    this.clientStops.fire(withIds(stop, (id) => (id < otherIds ? id : undefined)));
    // What only the client's breakpoints say is told once it has decided about it.
    if (ids !== undefined && wanted.length === 0) return;
    this.stops.fire(withIds(stop, (id) => (id >= otherIds ? id - otherIds : undefined)));
  }

  private installCode(): Promise<void> {
    return this.machine.setBreakpoints([...this.client.code, ...this.others.code]);
  }

  private installData(): Promise<void> {
    return this.machine.setDataBreakpoints([...this.client.data, ...this.others.data]);
  }
}

function withOtherId<T extends { readonly id: number }>(breakpoint: T): T {
  return { ...breakpoint, id: breakpoint.id + otherIds };
}

function withIds(stop: StopEvent, idOf: (id: number) => number | undefined): StopEvent {
  const { reason } = stop;
  if (reason.kind !== 'breakpoint' && reason.kind !== 'data') return stop;
  const ids = reason.ids.flatMap((id) => idOf(id) ?? []);
  // Only the other side has a breakpoint where a step ended.
  if (ids.length === 0 && reason.kind === 'breakpoint' && reason.stepEnded) {
    return { ...stop, reason: { kind: 'step' } };
  }
  return { ...stop, reason: { ...reason, ids } };
}

/** A target with some of its methods replaced. */
function overlay(target: () => DebugTarget, own: Partial<DebugTarget>): DebugTarget {
  return new Proxy({} as DebugTarget, {
    get(_, name) {
      const key = name as keyof DebugTarget;
      const value: unknown = Object.hasOwn(own, key) ? own[key] : target()[key];
      return typeof value === 'function' ? (value.bind(target()) as unknown) : value;
    },
  });
}
