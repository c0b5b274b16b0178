/**
 * Compares our machine with a trace, instruction by instruction: all of ours, with what QEMU's
 * registers were when the plugin read them last (tracer.c says which it reads when).
 */
import assert from 'node:assert/strict';
import { statedRows } from '../../../src/core/isa/riscv/csr/table.ts';
import { parseIsaString } from '../../../src/core/isa/riscv/isaString.ts';
import { integerNames, floatNames } from '../../../src/core/isa/riscv/registers.ts';
import { disassemble } from '../../../src/core/isa/riscv/disassemble.ts';
import { layout } from './layout.ts';
import { compareMemory, setSpeculatively } from './memory.ts';
import { deviations, divergences, type Situation } from './deviations.ts';
import { deviationsOfExtensions, divergencesOfExtensions } from './extensionDeviations.ts';
import type { Ours } from './ours.ts';
import { Shadow } from './shadow.ts';
import type { LockstepProcessor } from './processors.ts';
import type { Trace } from './tracer.ts';

/** The first thing that is not the same. */
export interface Difference {
  /** Index of the program in its image. */
  readonly program: number;
  /** The instruction that made the difference, where it is, and where things stand after it. */
  readonly by: string;
  readonly from: bigint;
  readonly pc: bigint;
  readonly text: string;
}

export interface Comparison {
  readonly instructions: number;
  /** How many of them are the monitor's handler of traps, the same each time. */
  readonly handling: number;
  /** Programs that were compared, the one with the difference included. */
  readonly programs: number;
  readonly difference: Difference | undefined;
  /** How often each known deviation was met. */
  readonly deviations: ReadonlyMap<string, number>;
}

/** One comparison under way. */
interface Run {
  readonly ours: Ours;
  readonly trace: Trace;
  readonly readers: readonly (Reader | undefined)[];
  /** By QEMU's indices: what is compared and neither an integer nor a floating-point register. */
  readonly isCsr: Uint8Array;
  readonly byName: ReadonlyMap<string, number>;
  /** QEMU's index of x0 … x31 and f0 … f31. */
  readonly indexOf: Int32Array;
  readonly shadow: Shadow;
  readonly met: Map<string, number>;
  from: bigint;
  instructions: number;
  handling: number;
  /** Of the program that ended last. */
  lastBase: number;
  /** The rest of the program is not compared. */
  over: boolean;
}

function count(times: Map<string, number>, name: string): void {
  times.set(name, (times.get(name) ?? 0) + 1);
}

/** How a register of QEMU's is read here. */
interface Reader {
  /** All bits that it has. */
  readonly mask: bigint;
  read(ours: Ours): bigint | undefined;
  /** Sets these bits as QEMU has them. */
  adopt(ours: Ours, bits: bigint, theirs: bigint): void;
}

const allDeviations = [...deviations, ...deviationsOfExtensions];
const allDivergences = [...divergences, ...divergencesOfExtensions];

const number = new Map(statedRows.map((row) => [row.name, row.number]));

/** With V=1, QEMU keeps the guest's registers where HS-mode's are, and these are out of date. */
const swapped = 'sstatus stvec sscratch sepc scause stval satp'.split(' ');
const redirected = new Set([...swapped, 'stimecmp', 'stimecmph']);
const outOfDate = new Set([...swapped.map((name) => `v${name}`)]);
/** What time changes, or who made the machine, and views that QEMU shows its debugger askew. */
const incomparable =
  /^(zero|pc|sip|sie|siph|sieh|time|timeh|seed|mvendorid|marchid|mimpid|mconfigptr|(m?hpm|mhpm).*|tselect|tdata.*|tinfo|mcontext|scontext)$/;
/** Fields of mstatus that V=1 exchanges. */
const guestStatusOf = { 32: 0x800c_6122n, 64: 0x8000_0003_000c_6122n } as const;

export class Comparer {
  private readonly processor: LockstepProcessor;
  /** Of integer registers and CSRs, and of floating-point registers. */
  private readonly mask: bigint;
  private readonly floatMask: bigint;
  private readonly has: (extension: string) => boolean;

  constructor(processor: LockstepProcessor) {
    this.processor = processor;
    const { extensions } = parseIsaString(processor.isa);
    this.has = (extension) => extensions.has(extension);
    this.mask = BigInt.asUintN(processor.xlen, -1n);
    this.floatMask = BigInt.asUintN(extensions.has('d') ? 64 : 32, -1n);
  }

