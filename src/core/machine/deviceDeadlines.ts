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
  /** By device, the clock's count of instructions at which it is due. */
  private readonly dues: Float64Array;
  private known = false;
  private accesses = 0;
  private jumps = 0;
  private due = Infinity;

  constructor(clock: VirtualClock, devices: readonly TimedDevice[], mmio: MmioMap) {
    this.clock = clock;
    this.devices = devices;
    this.mmio = mmio;
    this.dues = new Float64Array(devices.length);
  }

  /** Something from outside may have given devices work. */
  forget(): void {
    this.known = false;
  }

  /** The clock's count of instructions at which the next device is due; it may be over. */
  next(): number {
    const { clock, mmio } = this;
    if (!this.known || clock.jumps !== this.jumps) this.lookAtAll();
    else if (mmio.accesses !== this.accesses) this.lookAtAccessed();
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
    const { devices, dues } = this;
    for (let i = 0; i < devices.length; i++) {
      if (dues[i]! > now) continue;
      devices[i]!.advance();
      dues[i] = this.dueAt(devices[i]!);
    }
    this.findFirst();
  }

  private lookAtAll(): void {
    const { devices, dues } = this;
    this.known = true;
    this.jumps = this.clock.jumps;
    this.accesses = this.mmio.accesses;
    for (let i = 0; i < devices.length; i++) dues[i] = this.dueAt(devices[i]!);
    this.findFirst();
  }

  /** Mostly it is one device that is accessed, and it changes nothing of others. */
  private lookAtAccessed(): void {
    const { mmio, devices, dues } = this;
    if (mmio.accessedSince > this.accesses) return this.lookAtAll();
    this.accesses = mmio.accesses;
    const accessed: object | undefined = mmio.accessed;
    for (let i = 0; i < devices.length; i++) {
      const device = devices[i]!;
      if (device !== accessed) continue;
      dues[i] = this.dueAt(device);
      this.findFirst();
    }
  }

  private findFirst(): void {
    const { dues } = this;
    let first = Infinity;
    for (let i = 0; i < dues.length; i++) if (dues[i]! < first) first = dues[i]!;
    this.due = first;
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
