/** A guest machine with harts that do what the test says, a console and a device. */
import assert from 'node:assert/strict';
import { ConsoleChannel } from '../../../src/core/base/console.ts';
import { VirtualClock } from '../../../src/core/base/virtualClock.ts';
import type { TimedDevice } from '../../../src/core/devices/device.ts';
import type { CallRule } from '../../../src/core/hypervisor/callPolicy.ts';
import { RiscvHypervisor } from '../../../src/core/hypervisor/riscv/main.ts';
import { SbiConsole } from '../../../src/core/hypervisor/riscv/vmmSbi.ts';
import type { Isa } from '../../../src/core/isa/isa.ts';
import { GuestMachine } from '../../../src/core/machine/guestMachine.ts';
import type { DeviceWiring } from '../../../src/core/machine/guestParts.ts';
import { MmioMap } from '../../../src/core/memory/mmioMap.ts';
import { FakeHart } from '../hypervisor/riscv/fakeHart.ts';
import {
  backing,
  hostBase,
  hostMemory,
  ramBase,
  ramSize,
  tableSize,
} from '../hypervisor/riscv/rig.ts';

export const RAM = BigInt(ramBase);
export const uart = 0x1000_0000;
const isa: Isa = {
  name: 'fake',
  xlen: 64,
  instructionAlignment: 2,
  registers: [],
  controlRegisters: [],
  instructions: [],
  disassemble: () => assert.fail(),
};

export interface Options {
  readonly harts?: number;
  readonly calls?: readonly CallRule[];
  readonly timed?: readonly TimedDevice[];
  readonly image?: { address: number; bytes: Uint8Array };
  readonly quantum?: number;
}

export function guest(options: Options = {}) {
  const clock = new VirtualClock();
  const harts = Array.from(
    { length: options.harts ?? 1 },
    (_, id) => new FakeHart(id, clock, { sstc: true }),
  );
  const memory = hostMemory();
  const console = new ConsoleChannel('sbi');
  const registers: unknown[] = [];
  let wiring: DeviceWiring | undefined;
  const machine = new GuestMachine({
    isa,
    board: 'test',
    memory,
    arch: new RiscvHypervisor({
      harts,
      memory,
      clock,
      tables: { base: hostBase, size: tableSize },
    }),
    harts: harts.length,
    clock,
    guestMemory: [
      { name: 'ram', address: ramBase, size: ramSize, hostAddress: backing },
      { name: 'rom', address: 0x2000, size: 0x1000, hostAddress: backing, readonly: true },
    ],
    devices: (given) => {
      wiring = given;
      const mmio = new MmioMap();
      mmio.add(uart, 0x100, {
        name: 'uart0',
        read: (offset, size) => {
          registers.push(['read', offset, size]);
          return 0x60 + offset;
        },
        write: (offset, size, value) => registers.push(['write', offset, size, value]),
      });
      return { mmio, timed: options.timed ?? [], consoles: [] };
    },
    callConsoles: [console],
    callHandlers: [new SbiConsole(console)],
    calls: options.calls ?? [],
    images: options.image ? [{ name: 'image', ...options.image }] : [],
    entry: RAM,
    bootArgument: 0x8700_0000n,
    ...(options.quantum === undefined ? {} : { quantum: options.quantum }),
  });
  const log: string[] = [];
  machine.log.on((line) => log.push(line));
  let text = '';
  console.output.on((bytes) => (text += String.fromCharCode(...bytes)));
  const [hart] = harts;
  assert(hart && wiring);
  return {
    machine,
    harts,
    hart,
    clock,
    console,
    memory,
    registers,
    log,
    wiring,
    output: () => text,
  };
}

export type Guest = ReturnType<typeof guest>;
