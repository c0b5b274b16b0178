/**
 * What the client's step buttons mean: source lines from the line table, functions without lines
 * run through, callers from the unwinder. Several resumes of the target may make one step; the
 * client hears of the last stop only.
 */
import type { ResumeRequest, StopEvent } from '../core/debug/target.ts';
import type { LineRange, ProgramSymbols } from '../core/debug/symbols/symbols.ts';
import { UserError } from '../core/base/userError.ts';
import { guestSeenBy, readPc, stackPointerName, type Guest } from './guest.ts';
import type { CallStacks } from './stack.ts';

export type StepKind = 'next' | 'stepIn' | 'stepOut' | 'stepBack';

export interface Step {
  readonly kind: StepKind;
  readonly hart: number;
  readonly granularity: 'line' | 'instruction';
  /** No other hart runs meanwhile. */
  readonly alone: boolean;
  /** First address of the one function to step into. */
  readonly into?: bigint | undefined;
}

type StepRequest = Exclude<ResumeRequest, { kind: 'continue' | 'proceed' | 'reverseContinue' }>;

/** Lines that run this often into their own beginning end the step anyway. */
const MOST_RESUMES = 1000;
/** By so much the frame's end may be wrong where code says nothing of it. */
const STACK_SLACK = 512n;

export class Stepper {
  private readonly guest: Guest;
  private readonly stacks: CallStacks;
  private readonly report: (stop: StopEvent) => void;
  /** Other harts stand still during the step. */
  private alone = false;
  private stepping = false;
  private pauseWanted = false;
  /** Set while a step waits for its next stop. */
  private waiting: ((stop: StopEvent | undefined) => void) | undefined;

  constructor(guest: Guest, stacks: CallStacks, report: (stop: StopEvent) => void) {
    this.guest = guest;
    this.stacks = stacks;
    this.report = report;
  }

