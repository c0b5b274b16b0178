/**
 * Devices inside the hypervisor at guest-physical addresses, which are asked before the VMM is
 * (Linux virt/kvm/kvm_main.c, kvm_io_bus_read and kvm_io_bus_write). One that does not take an
 * access leaves it to the next, and in the end to the VMM.
 */
export interface IoDevice {
  /** For people: `imsic0`. */
  readonly name: string;
  /** Undefined: the access is none of this device's. */
  read(address: number, size: number): bigint | undefined;
  /** False: likewise. */
  write(address: number, size: number, value: bigint): boolean;
}

interface IoRange {
  readonly base: number;
  readonly size: number;
  readonly device: IoDevice;
}

export class IoBus {
  private ranges: readonly IoRange[] = [];
  /** Accesses that were taken (mmio_exit_kernel). */
  accesses = 0;

  register(base: number, size: number, device: IoDevice): void {
    this.ranges = [...this.ranges, { base, size, device }];
  }

  unregister(device: IoDevice): void {
    this.ranges = this.ranges.filter((range) => range.device !== device);
  }

  /** Name of the device at an address, if there is one. */
  nameAt(address: number): string | undefined {
    return this.ranges.find((range) => holds(range, address, 1))?.device.name;
  }

  read(address: number, size: number): bigint | undefined {
    for (const range of this.ranges) {
      const value = holds(range, address, size) ? range.device.read(address, size) : undefined;
      if (value === undefined) continue;
      this.accesses++;
      return value;
    }
    return undefined;
  }

  write(address: number, size: number, value: bigint): boolean {
    for (const range of this.ranges) {
      if (!holds(range, address, size) || !range.device.write(address, size, value)) continue;
      this.accesses++;
      return true;
    }
    return false;
  }
}

function holds({ base, size }: IoRange, address: number, bytes: number): boolean {
  return address >= base && address + bytes <= base + size;
}