  /** Lets our machine follow a trace of the same image, which holds so many programs. */
  compare(ours: Ours, trace: Trace, programs: number): Comparison {
    const { names } = trace;
    const registers = [...integerNames, ...floatNames];
    const own = (name: string): string => (name === 'fp' ? 's0' : name);
    const readers = names.map((name) => this.reader(name));
    const run: Run = {
      ours,
      trace,
      readers,
      isCsr: Uint8Array.from(names, (name, i) =>
        readers[i] && !registers.includes(own(name)) ? 1 : 0,
      ),
      byName: new Map(names.map((name, i) => [name, i])),
      indexOf: Int32Array.from(registers, (name) => names.findIndex((n) => own(n) === name)),
      shadow: new Shadow(ours),
      met: new Map(),
      from: 0n,
      instructions: 0,
      handling: 0,
      lastBase: 0,
      over: false,
    };
    let difference: Difference | undefined;
    let program = 0;
    while (program < programs && difference === undefined) {
      const text = this.program(run);
      if (text !== undefined) {
        const by = this.instructionAt(ours, run.from);
        difference = { program, by, from: run.from, pc: ours.hart.pc, text };
      }
      program++;
      // The monitor brings both into the same state again.
      while (run.over && trace.memory === undefined && trace.next());
      // The programs behind are then begun anew, with a trace of their own.
      if (run.over && (trace.memory === undefined || !ours.toEnd())) break;
      if (run.over) run.lastBase = Number(trace.values[run.byName.get('a0')!]);
    }
    const { instructions, handling, met } = run;
    return { instructions, handling, programs: program, difference, deviations: met };
  }

  /** Follows the trace to the end of one program, or to what is not the same. */
  private program(run: Run): string | undefined {
    const { ours, trace } = run;
    const { mask } = this;
    run.from = 0n;
    run.over = false;
    const before = { instructions: run.instructions, handling: run.handling };
    ours.begin();
    while (trace.next()) {
      const pc = trace.pc & mask;
      // Interrupts and fetches that fail come before any instruction: where we are is passed over.
      for (let passed = 0; (ours.hart.pc & mask) !== pc; passed++) {
        const at = ours.hart.pc & mask;
        if (passed <= 20) {
          if (!ours.quiet && !ours.step()) continue;
          // Below M-mode a vector may lead into the monitor, which is not traced there either.
          if (ours.quiet && ours.hart.privilege < 3 && ours.toCompared()) continue;
        }
        return this.unlessKnown(run, `pc: ours ${hex(at)}, QEMU ${hex(pc)}`);
      }
      let difference = this.registers(run);
      // The same address before a trap and after it: handlers that cannot be fetched lead there.
      for (let passed = 0; difference !== undefined && passed < 8; passed++) {
        if (ours.step() || (ours.hart.pc & mask) !== pc) break;
        difference = this.registers(run);
      }
      if (difference !== undefined) return this.unlessKnown(run, difference);
      if (run.over) return undefined;
      run.from = pc;
      run.instructions++;
      if (pc < BigInt(layout.first)) run.handling++;
      if (trace.memory) {
        // A program may have gone through the monitor's start, and is then one that was before.
        const base = Number(ours.hart.getX(10) & mask);
        if (base <= run.lastBase) return undefined;
        run.lastBase = base;
        const { difference, accessed } = compareMemory(ours.memory(base), trace.memory, base);
        if (accessed > 0) run.met.set(setSpeculatively, (run.met.get(setSpeculatively) ?? 0) + 1);
        return difference;
      }
      if (!ours.step() && (ours.hart.pc & mask) === pc) return 'no progress';
      ours.toCompared();
    }
    // Without instructions there is no trace: both may go from trap to trap.
    if (!trace.stopped && !ours.stuck()) return 'QEMU ended, or hangs';
    // Both agreed for as long as QEMU was let run: the program ends on neither, and counts nothing.
    const endless = 'a program that does not end';
    count(run.met, endless);
    run.over = true;
    Object.assign(run, before);
    return undefined;
  }

  /** Nothing where it is known that one machine traps here and the other does not. */
  private unlessKnown(run: Run, text: string): string | undefined {
    const { ours, trace } = run;
    const known = allDivergences.find(({ applies }) =>
      applies({
        name: text.slice(0, text.indexOf(':')),
        machine: ours.hart.privilege === 3,
        ours: (name) => this.csrOf(ours, name),
        theirs: (name) => trace.values[run.byName.get(name) ?? -1] ?? 0n,
        has: this.has,
        instruction: () => this.instructionAt(ours, run.from),
      }),
    );
    if (!known) return text;
    count(run.met, known.name);
    run.over = true;
    return undefined;
  }

  private csrOf({ hart }: Ours, name: string): bigint {
    const own = number.get(name)!;
    return hart.csrs.exists(own) ? hart.getCsr(own) & this.mask : 0n;
  }

