/**
 * Control registers of virtio over MMIO that a slot without a device answers, by the names of
 * "Virtual I/O Device (VIRTIO) Version 1.2", section 4.2.2 (MMIO Device Register Layout).
 */

export const MAGIC_VALUE = 0x000;
export const VERSION = 0x004;
export const DEVICE_ID = 0x008;
export const VENDOR_ID = 0x00c;

/** "virt", little-endian. */
export const VIRTIO_MAGIC = 0x74726976;
/** Version 2; legacy devices have 1. */
export const VIRTIO_VERSION = 2;
/** A placeholder for a device that is not there: drivers ignore the slot without an error. */
export const DEVICE_ID_NONE = 0;
/** QEMU's vendor id, "QEMU": some guests print it. */
export const VENDOR_QEMU = 0x554d4551;

export const SLOT_SIZE = 0x200;
