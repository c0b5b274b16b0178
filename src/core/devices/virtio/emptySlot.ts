/**
 * A virtio-mmio slot with no device in it: a driver finds the magic number and device id 0, and
 * leaves it alone. VIRTIO 1.2, section 4.2.2.
 */
import type { AccessSize, MmioDevice } from '../device.ts';
import * as r from './registers.ts';

export class EmptyVirtioSlot implements MmioDevice {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  read(offset: number, size: AccessSize): number {
    // Drivers use only aligned 32-bit accesses on control registers (4.2.2.2).
    if (size !== 4) return 0;
    switch (offset) {
      case r.MAGIC_VALUE:
        return r.VIRTIO_MAGIC;
      case r.VERSION:
        return r.VIRTIO_VERSION;
      case r.DEVICE_ID:
        return r.DEVICE_ID_NONE;
      case r.VENDOR_ID:
        return r.VENDOR_QEMU;
      default:
        return 0;
    }
  }

  write(_offset: number, _size: AccessSize, _value: number): void {}
}
