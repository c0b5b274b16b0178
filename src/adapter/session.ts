/**
 * One debug session: DAP requests in, answers and events out, through @vscode/debugadapter. It
 * holds the order of things (launch, configuration, stops, end, restart) and leaves the work to its
 * siblings. Requests are answered one after another; a guest that runs keeps none of them waiting.
 */
import { DebugSession, Event, Response } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';
import type { EndEvent, StopEvent, StopReason, WaitingCall } from '../core/debug/target.ts';
import { Breakpoints, type Entry } from './breakpoints.ts';
import { CodeTargets } from './codeRequests.ts';
import { describeDataStop } from './dataStops.ts';
import { errorCodes, errorMessage, isDefect, messageText, RequestError } from './errors.ts';
import { explainEvent } from './exceptionInfo.ts';
import { ExitFilters, guestPanic } from './exitFilters.ts';
import { GdbDoor } from './gdbDoor.ts';
import { readPc, threadOf, type Guest } from './guest.ts';
import { Indexing } from './indexing.ts';
import { parseLaunchRequest, startGuest, type LaunchRequest, type StartMachine } from './launch.ts';
import type { CustomEvents } from './protocol.ts';
import { checkArguments, withoutNulls } from './requestArguments.ts';
import { relocationHint } from './relocatedCode.ts';
import { requestHandlers, type Handlers } from './requests.ts';
import { CallStacks } from './stack.ts';
import { ExitRecording } from './exitRecording.ts';
import { SessionConsoles } from './sessionConsoles.ts';
import { Stepper } from './steps.ts';
import { StopFilter } from './stopFilter.ts';
import { VariableStore } from './variableStore.ts';
import { Views } from './views.ts';
import { answerHint, callBody } from './waitingCalls.ts';

export interface SessionOptions {
  readonly startMachine: StartMachine;
  /** The client shows guest consoles by our own events and needs no output events for them. */
  readonly ownConsoles: boolean;
  /** A line for whoever maintains the adapter: defects with their stacks, protocol traces. */
  readonly log: (line: string) => void;
}

/** What exists while a guest does. */
export interface Running {
  readonly guest: Guest;
  readonly stacks: CallStacks;
  readonly stepper: Stepper;
  readonly filter: StopFilter;
  readonly views: Views;
}

export class TraplineSession extends DebugSession {
  readonly breakpoints = new Breakpoints();
  readonly exitFilters = new ExitFilters((patterns) => this.breakpoints.setPanics(patterns));
  readonly variables = new VariableStore(() => this.running.guest);
  private readonly gdb = new GdbDoor(this);
  /** Places in code that the client may name by their ids. */
  readonly targets = new CodeTargets();
  private readonly options: SessionOptions;
  private readonly handlers: Handlers;
  private queue: Promise<void> = Promise.resolve();
  /** Requests that the client wants no answer to any more. */
  private readonly cancelled = new Set<number>();
  /** Requests without an answer, by number. */
  private readonly waiting = new Set<number>();
  /** Done once the answer to the request at hand is out. */
  private afterAnswer: (() => void | Promise<void>)[] = [];
  private ownConsoles: boolean;
  /** The client shows ANSI's colours. */
  styled = false;
  private tellsMemory = false;
  private readonly consoles: SessionConsoles;
  private readonly indexing: Indexing;
  private showsProgress = false;
  private readonly recording = new ExitRecording((line) => this.output('console', `${line}\n`));
  /** A character may come in two pieces. */
  private decoders = new Map<string, TextDecoder>();
  private request: LaunchRequest | undefined;
  private current: Running | undefined;
  private launchedAt = 0;
  private hart = 0;
  /** What the last stop was about, when it was an event of the machine's. */
  private event: (StopReason & { kind: 'event' }) | undefined;
  /** The user knows how to answer a call. */
  private toldHow = false;
  private readonly hinted = new Set<string>();
  private state: 'starting' | 'running' | 'stopped' | 'over' = 'starting';

  constructor(options: SessionOptions) {
    super();
    this.options = options;
    this.ownConsoles = options.ownConsoles;
    this.handlers = requestHandlers(this);
    this.consoles = new SessionConsoles({
      show: (console, bytes) => this.showConsole(console, bytes),
      say: (line) => this.output('console', `${line}\n`),
      failed: (error) => this.tellFailure(error),
    });
    const showsProgress = () => this.showsProgress;
    this.indexing = new Indexing({ showsProgress, tell: (name, body) => this.tell(name, body) });
    this.setRunAsServer(true);
  }

  /** The guest at hand; a request that needs one fails without. */
  get running(): Running {
    if (!this.current) throw new RequestError(errorCodes.notStopped, 'no guest is running');
    return this.current;
  }

