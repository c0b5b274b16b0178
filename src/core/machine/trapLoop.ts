/**
 * Notices a machine in which nothing is executed but traps, as when a trap vector leads nowhere.
 * Virtual time stands still then, so that no timer will ever end it.
 */
import type { Cpu } from '../isa/cpu.ts';

export class TrapLoop {
  /** Steps in a row that retired nothing: more than a turn of each hart, which may yet do better. */
  private readonly patience: number;
  /** Steps that retired nothing, one after the other. */
  inRow = 0;

  constructor(harts: number, quantum: number) {
    this.patience = (harts + 1) * quantum;
  }

  /** What to tell the user when the `steps` of this run, which retired nothing, were the last straw. */
  note(cpu: Cpu, retired: number, steps: number): string | undefined {
    this.inRow = retired > 0 ? 0 : this.inRow + steps;
    if (this.inRow < this.patience) return undefined;
    const pc = `0x${cpu.pc.toString(16)}`;
    return (
      `hart ${cpu.id} takes trap after trap in ${cpu.modeName} at pc ${pc} and executes nothing: ` +
      `no trap handler is there`
    );
  }
}