  /** Every stop of the target comes here. */
  stopped(stop: StopEvent): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting) waiting(stop);
    else this.report(stop);
  }

  /** The guest has ended or is gone: a step under way ends without a stop. */
  ended(): void {
    this.waiting?.(undefined);
    this.waiting = undefined;
  }

  /** Between two stops of a step there is nothing to pause: it ends instead of going on. */
  async pause(): Promise<void> {
    this.pauseWanted = this.stepping;
    await this.guest.target.pause();
  }

  /** Prepares a step; what comes back starts it and settles when it has ended. */
  async prepare(step: Step): Promise<() => Promise<void>> {
    const plan = await this.plan(step);
    return async () => {
      this.stepping = true;
      try {
        const stop = await plan();
        if (stop) this.report(stop);
      } finally {
        this.stepping = false;
        this.pauseWanted = false;
      }
    };
  }

  private async plan(step: Step): Promise<() => Promise<StopEvent | undefined>> {
    const { kind, hart, granularity } = step;
    this.alone = step.alone;
    if (kind === 'stepOut') {
      const request = await this.toCaller(hart);
      if (!request) throw new UserError('there is no caller to step out to');
      return () => this.resume(request);
    }
    const pc = await readPc(this.guest, hart);
    const { symbols } = await guestSeenBy(this.guest, hart);
    const range = granularity === 'line' ? symbols.lineRangeAt(pc) : undefined;
    if (kind === 'stepBack') {
      await checkHistory(this.guest);
      if (range) return () => this.lineBack(hart);
      return () => this.resume({ kind: 'reverseStep', hart, over: granularity === 'line' });
    }
    if (range) return () => this.stepLine(step, range);
    const request = await this.oneInstruction(kind, hart, pc);
    return () => this.resume(request);
  }

  private async stepLine(
    { kind, hart, into }: Step,
    first: LineRange,
  ): Promise<StopEvent | undefined> {
    const frame = await this.frameAddress(hart);
    let range = first;
    let stop: StopEvent | undefined;
    for (let resumes = 0; resumes < MOST_RESUMES; resumes++) {
      const over = kind === 'next';
      const { start, end } = range;
      stop = await this.resume({ kind: 'stepRange', hart, start, end, over });
      if (stop?.reason.kind !== 'step') return stop;
      let pc = await readPc(this.guest, hart);
      const { symbols } = await guestSeenBy(this.guest, hart);
      const entered = symbols.functionAt(pc);
      const hasLines = symbols.lineRangeAt(pc) !== undefined;
      const isOther = into !== undefined && entered?.low !== into;
      if (hasLines && entered?.low === pc && !isOther) {
        // Only after the prologue are parameters where the debug information says.
        if (entered.afterPrologue === pc) return stop;
        return this.resume({ kind: 'runTo', hart, address: entered.afterPrologue });
      }
      if (!hasLines || (isOther && entered?.low === pc)) {
        const out = await this.toCaller(hart);
        if (!out) return stop;
        stop = await this.resume(out);
        if (stop?.reason.kind !== 'step') return stop;
        pc = await readPc(this.guest, hart);
      }
      const next = symbols.lineRangeAt(pc);
      if (!next || next.line !== first.line || next.path !== first.path) return stop;
      // The same line of another call of a recursive function is another place to be.
      if ((await this.frameAddress(hart)) !== frame) return stop;
      range = next;
    }
    return stop;
  }

  /** To where the present line began or, when the hart stands there, to where the one before it did. */
  private async lineBack(hart: number): Promise<StopEvent | undefined> {
    const { target } = this.guest;
    const { now } = await target.history();
    let stop = await this.toLineStart(hart);
    if (stop?.reason.kind !== 'step' || (await target.history()).now !== now) return stop;
    for (let frames = 0; frames < MOST_RESUMES; frames++) {
      stop = await this.resume({ kind: 'reverseStep', hart, over: true });
      if (stop?.reason.kind !== 'step') return stop;
      const pc = await readPc(this.guest, hart);
      const { symbols } = await guestSeenBy(this.guest, hart);
      if (!symbols.lineRangeAt(pc)) return stop;
      const entered = symbols.functionAt(pc);
      const isPrologue = entered && pc < entered.afterPrologue;
      if (!isPrologue) return this.toLineStart(hart);
      // Where parameters are not yet what the debug information says is no place to stop: the caller is.
      const within = [{ start: entered.low, end: entered.afterPrologue }];
      stop = await this.resume({ kind: 'reverseStep', hart, over: true, within });
      if (stop?.reason.kind !== 'step') return stop;
    }
    return stop;
  }

  private async toLineStart(hart: number): Promise<StopEvent | undefined> {
    const pc = await readPc(this.guest, hart);
    const { symbols } = await guestSeenBy(this.guest, hart);
    const within = rangesOfLine(symbols, pc);
    return this.resume({ kind: 'reverseStep', hart, over: true, within });
  }

  private async oneInstruction(kind: StepKind, hart: number, pc: bigint): Promise<StepRequest> {
    const { target, isa } = this.guest;
    const bytes = await target.readMemory(hart, 'virtual', pc, 8);
    const { size, flow } = isa.disassemble(bytes, pc);
    // Only what comes back is stepped over; a jump to itself would never leave its range.
    if (kind === 'stepIn' || (flow !== 'call' && flow !== 'trap')) {
      return { kind: 'stepInstruction', hart };
    }
    return { kind: 'stepRange', hart, start: pc, end: pc + BigInt(size), over: true };
  }

  private async toCaller(hart: number): Promise<StepRequest | undefined> {
    const [callee, caller] = await this.stacks.physicalFrames(hart, 2);
    if (!callee || !caller) return undefined;
    const end = callee.cfa ?? caller.register(stackPointerName(this.guest.isa));
    const stack = {
      ...(end !== undefined && { stackAtLeast: end }),
      // Another task may come there sooner, on a stack further up. A trap has a stack of its own.
      ...(end !== undefined && callee.mode === caller.mode && { stackBelow: end + STACK_SLACK }),
    };
    return { kind: 'runTo', hart, address: caller.pc, mode: caller.mode, ...stack };
  }

  private async frameAddress(hart: number): Promise<bigint | undefined> {
    const [frame] = await this.stacks.physicalFrames(hart, 1);
    return frame?.cfa;
  }

  private async resume(request: StepRequest): Promise<StopEvent | undefined> {
    if (this.pauseWanted) return { hart: request.hart, reason: { kind: 'pause' } };
    const stop = new Promise<StopEvent | undefined>((resolve) => (this.waiting = resolve));
    try {
      const goesBack = request.kind === 'reverseStep';
      await this.guest.target.resume(
        this.alone && !goesBack ? { ...request, alone: true } : request,
      );
    } catch (error) {
      this.waiting = undefined;
      throw error;
    }
    return stop;
  }
}

/** Fails where nothing leads back. */
export async function checkHistory({ target }: Guest): Promise<void> {
  const { missing, start, now } = await target.history();
  if (missing !== undefined) throw new UserError(missing);
  if (now <= start) throw new UserError('this is the start of the recorded history');
}

/** All code of the line that an address belongs to, in the same function. */
function rangesOfLine(symbols: ProgramSymbols, address: bigint): readonly LineRange[] {
  const own = symbols.lineRangeAt(address);
  if (!own) return [];
  const fn = symbols.functionAt(address);
  const ranges = [own];
  for (let at = fn?.low ?? own.start; at < (fn?.high ?? own.end);) {
    const range = symbols.lineRangeAt(at);
    if (!range) break;
    if (range.line === own.line && range.path === own.path) ranges.push(range);
    at = range.end;
  }
  return ranges;
}
