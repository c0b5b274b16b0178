/**
 * `--trace`: what happened, one line each, to standard error or a file. Exits are taken from the
 * machine's own record; instructions, control register accesses and traps by stepping it, which
 * is slow and exact. The instruction set is known through its tables only.
 */
import { closeSync, writeSync } from 'node:fs';
import type { ExitRecord } from '../core/debug/target.ts';
import type { Cpu } from '../core/isa/cpu.ts';
import type { DisassembledInstruction } from '../core/isa/isa.ts';
import type { Machine, MachineStop } from '../core/machine/machine.ts';
import { openForWriting } from './console.ts';
import { UsageError } from './options.ts';

const kinds = ['exits', 'calls', 'traps', 'mmio', 'csr', 'instr'] as const;
export type TraceKind = (typeof kinds)[number];

/** Kinds that are exits, and may be had as lines of JSON. */
export const jsonKinds: readonly TraceKind[] = ['exits', 'calls', 'mmio'];

export function parseTrace(list: string): ReadonlySet<TraceKind> {
  const wanted = list.split(',').map((word) => word.trim());
  for (const word of wanted) {
    if ((kinds as readonly string[]).includes(word)) continue;
    throw new UsageError(`--trace knows ${kinds.join(', ')}, not '${word}'`);
  }
  return new Set(wanted as TraceKind[]);
}

/** Which of the machine's exits a kind shows; `exits` shows them all. */
const exitKinds: Partial<Record<TraceKind, readonly string[]>> = {
  calls: ['sbi', 'call'],
  mmio: ['mmio'],
};

const longestInstruction = 8;

export class Tracer {
  private readonly wanted: ReadonlySet<TraceKind>;
  private readonly file: number;
  private readonly json: boolean;
  private lastExit = 0;
  private readonly steps: boolean;
  /** Control registers that change by themselves, such as counters. */
  private moving: ReadonlySet<string> | undefined;

  /** `json`: exits as lines of JSON, for programs; the other kinds have no such form. */
  constructor(
    wanted: ReadonlySet<TraceKind>,
    path: string | undefined,
    format: 'text' | 'json' = 'text',
  ) {
    this.wanted = wanted;
    this.json = format === 'json';
    this.file = path === undefined ? 2 : openForWriting(path, '--trace-file');
    this.steps = wanted.has('instr') || wanted.has('csr') || wanted.has('traps');
  }

  /** Each instruction of a slice is stepped; exits alone let slices be as long as any. */
  get longestSlice(): number {
    return this.steps ? 5_000 : Infinity;
  }

  run(machine: Machine, budget: number): MachineStop {
    if (!this.steps) {
      machine.beforeExitsGo = () => this.showExits(machine);
      const stop = machine.run(budget);
      this.showExits(machine);
      return stop;
    }
    for (let i = 0; i < budget; i++) {
      const stop = this.step(machine);
      if (stop.kind !== 'budget') return stop;
    }
    return { kind: 'budget' };
  }

  close(): void {
    if (this.file > 2) closeSync(this.file);
  }

  private step(machine: Machine): MachineStop {
    const before = machine.harts.map((cpu) => this.snapshot(machine, cpu));
    const stop = this.moving ? machine.run(1) : this.learn(machine);
    machine.harts.forEach((cpu, i) => {
      const was = before[i];
      if (was && (cpu.instructions !== was.instructions || cpu.pc !== was.pc)) {
        this.showStep(machine, cpu, was);
      }
    });
    this.showExits(machine);
    return stop;
  }

  /** Counters move with every instruction: whatever the first one changes is no news later. */
  private learn(machine: Machine): MachineStop {
    const before = machine.harts.map((cpu) => controlsOf(machine, cpu));
    const stop = machine.run(1);
    const moved = machine.harts.flatMap((cpu, i) =>
      [...controlsOf(machine, cpu)].filter(([name, value]) => before[i]?.get(name) !== value),
    );
    this.moving = new Set(moved.map(([name]) => name));
    return stop;
  }

  private snapshot(machine: Machine, cpu: Cpu): Snapshot {
    const { pc, instructions, modeName } = cpu;
    const bytes = fetchBytes(machine, cpu, pc);
    const instruction = bytes.length > 0 ? machine.isa.disassemble(bytes, pc) : undefined;
    const looks = this.wanted.has('csr') && namesControl(machine, instruction?.text ?? '');
    const controls = looks ? controlsOf(machine, cpu) : undefined;
    return { pc, mode: modeName, instructions, instruction, controls };
  }