  /** The hart that the last stop was about; undefined while the guest does not stand. */
  get stoppedHart(): number | undefined {
    return this.state === 'stopped' ? this.hart : undefined;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    // Behind the others it would come too late.
    if (request.command === 'cancel') {
      const { requestId, progressId } = (request.arguments ?? {}) as DebugProtocol.CancelArguments;
      if (typeof progressId === 'string') this.indexing.cancel(progressId);
      if (typeof requestId === 'number' && this.waiting.has(requestId)) {
        this.cancelled.add(requestId);
      }
    }
    this.waiting.add(request.seq);
    this.queue = this.queue.then(() => this.answer(request));
  }

  private async answer(request: DebugProtocol.Request): Promise<void> {
    this.trace('<-', request);
    const response: DebugProtocol.Response = new Response(request);
    const { command } = request;
    const handler = Object.hasOwn(this.handlers, command) ? this.handlers[command] : undefined;
    this.waiting.delete(request.seq);
    try {
      if (this.cancelled.delete(request.seq)) {
        throw new RequestError(errorCodes.cancelled, 'cancelled');
      }
      if (!handler) {
        const text = `the request '${command}' is not supported`;
        throw new RequestError(errorCodes.unknownRequest, text);
      }
      const args = withoutNulls(request.arguments ?? {});
      checkArguments(command, args);
      const body = await this.presenting(args, () => handler(args));
      if (body !== undefined) response.body = body;
    } catch (error) {
      this.afterAnswer = [];
      const message = errorMessage(error);
      if (isDefect(error)) this.logDefect(error);
      response.success = false;
      response.message = messageText(message);
      response.body = { error: message };
    }
    this.trace('->', response);
    this.sendResponse(response);
    const actions = this.afterAnswer;
    this.afterAnswer = [];
    for (const action of actions) await this.background(action);
  }

  /** What a request makes of values is as it asks: requests are answered one after another. */
  private async presenting<T>(args: unknown, action: () => Promise<T>): Promise<T> {
    const { format, context } = args as DebugProtocol.EvaluateArguments;
    const { current } = this;
    const wanted = format?.hex === true || context === 'clipboard';
    if (!current || !wanted) return action();
    const radix = format?.hex ? 16 : 10;
    return current.stacks.presenting({ radix, whole: context === 'clipboard' }, action);
  }

  /** Runs when the answer to the request at hand is out, and only when it is no error. */
  after(action: () => void | Promise<void>): void {
    this.afterAnswer.push(action);
  }

  initialize(args: DebugProtocol.InitializeRequestArguments): void {
    if ((args as { trapline?: unknown }).trapline === true) this.ownConsoles = true;
    this.styled = args.supportsANSIStyling === true;
    this.tellsMemory = args.supportsMemoryEvent === true;
    this.showsProgress = args.supportsProgressReporting === true;
  }

