/**
 * A machine with an instruction set of its own, small enough to be right by looking at it: what
 * the debugger does must not depend on a real one. Instructions are four bytes, [op, a, b, c].
 */
import { ConsoleChannel } from '../../../src/core/base/console.ts';
import { Emitter } from '../../../src/core/base/emitter.ts';
import type { EndEvent } from '../../../src/core/debug/target.ts';
import type { Cpu, CpuRun } from '../../../src/core/isa/cpu.ts';
import { MappingList } from '../../../src/core/isa/mappingList.ts';
import type { Watchpoint, WatchHit } from '../../../src/core/isa/watchpoints.ts';
import type { ControlFlow, DisassembledInstruction, Isa } from '../../../src/core/isa/isa.ts';
import type { Machine, MachineStop } from '../../../src/core/machine/machine.ts';
import { MmioMap } from '../../../src/core/memory/mmioMap.ts';
import { PhysicalMemory } from '../../../src/core/memory/physicalMemory.ts';

const mnemonics = [
  'nop', 'addi', 'call', 'ret', 'jump', 'bnez', 'trap', 'tret', 'wait', 'out', 'halt', 'event',
  'load', 'store', 'in', 'addsp',
] as const; // prettier-ignore
type Mnemonic = (typeof mnemonics)[number];

const flows: Partial<Record<Mnemonic, ControlFlow>> = {
  call: 'call',
  ret: 'return',
  jump: 'jump',
  bnez: 'branch',
  trap: 'trap',
  tret: 'trapReturn',
};

/** Encodes one instruction; `b` and `c` as the instruction wants them, branch offsets in words. */
export function toy(mnemonic: Mnemonic, a = 0, b = 0, c = 0): number[] {
  return [mnemonics.indexOf(mnemonic), a & 255, b & 255, c & 255];
}

export const toyIsa: Isa = {
  name: 'toy',
  xlen: 64,
  instructionAlignment: 4,
  registers: ['r0', 'r1', 'r2', 'r3', 'sp', 'ra', 'pc'].map((name) => ({
    name,
    aliases: [],
    bits: 64,
    description: '',
    calleeSaved: false,
    ...(name === 'sp' ? { role: 'stackPointer' as const } : {}),
    ...(name === 'pc' ? { role: 'pc' as const } : {}),
  })),
  controlRegisters: [
    {
      name: 'status',
      number: 1,
      bits: 64,
      description: 'Status',
      section: '1',
      group: 'Supervisor',
      privilege: 'S',
      writable: true,
      extension: '',
      fields: [
        { name: 'EN', high: 0, low: 0, description: 'enable', writable: true },
        {
          name: 'MODE',
          high: 3,
          low: 2,
          description: 'mode',
          writable: true,
          values: { 0: 'Bare', 1: 'Paged' },
        },
      ],
    },
    {
      name: 'ident',
      number: 2,
      bits: 64,
      description: 'Identity',
      section: '2',
      group: 'Machine',
      privilege: 'M',
      writable: false,
      extension: '',
      fields: [],
    },
  ],
  instructions: [],
  registersRead([op = 255, a = 0, b = 0]) {
    const mnemonic = mnemonics[op];
    if (mnemonic === 'addi') return [`r${b}`];
    return mnemonic === 'bnez' || mnemonic === 'store' || mnemonic === 'out' ? [`r${a}`] : [];
  },
  disassemble(bytes, address): DisassembledInstruction {
    const [op = 255, a = 0, b = 0, c = 0] = bytes;
    const mnemonic = mnemonics[op];
    if (!mnemonic || bytes.length < 4) {
      return { size: 4, text: '.word', mnemonic: '.word', valid: false, flow: 'next' };
    }
    const direct = mnemonic === 'call' || mnemonic === 'jump' || mnemonic === 'bnez';
    return {
      size: 4,
      text: `${mnemonic} ${a}, ${b}, ${c}`,
      mnemonic,
      valid: true,
      flow: flows[mnemonic] ?? 'next',
      ...(direct ? { target: address + BigInt(signed(c) * 4) } : {}),
    };
  },
};

export const TRAP_VECTOR = 0x400n;

