/**
 * Two machines of the same launch that differ in their engine, run side by side and compared after
 * every slice: registers, control registers, counts, exits and what they wrote to their consoles,
 * and now and then all memory. The first difference ends the run with all that is different. To its
 * owner it is the first machine.
 */
import { Bug } from '../base/assert.ts';
import type { ConsoleChannel } from '../base/console.ts';
import type { ExitStop } from '../debug/target.ts';
import type { Cpu } from '../isa/cpu.ts';
import { LockstepCalls } from './lockstepCalls.ts';
import { LockstepCpu } from './lockstepCpu.ts';
import type { CallControl, Machine, MachineStop } from './machine.ts';

const longestSlice = 30_000;
/** An owner may run less at a time than is worth looking at all registers. */
const comparisonPeriod = 50;
/** Instructions from one comparison of all memory to the next. */
const memoryPeriod = 100_000_000;
const pageBytes = 4096;
/** Lines of a report: one is enough to know, a few help to understand. */
const mostDifferences = 20;

export class LockstepMachine implements Machine {
  readonly harts: readonly Cpu[];
  readonly calls: CallControl | undefined;
  readonly dirtyLog?: NonNullable<Machine['dirtyLog']>;
  private readonly first: Machine;
  private readonly second: Machine;
  private readonly names: readonly string[];
  /** By console, what both wrote since they were compared. */
  private readonly outputs: readonly { readonly first: number[]; readonly second: number[] }[];
  /** Ranges that the owner wrote between runs. */
  private readonly written: { address: number; size: number }[] = [];
  private running = false;
  private random = 1;
  private compared = 0;
  private memoryCompared = 0;

  constructor(first: Machine, second: Machine) {
    this.first = first;
    this.second = second;
    this.harts = first.harts.map((hart, i) => new LockstepCpu(hart, second.harts[i]!));
    const { registers, controlRegisters } = first.isa;
    this.names = [...registers, ...controlRegisters].map(({ name }) => name);
    first.consoles.forEach((console, i) => {
      const feed = console.feed.bind(console);
      console.feed = (bytes) => {
        feed(bytes);
        second.consoles[i]!.feed(bytes);
      };
      // The machine's slices are not the owner's, who gets output once for each of their own.
      const flush = console.flush.bind(console);
      console.flush = () => {
        if (!this.running) flush();
      };
    });
    const { memory } = first;
    this.outputs = first.consoles.map((console, i) => ({
      first: recorded(console),
      second: recorded(second.consoles[i]!),
    }));
    this.calls = first.calls && second.calls && new LockstepCalls(first.calls, second.calls);
    const { dirtyLog } = first;
    if (dirtyLog) {
      this.dirtyLog = (action) => {
        second.dirtyLog?.(action);
        return dirtyLog.call(first, action);
      };
    }
    const onWrite = memory.onWrite;
    memory.onWrite = (address, size) => {
      onWrite(address, size);
      if (!this.running) this.written.push({ address, size });
    };
  }

  get isa(): Machine['isa'] {
    return this.first.isa;
  }
  get mode(): Machine['mode'] {
    return this.first.mode;
  }
  get board(): string {
    return this.first.board;
  }
  get memory(): Machine['memory'] {
    return this.first.memory;
  }
  get consoles(): Machine['consoles'] {
    return this.first.consoles;
  }
  get entry(): bigint {
    return this.first.entry;
  }
  get instructions(): number {
    return this.first.instructions;
  }
  get steps(): number {
    return this.first.steps;
  }
  get replaying(): boolean {
    return this.first.replaying ?? false;
  }
  set replaying(value: boolean) {
    this.first.replaying = this.second.replaying = value;
  }
  get virtualMilliseconds(): number {
    return this.first.virtualMilliseconds ?? 0;
  }
  get timeUse(): NonNullable<Machine['timeUse']> {
    return this.first.timeUse ?? { looks: 0, skippedMilliseconds: 0 };
  }
  get log(): Machine['log'] {
    return this.first.log;
  }
  get engineCounters(): Machine['engineCounters'] {
    return this.second.engineCounters;
  }
  get exitCounts(): Machine['exitCounts'] {
    return this.first.exitCounts;
  }
  get skipLimit(): number | undefined {
    return this.first.skipLimit;
  }
  set skipLimit(value: number | undefined) {
    this.first.skipLimit = this.second.skipLimit = value;
  }
  get exitStops(): readonly ExitStop[] {
    return this.first.exitStops;
  }
  set exitStops(value: readonly ExitStop[]) {
    this.first.exitStops = this.second.exitStops = value;
  }

