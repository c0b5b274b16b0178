/**
 * One debugger's connection in gdb's remote protocol, on a `DebugTarget`: takes bytes, answers
 * packets one after another, and tells of stops. All-stop mode: while the machine runs, only an
 * interrupt is expected. It knows neither sockets nor an instruction set.
 */
import { UserError } from '../core/base/userError.ts';
import type { DebugTarget, EndEvent, ResumeRequest, StopEvent } from '../core/debug/target.ts';
import type { Isa } from '../core/isa/isa.ts';
import { BreakpointTable } from './breakpointTable.ts';
import { encodePacket, PacketReader, type Incoming } from './packets.ts';
import { handlerFor } from './dispatch.ts';
import { errorText, failure, type ErrorStyle, type Reply } from './reply.ts';
import { stopReply } from './stopReply.ts';
import { TargetDescription } from './targetDescription.ts';
import { bytesOfLatin1, hexOfText, latin1 } from './text.ts';

/** One command of `monitor`; what comes back is shown as it is. */
export interface MonitorCommand {
  readonly name: string;
  /** Operands as the help shows them. */
  readonly operands: string;
  readonly help: string;
  run(args: string, stub: GdbStub): Promise<string> | string;
}

export interface StubHost {
  send(bytes: Uint8Array): void;
  /** The debugger asks for the end of the machine. */
  kill(): Promise<void>;
  /** The machine stands at its first instruction again. */
  restarted(): void;
  /** A defect of our own, with its stack. */
  log(line: string): void;
  readonly monitor: readonly MonitorCommand[];
}

/** halted ---- resume ----> running ---- stop ----> halted; either ---- end ----> ended */
export type StubState = 'halted' | 'running' | 'ended';

/** What the debugger said it understands. */
export interface Abilities {
  swbreak: boolean;
  hwbreak: boolean;
  extended: boolean;
}

export class GdbStub {
  readonly target: DebugTarget;
  readonly isa: Isa;
  readonly host: StubHost;
  readonly breakpoints: BreakpointTable;
  readonly abilities: Abilities = { swbreak: false, hwbreak: false, extended: false };
  errors: ErrorStyle = 'number';
  /** Hart of register and memory packets. */
  hart = 0;
  /** Hart that `s` steps. */
  stepHart = 0;
  /** Addresses in `m` and `M` are physical. */
  physical = false;
  state: StubState = 'halted';
  lastStop: StopEvent = { hart: 0, reason: { kind: 'entry' } };
  end: EndEvent | undefined;

  private readonly reader = new PacketReader();
  private description: TargetDescription | undefined;
  private acknowledges = true;
  private afterReply: (() => void) | undefined;
  private lastSent = new Uint8Array(0);
  private queue: Promise<void> = Promise.resolve();
  private interrupted = false;
  private closed = false;
  private readonly unsubscribe: readonly (() => void)[];

  constructor(target: DebugTarget, isa: Isa, host: StubHost) {
    this.target = target;
    this.isa = isa;
    this.host = host;
    this.breakpoints = new BreakpointTable(target);
    this.unsubscribe = [
      target.onStop((stop) => this.stopped(stop)),
      target.onEnd((end) => this.ended(end)),
    ];
    // A debugger that attaches finds a machine that stands.
    this.enqueue(() => target.pause());
  }

  /** Bytes from the debugger. */
  receive(bytes: Uint8Array): void {
    for (const incoming of this.reader.take(bytes)) this.take(incoming);
  }

  /** The connection is gone: breakpoints go, the machine stays as it is. */
  async disconnected(): Promise<void> {
    if (this.closed) return this.queue;
    this.closed = true;
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    this.enqueue(() => this.breakpoints.clear());
    return this.queue;
  }

  /** Done when every packet that has come is answered. */
  settled(): Promise<void> {
    return this.queue;
  }

  async describe(): Promise<TargetDescription> {
    this.description ??= await TargetDescription.of(this.isa, this.target);
    return this.description;
  }

  /** From the next packet on nothing is acknowledged. */
  stopAcknowledging(): void {
    this.afterReply = () => {
      this.acknowledges = false;
    };
  }

