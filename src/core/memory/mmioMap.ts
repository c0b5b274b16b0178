/**
 * Which device answers at which physical address. Used by a bare machine for its own bus and by
 * the VMM of a guest for the addresses that no memory slot backs.
 */
import type { AccessSize, MmioDevice, Words } from '../devices/device.ts';
import { assert } from '../base/assert.ts';

export interface MmioRegion {
  readonly base: number;
  /** Bytes. */
  readonly size: number;
  readonly device: MmioDevice;
}

export class MmioMap {
  private readonly list: MmioRegion[] = [];
  /** The region found last: accesses come in runs. */
  private last: MmioRegion | undefined;
  /** How many accesses there were: each may have set a timer, among other things. */
  accesses = 0;
  /** The device of the last one, and of all others from the one with this number on. */
  accessed: MmioDevice | undefined;
  accessedSince = 0;
  /** Called after a device was written to. */
  onWrite: () => void = () => {};

  get regions(): readonly MmioRegion[] {
    return this.list;
  }

  add(base: number, size: number, device: MmioDevice): void {
    const clash = this.list.find((r) => base < r.base + r.size && r.base < base + size);
    assert(!clash, `device ${device.name} overlaps ${clash?.device.name}`);
    this.list.push({ base, size, device });
    this.list.sort((a, b) => a.base - b.base);
  }

  /** The region that holds all of `size` bytes at `address`. */
  find(address: number, size: number): MmioRegion | undefined {
    if (this.wasLast(address, size)) return this.last;
    const found = this.list.find((r) => address >= r.base && address + size <= r.base + r.size);
    if (found) this.last = found;
    return found;
  }

  /** Whether all of it belongs to the device that was accessed last. */
  wasLast(address: number, size: number): boolean {
    const { last } = this;
    return last !== undefined && address >= last.base && address + size <= last.base + last.size;
  }

  /** Value of 1, 2, 4 or 8 bytes, or undefined where no device answers. */
  read(address: number, size: number): bigint | undefined {
    const words = { low: 0, high: 0 };
    if (!this.readWords(address, size, words)) return undefined;
    return (BigInt(words.high >>> 0) << 32n) | BigInt(words.low >>> 0);
  }

  /** The same in two words, zero-extended, which are left in `into`; false where no device answers. */
  readWords(address: number, size: number, into: Words): boolean {
    const region = this.find(address, size);
    if (!region) return false;
    const offset = address - region.base;
    const { device } = region;
    this.note(device);
    if (size === 8 && device.wide) {
      device.wide.read(offset, into);
    } else {
      into.low = device.read(offset, size === 8 ? 4 : (size as AccessSize));
      into.high = size === 8 ? device.read(offset + 4, 4) : 0;
    }
    return true;
  }

  /** False where no device answers. */
  write(address: number, size: number, value: bigint): boolean {
    const low = Number(value & 0xffffffffn);
    return this.writeWords(address, size, low, Number((value >> 32n) & 0xffffffffn));
  }

  /** The same with a value in two words, unsigned. */
  writeWords(address: number, size: number, low: number, high: number): boolean {
    const region = this.find(address, size);
    if (!region) return false;
    const offset = address - region.base;
    const { device } = region;
    this.note(device);
    if (size === 8 && device.wide) {
      device.wide.write(offset, low, high);
    } else if (size === 8) {
      device.write(offset, 4, low);
      device.write(offset + 4, 4, high);
    } else {
      const value = size === 1 ? low & 0xff : size === 2 ? low & 0xffff : low;
      device.write(offset, size as AccessSize, value);
    }
    this.onWrite();
    return true;
  }

  private note(device: MmioDevice): void {
    if (device !== this.accessed) {
      this.accessed = device;
      this.accessedSince = this.accesses;
    }
    this.accesses++;
  }
}