export class ToyCpu implements Cpu {
  readonly id: number;
  instructions = 0;
  pc = 0n;
  modeName = 'U-mode';
  waiting = false;
  /** An interrupt is taken before the instruction with this count. */
  interruptAt = -1;
  breakpoints = new Set<bigint>();
  readonly registers: Record<string, bigint> = {
    r0: 0n, r1: 0n, r2: 0n, r3: 0n, sp: 0x800n, ra: 0n, status: 4n, ident: 7n,
  }; // prettier-ignore

  private readonly machine: ToyMachine;
  watchHit: WatchHit | undefined;
  private watchpoints: readonly Watchpoint[] = [];
  private skipWatch = -1;
  private skip = false;
  private savedPc = 0n;

  constructor(machine: ToyMachine, id: number) {
    this.machine = machine;
    this.id = id;
  }

  get wouldWake(): boolean {
    return !this.waiting || this.machine.consoles[0]!.available > 0;
  }
  loseReservation(): void {}
  requestAttention(): void {}
  nextTimer(): undefined {}

  run(budget: number): CpuRun {
    const before = this.instructions;
    let steps = 0;
    this.watchHit = undefined;
    const result = (stop: CpuRun['stop']) => ({ stop, retired: this.instructions - before, steps });
    while (steps < budget && !this.machine.stopped) {
      if (this.waiting && !this.wouldWake) return result('waiting');
      this.waiting = false;
      if (!this.skip && this.breakpoints.has(this.pc)) return result('breakpoint');
      if (this.interruptAt !== this.instructions && this.isWatched()) return result('breakpoint');
      this.skip = false;
      steps++;
      if (this.interruptAt === this.instructions) {
        this.interruptAt = -1;
        this.enterTrap();
      } else {
        this.step();
      }
    }
    return result('budget');
  }

  readRegister(name: string): bigint | undefined {
    return name === 'pc' ? this.pc : this.registers[name];
  }
  writeRegister(name: string, value: bigint): bigint | undefined {
    if (name === 'pc') return (this.pc = value);
    if (!(name in this.registers) || name === 'ident') return this.registers[name];
    return (this.registers[name] = name === 'status' ? value & 0xdn : BigInt.asUintN(64, value));
  }
  /** Virtual is physical but for one page that is mapped elsewhere. */
  debugTranslate(address: bigint): number | undefined {
    if (address >= 0x10000n && address < 0x11000n) return Number(address - 0x10000n);
    return address < 0x2000n ? Number(address) : undefined;
  }
  mappings(): MappingList {
    return new MappingList('Bare', 0);
  }
  setBreakpoints(addresses: readonly bigint[]): void {
    this.breakpoints = new Set(addresses);
  }
  setWatchpoints(watchpoints: readonly Watchpoint[]): void {
    this.watchpoints = watchpoints;
  }
  skipWatchpointsOnce(): void {
    this.skipWatch = this.instructions;
  }
  skipBreakpointOnce(): void {
    this.skip = true;
  }

  /** Words at 0x1000 are loaded and stored, and nothing else. */
  private isWatched(): boolean {
    const [op = 0, , b = 0] = this.machine.memory.view8(Number(this.pc), 4)!;
    const mnemonic = mnemonics[op];
    const read = mnemonic === 'load';
    if ((!read && mnemonic !== 'store') || this.skipWatch === this.instructions) return false;
    const address = BigInt(0x1000 + b * 8);
    const unwanted = read ? 'write' : 'read';
    const watchpoint = this.watchpoints.find(
      (w) =>
        w.address < address + 8n && address < w.address + BigInt(w.size) && w.access !== unwanted,
    );
    this.watchHit = watchpoint && { watchpoint, address, size: 8, read, write: !read };
    return watchpoint !== undefined;
  }

  private enterTrap(): void {
    this.skipWatch = -1;
    this.savedPc = this.pc;
    this.pc = TRAP_VECTOR;
    this.modeName = 'T-mode';
  }