  /** Text for the debugger's user; only a debugger that waits for a stop takes it. */
  say(text: string): void {
    if (this.state === 'running') this.sendText(`O${hexOfText(text)}`);
  }

  async stopReplyNow(): Promise<string> {
    if (this.end) return endReply(this.end);
    return stopReply(this, this.lastStop, this.interrupted);
  }

  /** Has the machine go; its stop answers the packet. */
  async resume(request: ResumeRequest): Promise<Reply> {
    if (this.end) return failure('invalid', 'the guest has ended');
    if (this.state === 'running') return failure('invalid', 'the guest is running already');
    // An editor beside the debugger may have it going.
    await this.target.pause();
    await this.breakpoints.install();
    this.interrupted = false;
    this.state = 'running';
    try {
      await this.target.resume(request);
    } catch (error) {
      this.state = 'halted';
      throw error;
    }
    return undefined;
  }

  /** Starts the machine anew; it stands at its first instruction. */
  async restart(): Promise<void> {
    await this.target.restart();
    this.host.restarted();
    this.state = 'halted';
    this.end = undefined;
    this.lastStop = { hart: 0, reason: { kind: 'entry' } };
    this.hart = 0;
    this.stepHart = 0;
  }

  private take(incoming: Incoming): void {
    switch (incoming.kind) {
      case 'packet':
        if (this.acknowledges) this.host.send(plus);
        return this.enqueue(() => this.answer(latin1(incoming.data)));
      case 'damaged':
        if (this.acknowledges) this.host.send(minus);
        return;
      case 'rejected':
        if (this.acknowledges && this.lastSent.length > 0) this.host.send(this.lastSent);
        return;
      case 'interrupt':
        return this.enqueue(() => this.interrupt());
      case 'acknowledged':
        return;
    }
  }

  private enqueue(action: () => Promise<void>): void {
    this.queue = this.queue.then(action).catch((error: unknown) => this.failed(error));
  }

  private async answer(packet: string): Promise<void> {
    if (this.closed) return;
    // Whoever sends packets while the machine runs is not waiting for its stop any more.
    let reply: Reply;
    try {
      reply = await handlerFor(packet)(this, packet);
    } catch (error) {
      reply = failure('io', error instanceof Error ? error.message : String(error));
      if (!(error instanceof UserError)) this.failed(error);
    }
    if (reply === undefined) return;
    this.sendText(typeof reply === 'string' ? reply : errorText(reply, this.errors));
    this.afterReply?.();
    this.afterReply = undefined;
  }

  private async interrupt(): Promise<void> {
    if (this.state !== 'running') return;
    this.interrupted = true;
    await this.target.pause();
  }

  private stopped(stop: StopEvent): void {
    this.lastStop = stop;
    if (this.state !== 'running') return;
    this.enqueue(async () => {
      if (this.state !== 'running' || this.closed) return;
      const { reason } = stop;
      if (reason.kind === 'event') this.say(`${reason.text}\n`);
      // running ---- stop ----> halted
      this.state = 'halted';
      this.hart = stop.hart;
      this.stepHart = stop.hart;
      this.sendText(await this.stopReplyNow());
    });
  }

  private ended(end: EndEvent): void {
    this.end = end;
    this.enqueue(async () => {
      const waits = this.state === 'running';
      if (waits && end.text !== '') this.say(`${end.text}\n`);
      this.state = 'ended';
      if (waits && !this.closed) this.sendText(endReply(end));
    });
  }

  private sendText(text: string): void {
    if (this.closed) return;
    this.lastSent = encodePacket(bytesOfLatin1(text)) as Uint8Array<ArrayBuffer>;
    this.host.send(this.lastSent);
  }

  private failed(error: unknown): void {
    this.host.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

const plus = bytesOfLatin1('+');
const minus = bytesOfLatin1('-');

/** `W` with the exit code, which has a byte. */
function endReply({ code }: EndEvent): string {
  return `W${(code & 0xff).toString(16).padStart(2, '0')}`;
}
