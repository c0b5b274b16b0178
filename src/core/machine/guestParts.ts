/** What a guest's machine is put together from: memory, images, devices, the hypervisor's parts. */
import type { ConsoleChannel } from '../base/console.ts';
import type { Persist } from '../base/persist.ts';
import type { VirtualClock } from '../base/virtualClock.ts';
import type { EndEvent } from '../debug/target.ts';
import type { InterruptLine, TimedDevice } from '../devices/device.ts';
import type { HypervisorArch } from '../hypervisor/arch.ts';
import type { CallHandler, RegisterHandler } from '../hypervisor/callHandler.ts';
import type { CallRule } from '../hypervisor/callPolicy.ts';
import type { Vm } from '../hypervisor/vm.ts';
import type { Isa } from '../isa/isa.ts';
import type { MmioMap } from '../memory/mmioMap.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';

export interface GuestMemory {
  readonly name: string;
  /** Guest-physical. */
  readonly address: number;
  readonly size: number;
  /** Where it is in the host's physical memory. */
  readonly hostAddress: number;
  readonly readonly?: boolean;
}

export interface GuestImage {
  /** For messages: the file's name. */
  readonly name: string;
  /** Guest-physical. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** What the VMM gives to the board that builds the devices. */
export interface DeviceWiring {
  /** The external interrupt of each vCPU, for an interrupt controller of the VMM's (KVM_INTERRUPT). */
  readonly externalInterrupts: readonly InterruptLine[];
  /** An input of the interrupt controller inside the hypervisor (KVM_IRQ_LINE). */
  irqLine(irq: number, level: boolean): void;
  /** For a device that switches the machine off. */
  end(event: EndEvent): void;
}

export interface GuestDevices {
  /** At guest-physical addresses that no slot covers. */
  readonly mmio: MmioMap;
  readonly timed: readonly TimedDevice[];
  /** What of them has state, by name; nothing when absent. */
  readonly components?: Readonly<Record<string, Persist<unknown>>>;
  readonly consoles: readonly ConsoleChannel[];
}

export interface GuestMachineOptions {
  readonly isa: Isa;
  readonly board: string;
  /** The host's physical memory. */
  readonly memory: PhysicalMemory;
  readonly arch: HypervisorArch;
  readonly harts: number;
  readonly clock: VirtualClock;
  readonly guestMemory: readonly GuestMemory[];
  readonly devices: (wiring: DeviceWiring) => GuestDevices;
  /** Sets up the interrupt controller inside the hypervisor, once the vCPUs are there. */
  readonly irqchip?: (vm: Vm) => void;
  /** Consoles that are calls and not devices; their handlers are among `callHandlers`. */
  readonly callConsoles: readonly ConsoleChannel[];
  readonly callHandlers: readonly CallHandler[];
  /** Who answers for control registers. */
  readonly registerHandlers?: readonly RegisterHandler[];
  readonly calls: readonly CallRule[];
  /** The hypervisor's deviations from the specification of the calls are those of KVM. */
  readonly kvmQuirks?: boolean;
  readonly images: readonly GuestImage[];
  readonly entry: bigint;
  /** What the first vCPU is given beside its id: the address of the device tree. */
  readonly bootArgument: bigint;
  readonly quantum?: number;
}