  run(budget: number, only?: number): MachineStop {
    this.copyWritten();
    for (let left = budget; ;) {
      const slice = Math.min(left, this.nextSlice());
      const before = this.first.instructions;
      this.running = true;
      const stop = this.first.run(slice, only);
      const other = this.second.run(slice, only);
      this.running = false;
      left -= slice;
      const last = left <= 0 || stop.kind !== 'budget' || this.first.skipLimit !== undefined;
      this.compare(before, stop, other, stop.kind === 'ended');
      if (last) {
        for (const console of this.first.consoles) console.flush();
        return stop;
      }
    }
  }

  hartState(hart: number): 'running' | 'waiting' | 'stopped' {
    return this.first.hartState(hart);
  }
  guestToHost(address: bigint): number | undefined {
    return this.first.guestToHost(address);
  }
  backingName(address: number): string {
    return this.first.backingName(address);
  }
  set beforeExitsGo(listener: (() => void) | undefined) {
    this.first.beforeExitsGo = listener;
  }

  exitsAfter(...args: Parameters<Machine['exitsAfter']>): ReturnType<Machine['exitsAfter']> {
    return this.first.exitsAfter(...args);
  }

  /** Slices of all lengths, the same in every run; short ones end within regions of code. */
  private nextSlice(): number {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) >>> 0;
    const length = this.random % longestSlice;
    return 1 + (this.random & 0x1000_0000 ? length : length % 100);
  }

  private copyWritten(): void {
    for (const { address, size } of this.written) {
      const bytes = this.first.memory.view8(address, size);
      if (bytes) this.second.memory.load(address, bytes);
    }
    this.written.length = 0;
  }

  private compare(before: number, a: MachineStop, b: MachineStop, ended: boolean): void {
    const differences: string[] = [];
    const note = (what: string, x: unknown, y: unknown): void => {
      if (x !== y) differences.push(`${what}: ${shown(x)} and ${shown(y)}`);
    };
    note('stop', a.kind, b.kind);
    note('instructions', this.first.instructions, this.second.instructions);
    note('steps', this.first.steps, this.second.steps);
    this.first.harts.forEach((hart, i) => note(`hart ${i} pc`, hart.pc, this.second.harts[i]!.pc));
    const since = this.first.instructions - this.compared;
    if (a.kind === 'budget' && since < comparisonPeriod && differences.length === 0) return;
    this.compared = this.first.instructions;
    this.first.harts.forEach((hart, i) => {
      const other = this.second.harts[i]!;
      note(`hart ${i} instructions`, hart.instructions, other.instructions);
      note(`hart ${i} mode`, hart.modeName, other.modeName);
      for (const name of this.names) {
        note(`hart ${i} ${name}`, hart.readRegister(name), other.readRegister(name));
      }
    });
    for (const kind of Object.keys({ ...this.first.exitCounts, ...this.second.exitCounts })) {
      note(`exits ${kind}`, this.first.exitCounts[kind], this.second.exitCounts[kind]);
    }
    this.compareOutputs(note);
    if (ended || this.first.instructions - this.memoryCompared >= memoryPeriod) {
      this.memoryCompared = this.first.instructions;
      this.compareMemory(note);
    }
    if (differences.length === 0) return;
    if (!ended) this.compareMemory(note);
    const where = `between instructions ${before} and ${this.first.instructions}`;
    const lines = differences.slice(0, mostDifferences).join('\n  ');
    throw new Bug(`the engines differ ${where}, interpreter and translator:\n  ${lines}`);
  }

  private compareOutputs(note: (what: string, x: unknown, y: unknown) => void): void {
    this.outputs.forEach(({ first, second }, i) => {
      if (first.length === 0 && second.length === 0) return;
      note(this.first.consoles[i]!.name, String(first), String(second));
      first.length = second.length = 0;
    });
  }

  private compareMemory(note: (what: string, x: unknown, y: unknown) => void): void {
    for (const { name, base, size } of this.first.memory.regions) {
      const [a, b] = [this.first, this.second].map(({ memory }) =>
        words(memory.view8(base, size)!),
      );
      for (let i = 0; i < a!.length; i++) {
        if (a![i] === b![i]) continue;
        note(`${name} at ${shown(base + i * 4)}`, a![i], b![i]);
        // One word of a page tells enough.
        i |= pageBytes / 4 - 1;
      }
    }
  }
}

/** Bytes that a guest writes to a console from now on. */
function recorded(console: ConsoleChannel): number[] {
  const bytes: number[] = [];
  const put = console.put.bind(console);
  console.put = (byte) => {
    put(byte);
    bytes.push(byte & 0xff);
  };
  return bytes;
}

const words = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength >>> 2);

function shown(value: unknown): string {
  const isNumber = typeof value === 'bigint' || typeof value === 'number';
  return isNumber ? `0x${value.toString(16)}` : String(value);
}
