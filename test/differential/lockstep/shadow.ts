/**
 * What our machine was like one comparison ago, word by word, so that only what either machine
 * changed is compared in full: registers are compared as they change, and all of them whenever
 * anything but a register did.
 */
import { statedRows } from '../../../src/core/isa/riscv/csr/table.ts';
import { hart as layout } from '../../../src/core/engine/layout.ts';
import type { Ours } from './ours.ts';
import type { Trace } from './tracer.ts';

/** After so many comparisons everything is looked at, whatever seems to have changed. */
const everything = 64;

export class Shadow {
  private readonly ours: Ours;
  /** Indices of words of control registers, and what they held. */
  private readonly control: Uint32Array;
  private readonly controlWere: Uint32Array;
  /** The same for x0 … x31 and f0 … f31. */
  private readonly registers: Uint32Array;
  private readonly registersWere = new Uint32Array(128);
  private privilege = -1;
  private virtualized = false;
  private pending = 0;
  private count = 0;

  constructor(ours: Ours) {
    this.ours = ours;
    const { area } = ours.hart.state;
    const words = (offset: number): number[] =>
      Array.from({ length: 64 }, (_, i) => ((area + offset) >>> 2) + i);
    this.registers = Uint32Array.from([...words(layout.registers), ...words(layout.floats)]);
    const control = (area + layout.control) >>> 2;
    this.control = Uint32Array.from(
      statedRows.flatMap(({ number }) => [control + number * 2, control + number * 2 + 1]),
    );
    this.controlWere = new Uint32Array(this.control.length);
  }

  /** Neither machine changed anything but registers since `take`. */
  onlyRegistersChanged(trace: Trace, isCsr: Uint8Array): boolean {
    if (this.count++ % everything === 0) return false;
    for (const index of trace.changed) if (isCsr[index]) return false;
    const { hart } = this.ours;
    if (hart.privilege !== this.privilege || hart.virtualized !== this.virtualized) return false;
    if (hart.csrs.pending() !== this.pending) return false;
    const { u32 } = hart.state;
    for (let i = 0; i < this.control.length; i++) {
      if (u32[this.control[i]!] !== this.controlWere[i]) return false;
    }
    return true;
  }

  /** x0 … x31 and f0 … f31 as 0 … 63, where they changed; they are remembered as they are now. */
  changedRegisters(): number[] {
    const { u32 } = this.ours.hart.state;
    const changed: number[] = [];
    for (let i = 0; i < 128; i++) {
      const word = u32[this.registers[i]!]!;
      if (word === this.registersWere[i]) continue;
      this.registersWere[i] = word;
      if (changed.at(-1) !== i >> 1) changed.push(i >> 1);
    }
    return changed;
  }

  /** Everything was compared. */
  take(): void {
    const { hart } = this.ours;
    const { u32 } = hart.state;
    this.privilege = hart.privilege;
    this.virtualized = hart.virtualized;
    this.pending = hart.csrs.pending();
    for (let i = 0; i < this.control.length; i++) this.controlWere[i] = u32[this.control[i]!]!;
    for (let i = 0; i < 128; i++) this.registersWere[i] = u32[this.registers[i]!]!;
  }
}
