/**
 * The `virt` board: QEMU's RISC-V `virt` machine as far as firmware and kernels need it. Makes the
 * devices and wires them; harts, RAM and who runs them belong to the caller. As a KVM guest's
 * board (mode `guest`) it has no CLINT and the PLIC has no M-mode contexts, as QEMU does under KVM.
 *
 * Not there, unlike in QEMU: fw_cfg, PCI, the platform bus.
 */
import type { TimeCounter } from '../../base/virtualClock.ts';
import type { ConsoleChannel } from '../../base/console.ts';
import { CfiFlash } from '../../devices/cfiFlash/cfiFlash.ts';
import type { Persist } from '../../base/persist.ts';
import type { InterruptLine, MmioDevice, TimeSource, TimedDevice } from '../../devices/device.ts';
import { GoldfishRtc } from '../../devices/goldfishRtc/goldfishRtc.ts';
import { Aclint } from '../../devices/intc/aclint/aclint.ts';
import { type Finish, TestFinisher } from '../../devices/testFinisher/testFinisher.ts';
import { Uart16550 } from '../../devices/uart16550/uart16550.ts';
import { EmptyVirtioSlot } from '../../devices/virtio/emptySlot.ts';
import type { FdtTree } from '../../formats/fdt/fdt.ts';
import type { ExternalInterrupts } from '../../isa/riscv/csr/externalInterrupts.ts';
import { MmioMap } from '../../memory/mmioMap.ts';
import type { AiaChoice, Mode } from '../launchConfig.ts';
import type { BootInfo, ImageRules } from '../loadTypes.ts';
import { virtDeviceTree } from './virtDeviceTree.ts';
import { interruptController } from './virtIntc.ts';
import * as map from './virtMap.ts';
import { virtResetVector } from './virtReset.ts';

/** Interrupt inputs of one hart. The board drives msip, mtip and meip only in mode `machine`. */
export interface VirtHartLines {
  readonly msip: InterruptLine;
  readonly mtip: InterruptLine;
  readonly meip: InterruptLine;
  readonly seip: InterruptLine;
  /** The signal of a guest interrupt file, numbered from 1. */
  guestExternal(file: number): InterruptLine;
}

export interface VirtEnvironment {
  readonly mode: Mode;
  readonly xlen: 32 | 64;
  /** Controllers of the Advanced Interrupt Architecture instead of the PLIC. */
  readonly aia?: AiaChoice;
  /** With AIA in mode `guest`: inputs of the controller inside the hypervisor. */
  readonly irqLine?: (irq: number) => InterruptLine;
  /** One entry per hart, by hart id. */
  readonly harts: readonly VirtHartLines[];
  /** Bytes of RAM. */
  readonly memory: number;
  readonly time: TimeSource;
  /** Ticks of `time` per second: `TIMEBASE` unless there is a reason. */
  readonly timebase: number;
  readonly console: ConsoleChannel;
  readonly finish: (finish: Finish) => void;
  /** The device tree's `riscv,isa`, and its `mmu-type`: `riscv,sv57`. */
  readonly isa: string;
  readonly mmuType: string;
  /** What the clock shows at the start, in nanoseconds since 1970; `RTC_EPOCH` unless given. */
  readonly rtcEpoch?: bigint;
}

export interface VirtBoard {
  readonly name: 'virt';
  readonly mmio: MmioMap;
  readonly timed: readonly TimedDevice[];
  /** Everything with state, by name. */
  readonly components: Readonly<Record<string, Persist<unknown>>>;
  /** What the CSRs of each hart reach of the external interrupt controllers. */
  readonly external: readonly ExternalInterrupts[];
  /** What the harts' `time` counter shows: MTIME, which a bare machine's software can set. */
  readonly time: TimeCounter;
  deviceTree(boot: BootInfo): FdtTree;
  readonly images: ImageRules;
  readonly ram: { readonly base: number; readonly size: number };
  /** Where harts of a bare machine start, and how much ROM is there. */
  readonly rom: { readonly base: number; readonly size: number };
  /** Contents of that ROM. */
  resetVector(start: bigint, deviceTree: number, nextAddress: bigint): Uint8Array;
}

export function virtBoard(env: VirtEnvironment): VirtBoard {
  const { time, timebase } = env;
  const mmio = new MmioMap();
  const intc = interruptController(env);
  const uart = new Uart16550({
    name: 'uart0',
    console: env.console,
    line: intc.source(map.UART0.irq),
    time,
    timebase,
    clock: map.UART_CLOCK,
  });
  const rtc = new GoldfishRtc({
    line: intc.source(map.RTC.irq),
    time,
    timebase,
    epoch: env.rtcEpoch ?? map.RTC_EPOCH,
  });
  const flash = [0, 1].map((i) => new CfiFlash(`flash${i}`, map.FLASH.size, map.FLASH.blockSize));
  const clint = env.mode === 'machine' ? new Aclint(time, env.harts) : undefined;

  mmio.add(map.TEST.base, map.TEST.size, new TestFinisher(env.finish));
  mmio.add(map.RTC.base, map.RTC.registers, rtc);
  if (clint) mmio.add(map.CLINT.base, map.CLINT.size, clint);
  for (const { base, size, device } of intc.regions) mmio.add(base, size, device);
  mmio.add(map.UART0.base, map.UART0.registers, uart);
  for (const { base, device } of virtioSlots()) mmio.add(base, map.VIRTIO.registers, device);
  flash.forEach((bank, i) => mmio.add(map.FLASH.base + i * map.FLASH.size, map.FLASH.size, bank));

  return {
    name: 'virt',
    mmio,
    timed: clint ? [clint, uart, rtc] : [uart, rtc],
    components: {
      ...(clint ? { clint } : {}),
      ...intc.components,
      ...{ uart0: uart, rtc },
      ...Object.fromEntries(flash.map((bank) => [bank.name, bank])),
    },
    external: intc.external,
    time: clint?.counter ?? counterOf(time),
    deviceTree: (boot) => virtDeviceTree({ ...env, harts: env.harts.length }, boot),
    images: imageRules(env.xlen),
    ram: { base: map.DRAM_BASE, size: env.memory },
    rom: map.MROM,
    resetVector: (start, deviceTree, nextAddress) =>
      virtResetVector({ xlen: env.xlen, start, deviceTree, nextAddress }),
  };
}

const counterOf = (time: TimeSource): TimeCounter => ({
  ticks: () => time.ticks(),
  tickNumber: () => time.tickNumber?.() ?? -1,
});

function virtioSlots(): { base: number; device: MmioDevice }[] {
  return Array.from({ length: map.VIRTIO.count }, (_, i) => ({
    base: map.VIRTIO.base + i * map.VIRTIO.stride,
    device: new EmptyVirtioSlot(`virtio${i}`),
  }));
}

/** `hw/riscv/boot.c`: what an image must be to run here, and where one without addresses goes. */
function imageRules(xlen: 32 | 64): ImageRules {
  const MiB = 0x100000;
  return {
    xlen,
    elfMachine: 243,
    linuxArchitecture: 'riscv',
    // A kernel must stand on a page of the second-largest size that its first page table maps.
    kernelAlignment: xlen === 64 ? 2 * MiB : 4 * MiB,
    fdtLimit: map.FDT_LIMIT,
    fdtAlignment: 2 * MiB,
    initrdDistance: 128 * MiB,
  };
}
