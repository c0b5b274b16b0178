/**
 * When devices want to be called next, as a count of instructions. Asked for at every turn of a
 * machine's loop, it is computed only after something that may have changed it: an access to a
 * device, a call of one that was due, input from outside, time that jumped.
 */
import type { VirtualClock } from '../base/virtualClock.ts';
import type { TimedDevice } from '../devices/device.ts';
import type { Deadlines } from '../isa/cpu.ts';
import type { MmioMap } from '../memory/mmioMap.ts';

export class DeviceDeadlines implements Deadlines {
  private readonly clock: VirtualClock;
  private readonly devices: readonly TimedDevice[];
  private readonly mmio: MmioMap;
  private known = false;
  private accesses = 0;
  private jumps = 0;
  private due = Infinity;

  constructor(clock: VirtualClock, devices: readonly TimedDevice[], mmio: MmioMap) {
    this.clock = clock;
    this.devices = devices;
    this.mmio = mmio;
  }

  /** Something from outside may have given devices work. */
  forget(): void {
    this.known = false;
  }

  /** The clock's count of instructions at which the next device is due; it may be over. */
  next(): number {
    const { clock, mmio } = this;
    if (!this.known || mmio.accesses !== this.accesses || clock.jumps !== this.jumps) {
      this.known = true;
      this.accesses = mmio.accesses;
      this.jumps = clock.jumps;
      this.due = Infinity;
      for (const device of this.devices) {
        const due = this.dueAt(device);
        if (due < this.due) this.due = due;
      }
    }
    return this.due;
  }

  nextTick(): bigint | undefined {
    let first: bigint | undefined;
    for (const device of this.devices) {
      const deadline = device.nextDeadline();
      if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
    }
    return first;
  }

  /** Calls the devices that are due. */
  advance(): void {
    const now = this.clock.instructions;
    if (this.next() > now) return;
    for (const device of this.devices) {
      if (this.dueAt(device) <= now) device.advance();
    }
    this.known = false;
  }

  private dueAt(device: TimedDevice): number {
    const { clock } = this;
    if (device.dueTick) {
      const due = clock.countAt(device.dueTick());
      if (!Number.isNaN(due)) return due;
    }
    const deadline = device.nextDeadline();
    if (deadline === undefined) return Infinity;
    return clock.instructions + clock.instructionsUntil(deadline);
  }
}
