/**
 * The `virt` board as a guest: RISC-V harts with the hypervisor extension, our hypervisor on them,
 * and the board's devices in its VMM. Puts together what others define; what runs is `GuestMachine`.
 */
import { assert } from '../../base/assert.ts';
import { ConsoleChannel } from '../../base/console.ts';
import { VirtualClock } from '../../base/virtualClock.ts';
import type { EndEvent } from '../../debug/target.ts';
import type { InterruptLine, TimeSource } from '../../devices/device.ts';
import type { Finish } from '../../devices/testFinisher/testFinisher.ts';
import type { CallRule } from '../../hypervisor/callPolicy.ts';
import { deviceType } from '../../hypervisor/device.ts';
import { aiaAddress, aiaConfig, aiaGroup, aiaInit } from '../../hypervisor/riscv/aiaDevice.ts';
import { RiscvHypervisor, type HostImsic } from '../../hypervisor/riscv/main.ts';
import { SeedSource } from '../../hypervisor/riscv/vmmCsr.ts';
import { SbiConsole } from '../../hypervisor/riscv/vmmSbi.ts';
import type { Vm } from '../../hypervisor/vm.ts';
import type { Isa } from '../../isa/isa.ts';
import { parseIsaString } from '../../isa/riscv/isaString.ts';
import type { RiscvHart } from '../../isa/riscv/riscvHart.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import { GuestMachine } from '../guestMachine.ts';
import type { DeviceWiring } from '../guestParts.ts';
import type { AiaChoice } from '../launchConfig.ts';
import type { LoadedImages } from '../loadTypes.ts';
import { virtBoard, type VirtBoard } from './virt.ts';
import * as map from './virtMap.ts';

/** Host memory: one range for G-stage tables, one that backs the guest, at 1 GiB boundaries. */
export const guestTables = { base: 0x4000_0000, size: 0x20_0000 } as const;
export const guestBacking = 0x1_0000_0000;

/** What the host's physical memory must have for a guest with so much memory. */
export function virtGuestRam(memory: number) {
  return [
    { name: 'G-stage tables', ...guestTables, writable: true },
    { name: 'guest RAM', base: guestBacking, size: memory, writable: true },
  ];
}

export interface VirtGuestOptions {
  readonly isa: Isa;
  readonly clock: VirtualClock;
  /** Made with the RAM of `virtGuestRam`. */
  readonly harts: readonly RiscvHart[];
  readonly hostMemory: PhysicalMemory;
  /** Bytes of the guest's RAM. */
  readonly memory: number;
  /** The device tree's `riscv,isa` and `mmu-type`, without the H extension. */
  readonly isaString: string;
  readonly mmuType: string;
  readonly calls: readonly CallRule[];
  readonly kvmQuirks: boolean;
  /** Interrupts by an AIA inside the hypervisor; the harts have its guest interrupt files. */
  readonly aia?: AiaChoice;
  readonly load: (board: VirtBoard) => LoadedImages;
}

export function virtGuest(options: VirtGuestOptions): GuestMachine {
  const { aia, clock, harts, hostMemory } = options;
  const sbi = new ConsoleChannel('sbi');
  const uart = new ConsoleChannel('uart0', sbi);
  const seed = new SeedSource();
  // The board comes before the vCPUs that its lines lead to.
  let wiring: DeviceWiring | undefined;
  const board = virtBoard({
    mode: 'guest',
    ...(aia ? { aia } : {}),
    irqLine: (irq) => ({ set: (level) => wiring?.irqLine(irq, level) }),
    xlen: options.isa.xlen,
    harts: harts.map((_, id) => guestLines((level) => wiring?.externalInterrupts[id]?.set(level))),
    memory: options.memory,
    time: clock satisfies TimeSource,
    timebase: clock.timebase,
    console: uart,
    finish: (finish) => wiring?.end(endOf(finish)),
    isa: options.isaString,
    mmuType: options.mmuType,
  });
  const loaded = options.load(board);
  return new GuestMachine({
    isa: options.isa,
    board: board.name,
    memory: hostMemory,
    arch: new RiscvHypervisor({
      harts,
      memory: hostMemory,
      tables: guestTables,
      clock,
      ...(aia && aia.guests > 0 ? { imsic: hostImsic(aia.guests) } : {}),
      extensions: parseIsaString(options.isaString).extensions,
    }),
    harts: harts.length,
    clock,
    guestMemory: [
      {
        name: 'ram',
        address: map.DRAM_BASE,
        size: options.memory,
        hostAddress: guestBacking,
      },
    ],
    devices: (given) => {
      wiring = given;
      const components = { ...board.components, seed };
      return { mmio: board.mmio, timed: board.timed, consoles: [uart], components };
    },
    ...(aia ? { irqchip: (vm: Vm) => createAia(vm, harts.length) } : {}),
    callConsoles: [sbi],
    callHandlers: [new SbiConsole(sbi, options.isa.xlen)],
    registerHandlers: [seed],
    calls: options.calls,
    kvmQuirks: options.kvmQuirks,
    images: loaded.placements.map(({ what, address, bytes }) => ({ name: what, address, bytes })),
    entry: loaded.start,
    bootArgument: BigInt(loaded.deviceTree),
  });
}

function hostImsic(guests: number): HostImsic {
  return {
    identities: map.IMSIC_IDENTITIES,
    guestFilePage: (hart, file) => map.guestFilePage(guests, hart, file),
  };
}

/** As kvmtool and QEMU set the device up; VS-files are used where there are some (mode AUTO). */
function createAia(vm: Vm, harts: number): void {
  const device = vm.createDevice(deviceType.RISCV_AIA);
  assert(device.ok, 'an AIA in the hypervisor');
  const set = (group: number, attribute: number, value: number) => {
    const result = device.value.setAttr(group, attribute, BigInt(value));
    assert(result.ok, `attribute ${attribute} of AIA's group ${group}`);
  };
  set(aiaGroup.config, aiaConfig.ids, map.IMSIC_IDENTITIES);
  set(aiaGroup.config, aiaConfig.sources, map.PLIC_SOURCES);
  set(aiaGroup.config, aiaConfig.hartBits, Math.ceil(Math.log2(harts)));
  set(aiaGroup.addr, aiaAddress.aplic, map.APLIC_S.base);
  for (let hart = 0; hart < harts; hart++) {
    set(aiaGroup.addr, aiaAddress.imsic(hart), map.IMSIC_S.base + hart * 0x1000);
  }
  set(aiaGroup.ctrl, aiaInit, 0);
}

/** A guest's harts have one line that the board drives; the others belong to machine mode. */
function guestLines(seip: (level: boolean) => void) {
  const unused: InterruptLine = { set: () => {} };
  return {
    msip: unused,
    mtip: unused,
    meip: unused,
    seip: { set: seip },
    guestExternal: () => unused,
  };
}

function endOf({ kind, code }: Finish): EndEvent {
  switch (kind) {
    case 'pass':
      return { reason: 'shutdown', code, text: 'test device: pass' };
    case 'fail':
      return { reason: 'failure', code, text: `test device: fail with code ${code}` };
    case 'reset':
      return { reason: 'reset', code, text: 'test device: reset' };
  }
}
