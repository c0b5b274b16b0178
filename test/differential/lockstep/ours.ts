/** Our machine, instruction by instruction, as the trace of another shows it. */
import assert from 'node:assert/strict';
import { createMachine } from '../../../src/core/registry.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import type { Hart } from '../../../src/core/isa/riscv/hart.ts';
import { layout, part } from './layout.ts';
import type { LockstepProcessor } from './processors.ts';

/** Instruction address misaligned aside: faults of the fetch itself, which no trace shows. */
const fetchFaults = new Set([1n, 12n, 20n]);

/** Instructions after which a program counts as one that does not end. */
const patience = 40_000;
/** More than the monitor has instructions. */
const quietSteps = 1_000;
/** Traps in a row, or so, that show that nothing else comes. */
const slice = 256;

export class Ours {
  readonly machine: Machine;
  readonly hart: Hart;
  private readonly interruptBit: bigint;

  constructor(processor: LockstepProcessor, image: Uint8Array) {
    this.machine = createMachine(
      {
        board: 'virt',
        mode: 'machine',
        isa: processor.isa,
        program: 'program.bin',
        harts: 1,
        memory: layout.memoryBytes,
        loadFiles: [],
        calls: [],
        engine: 'auto',
        time: 'virtual',
      },
      new Map([['program.bin', image]]),
    );
    this.hart = this.machine.harts[0] as Hart;
    // Whoever waits for a timer has waited in vain.
    this.machine.skipLimit = 0;
    this.interruptBit = 1n << BigInt(processor.xlen - 1);
  }

  /** What becomes of an image's only program. A machine that is off is of no further use. */
  runsToEnd(image: Uint8Array): 'ends' | 'goes on' | 'waits' | 'off' {
    const { hart, machine } = this;
    assert.ok(machine.memory.load(layout.base, image));
    hart.reset();
    if (machine.hartState(0) === 'waiting') this.wake();
    hart.pc = BigInt(layout.base);
    hart.setBreakpoints([BigInt(layout.end)]);
    for (let left = patience; left > 0; left -= slice) {
      const before = hart.instructions;
      const { kind } = machine.run(slice);
      if (kind === 'breakpoint') return 'ends';
      if (machine.hartState(0) === 'waiting') return 'waits';
      if (kind !== 'budget') return 'off';
      // A vector that cannot be fetched from leads to itself.
      if (hart.instructions === before) return 'goes on';
    }
    return 'goes on';
  }

  /** An interrupt that is enabled, and that no mode takes. */
  private wake(): void {
    const { hart, machine } = this;
    hart.setCsr(0x304, 2n);
    hart.setCsr(0x344, 2n);
    machine.run(1);
    hart.reset();
    assert.equal(machine.hartState(0), 'running');
  }

  /** Goes on to the first instruction of the next program. */
  begin(): void {
    if (this.atEnd) this.step();
    assert.ok(this.toCompared(), 'the monitor does not go on');
  }

  /** Goes on to the next instruction that is compared, if there is one. */
  toCompared(): boolean {
    for (let left = quietSteps; this.quiet && left > 0; left--) this.step();
    return !this.quiet;
  }

  /** To where the program in progress ends, if it does. */
  toEnd(): boolean {
    for (let left = patience; left > 0 && !this.atEnd; left--) {
      if (this.machine.run(1).kind !== 'budget') return false;
    }
    return this.atEnd;
  }

  private get atEnd(): boolean {
    return this.hart.pc === BigInt(layout.end);
  }

  /** The instruction at pc is the monitor's own affair. */
  get quiet(): boolean {
    const { pc, privilege } = this.hart;
    // Other modes that come there find nothing, or end soon.
    if (pc < BigInt(layout.base)) return privilege === 3 && pc < BigInt(layout.bootEnd);
    return pc < BigInt(layout.quietEnd) && !this.atEnd;
  }

  /** One instruction or trap. False when it was a trap before any instruction. */
  step(): boolean {
    const { hart } = this;
    const before = hart.instructions;
    const { kind } = this.machine.run(1);
    assert.ok(kind === 'budget' || kind === 'ended' || kind === 'event', kind);
    if (hart.instructions !== before) return true;
    const cause = hart.getCsr(hart.privilege === 3 ? 0x342 : hart.virtualized ? 0x242 : 0x142);
    return (cause & this.interruptBit) === 0n && !fetchFaults.has(cause);
  }

  /** Whether nothing comes of it but traps. */
  stuck(): boolean {
    const before = this.hart.instructions;
    return this.machine.run(slice).kind === 'budget' && this.hart.instructions === before;
  }

  /** Memory of the program that begins at `base`. */
  memory(base: number): Uint8Array {
    const bytes = this.machine.memory.view8(base, part.end);
    assert.ok(bytes);
    return bytes.slice();
  }
}
