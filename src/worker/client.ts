/**
 * A `DebugTarget` whose machine is behind a port: each method is a request, each subscription an
 * event. When the other end goes away unasked, what waits fails and the guest counts as crashed.
 */
import { Bug } from '../core/base/assert.ts';
import type {
  MappingQuery,
  DirtyLogAction,
  Breakpoint,
  CallAnswer,
  CallOverride,
  DataBreakpoint,
  DebugTarget,
  ExitStop,
  MemorySpace,
  ResumeRequest,
  Snapshots,
  WalkQuery,
} from '../core/debug/target.ts';
import { TargetEvents } from '../core/debug/targetEvents.ts';
import type { LaunchConfig, LaunchFiles } from '../core/machine/launchConfig.ts';
import { fromWire, type Message, type Port } from './port.ts';
import type { Capabilities, CreateOptions, TargetMethod } from './targetMethods.ts';

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Has the machine at the other end of `port` made. Fails with its `UserError`s. */
export async function connectMachine(
  port: Port,
  config: LaunchConfig,
  files: LaunchFiles,
  options: CreateOptions,
): Promise<DebugTarget> {
  const target = new RemoteTarget(port);
  await target.create(config, files, options);
  return target;
}

class RemoteTarget extends TargetEvents implements DebugTarget {
  private readonly port: Port;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private closed: Error | undefined;
  private disposed = false;

  snapshots: Snapshots | undefined;

  constructor(port: Port) {
    super();
    this.port = port;
    port.onMessage((message) => this.receive(message as Message));
    port.onClose((error) => this.close(error));
  }

  async create(config: LaunchConfig, files: LaunchFiles, options: CreateOptions): Promise<void> {
    const made = (await this.request('create', [config, files, options])) as Capabilities;
    if (made.snapshots) this.snapshots = this.remoteSnapshots();
  }

  info() {
    return this.call('info');
  }
  harts() {
    return this.call('harts');
  }
  resume(request: ResumeRequest) {
    return this.call('resume', request);
  }
  pause() {
    return this.call('pause');
  }
  history() {
    return this.call('history');
  }
  restart() {
    return this.call('restart');
  }
  async dispose() {
    if (this.disposed || this.closed) return;
    const done = this.call('dispose');
    this.disposed = true;
    await done;
  }
  setBreakpoints(breakpoints: readonly Breakpoint[]) {
    return this.call('setBreakpoints', breakpoints);
  }
  setDataBreakpoints(breakpoints: readonly DataBreakpoint[]) {
    return this.call('setDataBreakpoints', breakpoints);
  }
  setExitStops(stops: readonly ExitStop[]) {
    return this.call('setExitStops', stops);
  }
  readRegisters(hart: number, names: readonly string[]) {
    return this.call('readRegisters', hart, names);
  }
  writeRegister(hart: number, name: string, value: bigint) {
    return this.call('writeRegister', hart, name, value);
  }
  readMemory(hart: number, space: MemorySpace, address: bigint, size: number) {
    return this.call('readMemory', hart, space, address, size);
  }
  writeMemory(hart: number, space: MemorySpace, address: bigint, bytes: Uint8Array) {
    return this.call('writeMemory', hart, space, address, bytes);
  }
  mappings(hart: number, query: MappingQuery) {
    return this.call('mappings', hart, query);
  }
  dirtyLog(action: DirtyLogAction) {
    return this.call('dirtyLog', action);
  }
  walk(hart: number, query: WalkQuery) {
    return this.call('walk', hart, query);
  }
  exits(after: number, max: number, newest = false) {
    return this.call('exits', after, max, newest);
  }
  recordExits(on: boolean) {
    return this.call('recordExits', on);
  }
  exitsTaken(count: number) {
    return this.call('exitsTaken', count);
  }
  statistics() {
    return this.call('statistics');
  }
  waitingCall() {
    return this.call('waitingCall');
  }
  answerCall(answer: CallAnswer) {
    return this.call('answerCall', answer);
  }
  callTable() {
    return this.call('callTable');
  }
  callQuery(extension: number, fn: number) {
    return this.call('callQuery', extension, fn);
  }
  overrideCalls(rule: CallOverride) {
    return this.call('overrideCalls', rule);
  }
  consoleTaken(count: number) {
    return this.call('consoleTaken', count);
  }
  feedConsole(console: string, bytes: Uint8Array) {
    return this.call('feedConsole', console, bytes);
  }

  private remoteSnapshots(): Snapshots {
    const call = <M extends keyof Snapshots>(method: M, ...args: Parameters<Snapshots[M]>) =>
      this.request(`snapshots.${method}`, args) as ReturnType<Snapshots[M]>;
    return {
      take: (name) => call('take', name),
      restore: (id) => call('restore', id),
      list: () => call('list'),
      drop: (id) => call('drop', id),
      save: (id) => call('save', id),
      load: (bytes, name) => call('load', bytes, name),
    };
  }

  private call<M extends TargetMethod>(
    method: M,
    ...args: Parameters<DebugTarget[M]>
  ): ReturnType<DebugTarget[M]> {
    return this.request(method, args) as ReturnType<DebugTarget[M]>;
  }

  private request(method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.closed) return Promise.reject(this.closed);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.port.post({ type: 'request', id, method, args } satisfies Message);
    });
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'reply': {
        const pending = this.pending.get(message.id);
        this.pending.delete(message.id);
        if ('error' in message) pending?.reject(fromWire(message.error));
        else pending?.resolve(message.value);
        return;
      }
      case 'event':
        return this.handOn(message.event, message.body);
      case 'request':
        throw new Bug('the machine sends no requests');
    }
  }

  private close(error?: Error): void {
    if (this.closed) return;
    const cause = error ? `: ${error.message}` : '';
    this.closed = new Bug(`the machine's thread has ended${cause}`);
    if (error?.stack) this.closed.stack = error.stack;
    for (const { reject } of this.pending.values()) reject(this.closed);
    this.pending.clear();
    if (this.disposed) return;
    this.events.log.fire(error?.stack ?? this.closed.message);
    this.events.end.fire({ reason: 'crash', code: 125, text: this.closed.message });
  }
}