  private showStep(machine: Machine, cpu: Cpu, was: Snapshot): void {
    const { instruction } = was;
    const place = `hart ${cpu.id} ${was.mode} ${hex(was.pc)}`;
    if (this.wanted.has('instr')) this.line(`instr ${place} ${instruction?.text ?? '?'}`);
    if (was.controls) {
      const changes = [...controlsOf(machine, cpu)]
        .filter(([name, value]) => was.controls?.get(name) !== value && !this.moving?.has(name))
        .map(([name, value]) => ` ${name} ${hex(value)}`);
      this.line(`csr   ${place} ${instruction?.text} →${changes.join('') || ' no change'}`);
    }
    if (this.wanted.has('traps') && isTrap(was, cpu)) {
      this.line(`trap  ${place} → ${cpu.modeName} ${hex(cpu.pc)}`);
    }
  }

  private showExits(machine: Machine): void {
    const all = this.wanted.has('exits');
    const selected = [...this.wanted].flatMap((kind) => exitKinds[kind] ?? []);
    if (!all && selected.length === 0) return;
    const lines: string[] = [];
    for (const exit of machine.exitsAfter(this.lastExit, Number.MAX_SAFE_INTEGER)) {
      const lost = exit.sequence - this.lastExit - 1;
      if (lost > 0) lines.push(this.lostLine(lost));
      this.lastExit = exit.sequence;
      if (!all && !selected.includes(exit.kind)) continue;
      lines.push(this.exitLine(exit));
    }
    if (lines.length > 0) this.line(lines.join('\n'));
  }

  private exitLine(exit: ExitRecord): string {
    const { sequence, instructions, hart, pc, kind, text } = exit;
    if (this.json) {
      return JSON.stringify({ sequence, instructions, hart, pc: hex(pc), kind, text });
    }
    return `exit  hart ${hart} ${hex(pc)} @${instructions} ${kind}: ${text}`;
  }

  private lostLine(lost: number): string {
    return this.json ? JSON.stringify({ lost }) : `exit  (${lost} more, no longer recorded)`;
  }

  private line(text: string): void {
    writeSync(this.file, `${text}\n`);
  }
}

interface Snapshot {
  readonly pc: bigint;
  readonly mode: string;
  readonly instructions: number;
  readonly instruction: DisassembledInstruction | undefined;
  /** Values of control registers, where the instruction names one. */
  readonly controls: ReadonlyMap<string, bigint | undefined> | undefined;
}

function fetchBytes(machine: Machine, cpu: Cpu, pc: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < longestInstruction; i += machine.isa.instructionAlignment) {
    const address = cpu.debugTranslate(pc + BigInt(i), 'virtual', 'fetch');
    if (address === undefined) break;
    const part = machine.memory.view8(address, machine.isa.instructionAlignment);
    if (!part) break;
    bytes.push(...part);
  }
  return Uint8Array.from(bytes);
}

function namesControl(machine: Machine, text: string): boolean {
  const words = new Set(text.split(/[^\w.]+/).slice(1));
  return machine.isa.controlRegisters.some((info) => words.has(info.name));
}

/**
 * Writable control registers with their values. All of them, because the name in an instruction
 * may stand for another register in the mode the hart is in.
 */
function controlsOf(machine: Machine, cpu: Cpu): ReadonlyMap<string, bigint | undefined> {
  const writable = machine.isa.controlRegisters.filter((info) => info.writable);
  return new Map(writable.map(({ name }) => [name, cpu.readRegister(name)]));
}

/** The hart went somewhere that the instruction itself does not lead to. */
function isTrap(was: Snapshot, cpu: Cpu): boolean {
  const { instruction, pc } = was;
  if (cpu.instructions === was.instructions) return true;
  if (!instruction) return false;
  if (instruction.flow === 'trap') return true;
  const next = BigInt.asUintN(64, pc + BigInt(instruction.size));
  if (cpu.pc === next || cpu.pc === instruction.target) return false;
  return instruction.flow === 'next';
}

function hex(value: bigint | undefined): string {
  return value === undefined ? '-' : `0x${value.toString(16)}`;
}