  /** An instruction that traps does not retire. */
  private step(): void {
    const bytes = this.machine.memory.view8(Number(this.pc), 4)!;
    const [op = 0, a = 0, b = 0, c = 0] = bytes;
    const mnemonic = mnemonics[op]!;
    const x = this.registers;
    const next = this.pc + 4n;
    if (mnemonic === 'trap') {
      this.enterTrap();
      this.savedPc = next;
      return;
    }
    let pc = next;
    const target = this.pc + BigInt(signed(c) * 4);
    if (mnemonic === 'addi') x[`r${a}`] = x[`r${b}`]! + BigInt(signed(c));
    if (mnemonic === 'addsp') x['sp'] = x['sp']! + BigInt(signed(c));
    if (mnemonic === 'call') [x['ra'], pc] = [next, target];
    if (mnemonic === 'jump') pc = target;
    if (mnemonic === 'ret') pc = x['ra']!;
    if (mnemonic === 'bnez' && x[`r${a}`] !== 0n) pc = target;
    if (mnemonic === 'tret') [pc, this.modeName] = [this.savedPc, 'U-mode'];
    if (mnemonic === 'wait') this.waiting = true;
    if (mnemonic === 'out') this.machine.consoles[0]!.put(Number(x[`r${a}`]));
    if (mnemonic === 'in') x[`r${a}`] = BigInt(this.machine.consoles[0]!.take());
    if (mnemonic === 'load') x[`r${a}`] = this.machine.memory.read64(0x1000 + b * 8);
    if (mnemonic === 'store') this.machine.memory.write64(0x1000 + b * 8, x[`r${a}`]!);
    if (mnemonic === 'halt') {
      this.machine.stopped = {
        kind: 'ended',
        end: { reason: 'shutdown', code: a, text: `halted with ${a}` } satisfies EndEvent,
      };
    }
    if (mnemonic === 'event') {
      // As a call does that answers in registers.
      x['r0'] = BigInt(a);
      this.machine.stopped = { kind: 'event', hart: this.id, name: 'call', text: `call ${a}` };
    }
    this.pc = pc;
    this.instructions++;
  }
}

export class ToyMachine implements Machine {
  readonly isa = toyIsa;
  readonly mode = 'machine';
  readonly board = 'toy';
  /** The most instructions of one `run`. */
  sliceLimit = Infinity;
  readonly consoles = [new ConsoleChannel('uart0')];
  readonly memory: PhysicalMemory;
  readonly harts: ToyCpu[];
  readonly entry = 0n;
  exitStops = [];
  readonly log = new Emitter<string>();
  readonly exitCounts = {};
  steps = 0;
  stopped: MachineStop | undefined;
  /** Milliseconds that one instruction takes; for tests of pacing. */
  millisecondsPerInstruction = 0;

  constructor(program: readonly number[][], options: { harts?: number } = {}) {
    this.memory = new PhysicalMemory(new ArrayBuffer(0x2000), new MmioMap());
    this.memory.addRam({ name: 'ram', base: 0, size: 0x2000, offset: 0, writable: true });
    this.memory.load(0, Uint8Array.from(program.flat()));
    // The trap handler: it counts in r3 and goes back.
    this.memory.load(
      Number(TRAP_VECTOR),
      Uint8Array.from([...toy('addi', 3, 3, 1), ...toy('tret')]),
    );
    this.harts = Array.from({ length: options.harts ?? 1 }, (_, id) => new ToyCpu(this, id));
  }

  get instructions(): number {
    return this.harts.reduce((sum, hart) => sum + hart.instructions, 0);
  }
  get virtualMilliseconds(): number {
    return this.instructions * this.millisecondsPerInstruction;
  }

  run(budget: number, only?: number): MachineStop {
    const harts = only === undefined ? this.harts : [this.harts[only]!];
    let left = Math.min(budget, this.sliceLimit);
    while (left > 0) {
      let progress = 0;
      for (const hart of harts) {
        const { stop, steps } = hart.run(Math.min(left, 16));
        left -= steps;
        this.steps += steps;
        progress += steps;
        if (stop === 'breakpoint') return { kind: 'breakpoint', hart: hart.id };
        if (this.stopped) {
          const stopped = this.stopped;
          if (stopped.kind === 'event') this.stopped = undefined;
          return stopped;
        }
        if (left <= 0) break;
      }
      if (progress === 0) return { kind: 'idle' };
    }
    return { kind: 'budget' };
  }
  hartState(hart: number): 'running' | 'waiting' {
    return this.harts[hart]!.waiting ? 'waiting' : 'running';
  }
  guestToHost(address: bigint): number | undefined {
    return Number(address);
  }
  backingName(): string {
    return 'ram';
  }
  exitsAfter(): [] {
    return [];
  }
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}
