/**
 * Which device answers at which physical address. Used by a bare machine for its own bus and by
 * the VMM of a guest for the addresses that no memory slot backs.
 */
import type { AccessSize, MmioDevice } from '../devices/device.ts';
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
    const { last } = this;
    if (last && address >= last.base && address + size <= last.base + last.size) return last;
    const found = this.list.find((r) => address >= r.base && address + size <= r.base + r.size);
    if (found) this.last = found;
    return found;
  }

  /** Value of 1, 2, 4 or 8 bytes, or undefined where no device answers. */
  read(address: number, size: number): bigint | undefined {
    const region = this.find(address, size);
    if (!region) return undefined;
    this.accesses++;
    const offset = address - region.base;
    if (size !== 8) return BigInt(region.device.read(offset, size as AccessSize) >>> 0);
    if (region.device.wide) return region.device.wide.read(offset);
    const low = BigInt(region.device.read(offset, 4) >>> 0);
    return low | (BigInt(region.device.read(offset + 4, 4) >>> 0) << 32n);
  }

  /** False where no device answers. */
  write(address: number, size: number, value: bigint): boolean {
    const region = this.find(address, size);
    if (!region) return false;
    this.accesses++;
    const offset = address - region.base;
    if (size === 8 && region.device.wide) {
      region.device.wide.write(offset, BigInt.asUintN(64, value));
    } else if (size === 8) {
      region.device.write(offset, 4, Number(value & 0xffffffffn));
      region.device.write(offset + 4, 4, Number((value >> 32n) & 0xffffffffn));
    } else {
      region.device.write(offset, size as AccessSize, Number(BigInt.asUintN(size * 8, value)));
    }
    this.onWrite();
    return true;
  }
}
