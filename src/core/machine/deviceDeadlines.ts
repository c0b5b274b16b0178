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
      let ticks = Infinity;
      for (const device of this.devices) ticks = Math.min(ticks, this.ticksUntil(device));
      this.due = clock.instructions + clock.instructionsFor(ticks);
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
    if (this.next() > this.clock.instructions) return;
    for (const device of this.devices) {
      if (this.ticksUntil(device) <= 0) device.advance();
    }
    this.known = false;
  }

  private ticksUntil(device: TimedDevice): number {
    if (device.ticksUntilDue) return device.ticksUntilDue();
    const deadline = device.nextDeadline();
    return deadline === undefined ? Infinity : Number(deadline - this.clock.ticks());
  }
}