  /** What is not the same; known deviations apart, which are taken over when nothing else is there. */
  private registers(run: Run): string | undefined {
    const { trace, readers } = run;
    if (run.shadow.onlyRegistersChanged(trace, run.isCsr)) return this.changedRegisters(run);
    const known: (() => void)[] = [];
    for (let i = 0; i < readers.length; i++) {
      const difference = this.register(run, i, known);
      if (difference !== undefined) return difference;
    }
    for (const adopt of known) adopt();
    run.shadow.take();
    return undefined;
  }

  private changedRegisters(run: Run): string | undefined {
    for (const i of run.trace.changed) {
      const difference = this.register(run, i, []);
      if (difference !== undefined) return difference;
    }
    for (const i of run.shadow.changedRegisters()) {
      const index = run.indexOf[i]!;
      const difference = index < 0 ? undefined : this.register(run, index, []);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  private register(run: Run, i: number, known: (() => void)[]): string | undefined {
    const { ours, trace } = run;
    const reader = run.readers[i];
    if (!reader || !trace.present[i]) return undefined;
    const own = reader.read(ours);
    const theirs = trace.values[i]!;
    // BigInts that are equal need no mask, which takes its time.
    if (own === undefined || own === theirs || (own & reader.mask) === theirs) return undefined;
    const name = trace.names[i]!;
    const situation: Situation = {
      name,
      ours: own & reader.mask,
      theirs,
      xlen: this.processor.xlen,
      has: this.has,
      instruction: () => this.instructionAt(ours, run.from),
      register: (other) => trace.values[run.byName.get(other)!]!,
    };
    let rest = situation.ours ^ theirs;
    for (const { name: deviation, bits, keep, ends } of allDeviations) {
      const part = bits(situation) & rest;
      if (part === 0n) continue;
      rest &= ~part;
      known.push(() => {
        count(run.met, deviation);
        if (!keep) reader.adopt(ours, part, theirs);
      });
      if (ends) run.over = true;
    }
    if (rest === 0n || run.over) return undefined;
    return `${name}: ours ${hex(situation.ours)}, QEMU ${hex(theirs)}${unreadSince(trace, i)}`;
  }

  /** As it is there now, at the physical address that the program's own addresses lead to. */
  private instructionAt({ machine }: Ours, at: bigint): string {
    const alias = at >= BigInt(layout.base + layout.alias) ? layout.alias : 0;
    const address = Number(at) - alias;
    const bytes = address >= layout.base ? machine.memory.view8(address, 4) : undefined;
    return bytes ? disassemble(bytes, at, this.processor.xlen).text : '';
  }

  private reader(name: string): Reader | undefined {
    if (incomparable.test(name)) return undefined;
    const { mask } = this;
    const only = { mask, adopt: () => assert.fail('no deviation is known of this register') };
    const x = integerNames.indexOf(name === 'fp' ? 's0' : name);
    if (x >= 0) return { ...only, read: ({ hart }) => hart.getX(x) };
    const f = floatNames.indexOf(name);
    if (f >= 0) return { ...only, mask: this.floatMask, read: ({ hart }) => hart.state.getF(f) };
    if (name === 'priv')
      return { ...only, read: ({ hart }) => BigInt(hart.privilege + (hart.virtualized ? 4 : 0)) };
    const own = number.get(name);
    return own === undefined
      ? undefined
      : { mask, ...csrReader(name, own, guestStatusOf[this.processor.xlen]) };
  }
}

function csrReader(name: string, own: number, guestStatus: bigint): Omit<Reader, 'mask'> {
  const guest = redirected.has(name) ? number.get(`v${name}`) : undefined;
  const csr = ({ hart }: Ours): number => (hart.virtualized && guest !== undefined ? guest : own);
  const read = (ours: Ours): bigint | undefined => {
    const { hart } = ours;
    if (!hart.csrs.exists(csr(ours))) return undefined;
    const value = hart.getCsr(csr(ours));
    if (!hart.virtualized) return value;
    if (outOfDate.has(name)) return undefined;
    if (name !== 'mstatus') return value;
    return (value & ~guestStatus) | (hart.getCsr(number.get('vsstatus')!) & guestStatus);
  };
  const set = (hart: Ours['hart'], slot: number, bits: bigint, theirs: bigint): void =>
    hart.setCsr(slot, (hart.getCsr(slot) & ~bits) | (theirs & bits));
  const adopt = (ours: Ours, bits: bigint, theirs: bigint): void => {
    const { hart } = ours;
    if (name !== 'mstatus' || !hart.virtualized) return set(hart, csr(ours), bits, theirs);
    set(hart, own, bits & ~guestStatus, theirs);
    set(hart, number.get('vsstatus')!, bits & guestStatus, theirs);
  };
  return { read, adopt };
}

/** Where QEMU changed a register that none of the instructions since it was read should change. */
function unreadSince({ complete, unread, changed }: Trace, index: number): string {
  if (!complete || unread === 0 || !changed.includes(index)) return '';
  return `, changed there by one of the last ${unread + 1} instructions`;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
