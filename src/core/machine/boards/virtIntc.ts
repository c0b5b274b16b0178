/**
 * The interrupt controllers that a `virt` board can have: a PLIC, or those of the Advanced Interrupt
 * Architecture as QEMU's `aia=aplic` and `aia=aplic-imsic` place them.
 */
import { assert } from '../../base/assert.ts';
import type { Persist } from '../../base/persist.ts';
import type { InterruptLine, MmioDevice } from '../../devices/device.ts';
import { Aplic } from '../../devices/intc/aplic/aplic.ts';
import { PRIORITY_BITS } from '../../devices/intc/aplic/directDelivery.ts';
import { Imsic } from '../../devices/intc/imsic/imsic.ts';
import { InterruptFile } from '../../devices/intc/imsic/interruptFile.ts';
import { Plic } from '../../devices/intc/plic/plic.ts';
import type { ExternalInterrupts } from '../../isa/riscv/csr/externalInterrupts.ts';
import type { VirtEnvironment, VirtHartLines } from './virt.ts';
import * as map from './virtMap.ts';

export interface InterruptController {
  /** The input of an interrupt number. */
  source(irq: number): InterruptLine;
  readonly regions: readonly {
    readonly base: number;
    readonly size: number;
    readonly device: MmioDevice;
  }[];
  readonly components: Readonly<Record<string, Persist<unknown>>>;
  /** What the CSRs of each hart reach of it: nothing of a PLIC. */
  readonly external: readonly ExternalInterrupts[];
}

export function interruptController(env: VirtEnvironment): InterruptController {
  if (env.mode === 'guest' && env.aia) return hypervisorController(env);
  switch (env.aia?.controllers) {
    case undefined:
      return plicController(env);
    case 'aplic':
      return aplicController(env.harts);
    case 'aplic-imsic':
      return imsicController(env.harts, env.aia.guests);
  }
}

/** As under KVM: the controllers are the hypervisor's own, and the board has their lines alone. */
function hypervisorController({ irqLine }: VirtEnvironment): InterruptController {
  assert(irqLine, 'lines into the hypervisor');
  return { source: irqLine, regions: [], components: {}, external: [] };
}

function plicController(env: VirtEnvironment): InterruptController {
  // Contexts in the order of the device tree's `interrupts-extended`.
  const outputs = env.harts.flatMap(({ meip, seip }) =>
    env.mode === 'machine' ? [meip, seip] : [seip],
  );
  const plic = new Plic(map.PLIC_SOURCES, outputs);
  return {
    source: (irq) => plic.source(irq),
    regions: [{ ...map.PLIC, device: plic }],
    components: { plic },
    external: [],
  };
}

function aplicController(harts: readonly VirtHartLines[]): InterruptController {
  const aplic = new Aplic(map.PLIC_SOURCES, {
    machine: harts.map(({ meip }) => meip),
    supervisor: harts.map(({ seip }) => seip),
  });
  return {
    source: (irq) => aplic.source(irq),
    regions: aplicRegions(aplic, harts.length),
    components: { aplic },
    external: harts.map((_, hart) => ({
      priority: (level) => aplic[level].priority(hart),
      priorityBits: PRIORITY_BITS,
    })),
  };
}

/** Interrupt files of the harts, and where messages to them go. */
export function interruptFiles(
  harts: readonly Pick<VirtHartLines, 'meip' | 'seip' | 'guestExternal'>[],
  guests: number,
) {
  const imsics = harts.map((lines, hart) => {
    const file = (name: string, line: InterruptLine) =>
      new InterruptFile(`${name} of hart ${hart}`, map.IMSIC_IDENTITIES, line);
    return {
      machine: file('imsic-m', lines.meip),
      supervisor: file('imsic-s', lines.seip),
      guests: Array.from({ length: guests }, (_, i) =>
        file(`guest file ${i + 1}`, lines.guestExternal(i + 1)),
      ),
    };
  });
  const bits = map.guestIndexBits(guests);
  const machine = new Imsic(
    'imsic-m',
    imsics.map((own) => [own.machine]),
    0,
  );
  const supervisor = new Imsic(
    'imsic-s',
    imsics.map((own) => [own.supervisor, ...own.guests]),
    bits,
  );
  const regions = [
    { ...map.IMSIC_M, size: 0x1000 * harts.length, device: machine },
    { ...map.IMSIC_S, size: (0x1000 << bits) * harts.length, device: supervisor },
  ];
  return {
    regions,
    components: { 'imsic-m': machine, 'imsic-s': supervisor },
    external: imsics.map((imsic) => ({ imsic })),
  };
}

function imsicController(harts: readonly VirtHartLines[], guests: number): InterruptController {
  const files = interruptFiles(harts, guests);
  const aplic = new Aplic(map.PLIC_SOURCES, {
    // Messages go to interrupt files alone: nothing else here takes them.
    sendMsi: (address, data) => {
      const to = files.regions.find(({ base, size }) => address >= base && address < base + size);
      to?.device.write(address - to.base, 4, data);
    },
  });
  return {
    source: (irq) => aplic.source(irq),
    regions: [...aplicRegions(aplic, harts.length), ...files.regions],
    components: { aplic, ...files.components },
    external: files.external,
  };
}

function aplicRegions(aplic: Aplic, harts: number) {
  const size = map.aplicSize(harts);
  return [
    { ...map.APLIC_M, size, device: aplic.machine },
    { ...map.APLIC_S, size, device: aplic.supervisor },
  ];
}
