/**
 * When the way back is made shorter: often enough that each moment is near a saved state, and
 * seldom enough that saving takes little of the time in which the guest runs.
 */
import type { RunHost } from '../runControl.ts';
import type { RecordedMachine } from './recordedMachine.ts';

/** Milliseconds between two saved states, and how many times longer than to save one. */
const leastInterval = 150;
const costFactor = 40;

export class StateSaving {
  private readonly host: RunHost;
  private savedAt = 0;
  private interval = leastInterval;

  constructor(host: RunHost) {
    this.host = host;
  }

  /** The machine is about to run. */
  begins(machine: RecordedMachine): void {
    if (machine.steps === 0) this.save(machine);
    else this.savedAt = Math.max(this.savedAt, this.host.now() - this.interval);
  }

  /** It has run for a little while. */
  sliceEnded(machine: RecordedMachine): void {
    if (machine.isPast || this.host.now() - this.savedAt < this.interval) return;
    this.save(machine);
  }

  private save(machine: RecordedMachine): void {
    const begin = this.host.now();
    machine.saveState();
    this.savedAt = this.host.now();
    this.interval = Math.max(leastInterval, (this.savedAt - begin) * costFactor);
  }
}