  async launch(args: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.current) throw new UserError('this session has a guest already');
    this.launchedAt = performance.now();
    if (args['__trapline'] === true) this.ownConsoles = true;
    this.request = parseLaunchRequest(args);
    await this.startGuest(this.request);
    // Only now can breakpoints be bound, so only now is the client asked for them.
    this.after(() => this.tell('initialized'));
  }

  /** The same launch again, from the files as they are now. */
  async restart(args: { readonly arguments?: Readonly<Record<string, unknown>> }): Promise<void> {
    this.launchedAt = performance.now();
    const request = args.arguments ? parseLaunchRequest(args.arguments) : this.request;
    if (!request) throw new UserError('nothing was launched yet');
    await this.replaceGuest(request);
    this.after(() => this.firstRun());
  }

  /** Lets the guest go for the first time, or stands at its entry. */
  async firstRun(): Promise<void> {
    const { guest } = this.running;
    if (this.request?.stopOnEntry) return guest.target.pause();
    await this.resume(() => guest.target.resume({ kind: 'continue' }));
    const launchToRunning = Math.round(performance.now() - this.launchedAt);
    this.own('trapline/timing', { launchToRunning });
  }

  /** Everything the client knows of the stop is void; then the guest goes. */
  async resume(go: () => Promise<void>, goesBack = false): Promise<void> {
    if (this.state === 'over') throw new UserError('the guest has ended');
    const { filter } = this.running;
    filter.checkFree();
    filter.goesBack = goesBack;
    this.state = 'running';
    this.forget();
    await go();
  }

  /** The same on our own account: the client has to be told. */
  async goOn(go = () => this.running.guest.target.resume({ kind: 'continue' })): Promise<void> {
    this.tell('continued', { threadId: threadOf(this.hart), allThreadsContinued: true });
    await this.resume(go);
  }

  async pause({ filter, stepper }: Running): Promise<void> {
    if (!filter.pause()) await stepper.pause();
  }

  /** A hart that stands, for requests that mean nothing while it runs. */
  standing(hart: number): number {
    if (this.state === 'stopped') return hart;
    throw new RequestError(errorCodes.notStopped, 'the guest is running');
  }

  /** A hart was put somewhere else: to the client that is a stop. */
  moved(hart: number, reason: 'goto' | 'restart'): void {
    this.forget();
    this.hart = hart;
    this.event = undefined;
    this.tell('stopped', { reason, threadId: threadOf(hart), allThreadsStopped: true });
  }

  /** Everything the client knows of the stop is void. */
  private forget(): void {
    this.current?.stacks.clear();
    this.variables.clear();
    this.targets.clear();
  }

  /** State was changed by hand: frames and values are read again. */
  changed(memory?: DebugProtocol.MemoryEvent['body']): void {
    this.current?.stacks.refresh();
    this.tell('invalidated', { areas: ['all'] });
    if (memory && this.tellsMemory) this.tell('memory', memory);
  }

  async end(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    this.state = 'over';
    this.indexing.cancel();
    current?.stepper.ended();
    await this.gdb.close();
    await current?.guest.end();
    await this.recording.stop();
    await this.consoles.close();
  }

  /** The client asks for the end: the guest does not get to say anything more. */
  async terminate(): Promise<void> {
    await this.end();
    this.after(() => this.tell('terminated'));
  }

  /** A step or the like that nobody waits for: what goes wrong is told as output. */
  async background(action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.tellFailure(error);
    }
  }

  private tellFailure(error: unknown): void {
    if (isDefect(error)) this.logDefect(error);
    if (this.state === 'over') return;
    this.output('stderr', `${messageText(errorMessage(error))}\n`);
  }

  async exceptionInfo(hart: number): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
    const { event } = this;
    if (event && this.stoppedHart === hart) return explainEvent(this.running.guest, hart, event);
    throw new RequestError(errorCodes.notStopped, 'this hart has not stopped for an exception');
  }

  private async startGuest(request: LaunchRequest): Promise<void> {
    await this.consoles.open(request);
    const own = await startGuest(request, this.options.startMachine, this.current?.guest);
    const guest = await this.gdb.share(own, request.gdbPort);
    this.consoles.attach(guest);
    const stacks = new CallStacks(guest);
    const stepper = new Stepper(guest, stacks, (stop) => this.reportStop(stop));
    const filter = new StopFilter(guest, stacks, this.breakpoints, {
      forward: (stop) => stepper.stopped(stop),
      log: (text, entry) => this.logPoint(text, entry),
      isCurrent: () => this.current === running,
      failed: (error) => this.tellFailure(error),
    });
    const running: Running = { guest, stacks, stepper, filter, views: new Views(guest) };
    this.state = 'starting';
    this.current = running;
    this.forget();
    this.listen(running);
    if (this.recording.file !== undefined) await guest.target.recordExits(true);
    for (const problem of guest.symbols.problems) this.output('console', `${problem}\n`);
    const changed = request.noDebug ? [] : await this.breakpoints.attach(guest);
    if (!request.noDebug) await this.exitFilters.attach(guest, request.stopOn);
    for (const breakpoint of changed) this.tell('breakpoint', { reason: 'changed', breakpoint });
    this.own('trapline/ready', running.views.info());
    if (request.noDebug) return;
    this.indexing.run(guest.symbols).catch((error: unknown) => this.tellFailure(error));
  }

  private async replaceGuest(request: LaunchRequest): Promise<void> {
    const old = this.current;
    await this.startGuest(request);
    this.request = request;
    await old?.guest.end();
    old?.stepper.ended();
  }

  async standAtEntry(): Promise<void> {
    if (this.request) await this.replaceGuest(this.request);
    await this.running.guest.target.pause();
  }

  /** What a reset does to a machine: the same images from the start, in the same session. */
  private async reboot(request: LaunchRequest): Promise<void> {
    this.launchedAt = performance.now();
    await this.replaceGuest(request);
    await this.resume(() => this.running.guest.target.resume({ kind: 'continue' }));
  }

  /** Of the guest there is and of those after a restart. */
  async recordExits(file: string | undefined): Promise<{ file?: string }> {
    const { target } = this.running.guest;
    if (file === undefined) {
      await target.recordExits(false);
      await this.recording.stop();
      return {};
    }
    await this.recording.start(file);
    await target.recordExits(true);
    return { file };
  }

  private listen(running: Running): void {
    const { target } = running.guest;
    const isCurrent = () => this.current === running;
    let firstByte = true;
    this.decoders = new Map();
    target.onConsole((event) => {
      if (!isCurrent()) return;
      if (firstByte) {
        firstByte = false;
        const launchToFirstByte = Math.round(performance.now() - this.launchedAt);
        this.own('trapline/timing', { launchToFirstByte });
        this.options.log(`first console byte ${launchToFirstByte} ms after the launch request`);
      }
      this.consoles.write(running.guest, event);
    });
    target.onExits((records) =>
      this.recording.take(target, records, (record) => running.views.exitRow(record)),
    );
    target.onLog((line) => isCurrent() && this.output('console', `${line}\n`));
    target.onOtherFuture((at) => isCurrent() && this.breakpoints.forgetHitsAfter(at));
    target.onStop((stop) => isCurrent() && running.filter.arrived(stop));
    target.onEnd((end) => isCurrent() && this.guestEnded(running, end));
  }

  private showConsole(console: string, bytes: Uint8Array): void {
    if (this.ownConsoles) {
      this.own('trapline/console', { console, data: Buffer.from(bytes).toString('base64') });
      return;
    }
    const decoder = this.decoders.get(console) ?? new TextDecoder();
    this.decoders.set(console, decoder);
    this.output('stdout', decoder.decode(bytes, { stream: true }));
  }

  private reportStop(stop: StopEvent): void {
    const { hart, reason, call } = stop;
    this.gdb.shown(stop);
    // running ---- stop ----> stopped
    this.state = 'stopped';
    this.hart = hart;
    this.event = reason.kind === 'event' ? reason : undefined;
    this.forget();
    this.running.views.guestStopped();
    const thread = { threadId: threadOf(hart), allThreadsStopped: true };
    if (reason.kind === 'breakpoint' || reason.kind === 'data') {
      const kind = this.breakpoints.kindOf(reason.ids);
      const description = describeDataStop(this.running.guest, this.breakpoints, reason);
      if (description !== undefined) this.output('console', `${description}\n`);
      const problems = this.running.filter.lastProblems;
      for (const problem of problems) this.output('console', `${problem}\n`);
      const why = problems.length === 0 ? {} : { text: problems.join(' ') };
      const what = description === undefined ? why : { description, ...why };
      if (kind === 'guest panic') {
        this.event = { kind: 'event', name: guestPanic, text: 'the guest panics' };
        const { name: description, text } = this.event;
        return this.tell('stopped', { reason: 'exception', description, text, ...thread });
      }
      this.tell('stopped', { reason: kind, hitBreakpointIds: [...reason.ids], ...what, ...thread });
    } else if (reason.kind === 'event') {
      const { name, text } = reason;
      this.output('console', `${text}\n`);
      this.tell('stopped', { reason: 'exception', description: name, text, ...thread });
    } else if (reason.kind === 'historyStart') {
      const description = 'start of the recorded history';
      this.tell('stopped', { reason: 'entry', description, text: description, ...thread });
    } else {
      this.tell('stopped', { reason: reason.kind, ...thread });
      if (reason.kind === 'restored') this.changed();
    }
    if (call) this.tellOfCall(call);
    void this.background(() => this.recognise(hart));
  }

  /** Code that has moved is named once. */
  private async recognise(hart: number): Promise<void> {
    const { guest } = this.running;
    const hint = await relocationHint(guest, hart, await readPc(guest, hart));
    if (hint === undefined || this.hinted.has(hint)) return;
    this.hinted.add(hint);
    this.output('console', `${hint}\n`);
  }

  private tellOfCall(call: WaitingCall): void {
    if (!this.toldHow) this.output('console', `${answerHint}\n`);
    this.toldHow = true;
    const { errors: _, ...shown } = callBody(call);
    this.own('trapline/callWaiting', { call: shown });
  }

  private guestEnded(running: Running, end: EndEvent): void {
    // running ---- end ----> over
    this.state = 'over';
    running.stepper.ended();
    if (end.text !== '') this.output('console', `${end.text}\n`);
    const { request } = this;
    if (end.reason === 'reset' && request) {
      // over ---- reset ----> starting: behind the requests that wait already.
      this.queue = this.queue.then(() => this.background(() => this.reboot(request)));
      return;
    }
    this.tell('exited', { exitCode: end.code });
    this.tell('terminated');
    void this.background(async () => {
      await this.recording.stop();
      await this.consoles.close();
    });
  }

  private logPoint(text: string, { resolved }: Entry): void {
    const { source, line } = resolved.shown;
    const where = source ? { source, ...(line === undefined ? {} : { line }) } : {};
    this.tell('output', { category: 'console', output: `${text}\n`, ...where });
  }

  private output(category: 'console' | 'stdout' | 'stderr', output: string): void {
    this.tell('output', { category, output });
  }

  private own<Name extends keyof CustomEvents>(name: Name, body: CustomEvents[Name]): void {
    this.tell(name, body);
  }

  private tell(name: string, body?: object): void {
    const event = new Event(name, body);
    this.trace('->', event);
    this.sendEvent(event);
  }

  private trace(direction: string, message: object): void {
    if (this.request?.trace) this.options.log(`${direction} ${JSON.stringify(message)}`);
  }

  private logDefect(error: unknown): void {
    this.options.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
