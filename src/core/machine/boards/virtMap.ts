/**
 * Addresses, interrupt numbers and sizes of the `virt` board: the map of QEMU's RISC-V `virt`
 * machine (version 7.2, `hw/riscv/virt.c` and `include/hw/riscv/virt.h`), because firmware and
 * kernels built for that machine have parts of it compiled in.
 */

/** Where harts of a bare machine start: QEMU's mask ROM. Software never depends on its size. */
export const MROM = { base: 0x1000, size: 0xf000 } as const;

/** OpenSBI and Linux find power-off and reset here through the device tree's syscon nodes. */
export const TEST = { base: 0x100000, size: 0x1000 } as const;

/** `size` is what the tree says; `registers` is what answers, and beyond it accesses fault. */
export const RTC = { base: 0x101000, size: 0x1000, registers: 0x24, irq: 11 } as const;

/** The SiFive CLINT's place; U-Boot's M-mode build reads MTIME from it. */
export const CLINT = { base: 0x2000000, size: 0x10000 } as const;

/** Room for the two contexts of each of QEMU's 512 harts: 0x200000 + 2 * 512 * 0x1000. */
export const PLIC = { base: 0xc000000, size: 0x600000 } as const;

/** `riscv,ndev`: sources 1 to 96, of which only those named in this file are wired. */
export const PLIC_SOURCES = 96;

/** Control regions of the APLIC's domains, which stand in the PLIC's place. */
export const APLIC_M = { base: 0xc000000 } as const;
export const APLIC_S = { base: 0xd000000 } as const;
/** Bytes of such a region: the structures of so many harts behind the registers. */
export const aplicSize = (harts: number): number =>
  0x4000 + Math.ceil((32 * harts) / 0x4000) * 0x4000;

/** Interrupt files: one page for a hart in M-mode, in S-mode a power of two that holds its guests'. */
export const IMSIC_M = { base: 0x24000000 } as const;
export const IMSIC_S = { base: 0x28000000 } as const;
/** `riscv,num-ids`. */
export const IMSIC_IDENTITIES = 255;
export const guestFilePage = (guests: number, hart: number, file: number): number =>
  IMSIC_S.base + ((hart << guestIndexBits(guests)) + file) * 0x1000;
export const guestIndexBits = (guests: number): number => Math.ceil(Math.log2(guests + 1));

/** Early consoles have this address compiled in, U-Boot's debug UART its clock as well. */
export const UART0 = { base: 0x10000000, size: 0x100, registers: 8, irq: 10 } as const;

/** The clock of a PC's UART, doubled: 3.6864 MHz divides to all usual rates. */
export const UART_CLOCK = 3_686_400;

/** Eight slots, each a page apart although its registers end at 0x200. */
export const VIRTIO = {
  base: 0x10001000,
  stride: 0x1000,
  size: 0x1000,
  registers: 0x200,
  count: 8,
  irq: 1,
} as const;

/** Two banks of parallel flash. U-Boot's builds for this machine probe the first and print its size. */
export const FLASH = { base: 0x20000000, size: 0x2000000, blockSize: 0x40000 } as const;

/** Firmware is linked to run at the start of RAM. */
export const DRAM_BASE = 0x80000000;

/** The device tree stays below 3 GiB, so that code which runs with 32-bit addresses reaches it. */
export const FDT_LIMIT = 0xc0000000;

/** QEMU's ACLINT_DEFAULT_TIMEBASE_FREQ: ticks of MTIME and of `time` per second. */
export const TIMEBASE = 10_000_000;

/**
 * The clock shows 2025-01-01 00:00:00 UTC when the machine starts, whatever the host's clock says:
 * two runs must not differ. It lies after the build dates that certificates and U-Boot check.
 */
export const RTC_EPOCH = 1_735_689_600_000_000_000n;
