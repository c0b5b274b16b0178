/**
 * The `virt` board's device tree, node by node in the order of QEMU 7.2's: drivers are probed in
 * that order, so that guests number and print devices as they do there.
 *
 * QEMU `hw/riscv/virt.c`, create_fdt; bindings in Linux Documentation/devicetree/bindings.
 */
import { FdtBuilder, type FdtNodeBuilder } from '../../formats/fdt/buildFdt.ts';
import type { FdtTree } from '../../formats/fdt/fdt.ts';
import { FINISHER_PASS, FINISHER_RESET } from '../../devices/testFinisher/registers.ts';
import { cacheBlockBytes } from '../../isa/riscv/memoryInstructions.ts';
import type { AiaChoice, Mode } from '../launchConfig.ts';
import type { BootInfo } from '../loadTypes.ts';
import { describeBoot } from '../loadDeviceTree.ts';
import { shortIsaString } from '../../isa/riscv/isaString.ts';
import * as map from './virtMap.ts';

export interface VirtDescription {
  readonly mode: Mode;
  readonly aia?: AiaChoice;
  readonly harts: number;
  readonly memory: number;
  readonly timebase: number;
  readonly isa: string;
  readonly mmuType: string;
}

/** Interrupt numbers of the hart-local controller: the exception codes of the privileged manual. */
const IRQ_M_SOFT = 3;
const IRQ_M_TIMER = 7;
const IRQ_S_EXT = 9;
const IRQ_M_EXT = 11;
/** How the APLIC's interrupts are triggered: IRQ_TYPE_LEVEL_HIGH of the bindings. */
const LEVEL_HIGH = 4;

/**
 * Kernels mix this into their random numbers and need not wait for entropy. It is the same in each
 * run, so that runs are equal; nothing here is a secret.
 */
const RNG_SEED = [
  0x7472_6170, 0x6c69_6e65, 0x2076_6972, 0x7420_626f, 0x6172_6420, 0x7365_6564, 0x2066_6f72,
  0x2072_756e,
];

export function virtDeviceTree(board: VirtDescription, boot: BootInfo): FdtTree {
  const builder = new FdtBuilder();
  const { root } = builder;
  root.cells('#address-cells', 2).cells('#size-cells', 2);
  root.strings('compatible', 'riscv-virtio').strings('model', 'riscv-virtio,qemu');

  const flash = root.child(`flash@${hex(map.FLASH.base)}`);
  const chosen = root.child('chosen');
  const poweroff = root.child('poweroff');
  const reboot = root.child('reboot');
  const memory = root.child(`memory@${hex(map.DRAM_BASE)}`);
  const cpus = root.child('cpus');
  const soc = root.child('soc');

  const controllers = addCpus(cpus, board);
  const test = addSoc(soc, board, controllers);

  const { base, size } = map.FLASH;
  flash.strings('compatible', 'cfi-flash').cells('bank-width', 4);
  flash.cells64('reg', base, size, base + size, size);
  chosen.cells('rng-seed', ...RNG_SEED);
  chosen.strings('stdout-path', `/soc/serial@${hex(map.UART0.base)}`);
  addSyscon(poweroff, 'syscon-poweroff', test, FINISHER_PASS);
  addSyscon(reboot, 'syscon-reboot', test, FINISHER_RESET);
  memory.strings('device_type', 'memory').cells64('reg', map.DRAM_BASE, board.memory);
  return describeBoot(builder.tree(), boot);
}

/** Returns the harts' interrupt controllers, by hart. */
function addCpus(cpus: FdtNodeBuilder, board: VirtDescription): FdtNodeBuilder[] {
  cpus.cells('#address-cells', 1).cells('#size-cells', 0);
  cpus.cells('timebase-frequency', board.timebase);
  const { base, extensions } = describeIsa(board.isa);
  const nodes = Array.from({ length: board.harts }, (_, hart) => {
    const cpu = cpus.child(`cpu@${hex(hart)}`);
    cpu.strings('device_type', 'cpu').cells('reg', hart).strings('status', 'okay');
    cpu.strings('compatible', 'riscv').strings('riscv,isa', shortIsaString(board.isa));
    cpu.strings('riscv,isa-base', base).strings('riscv,isa-extensions', ...extensions);
    cpu.strings('mmu-type', board.mmuType);
    for (const kind of ['m', 'p', 'z']) {
      const extension = `zicbo${kind}`;
      if (!extensions.includes(extension)) continue;
      cpu.cells(`riscv,cbo${kind}-block-size`, cacheBlockBytes);
    }
    const controller = cpu.child('interrupt-controller');
    controller.cells('#interrupt-cells', 1).flag('interrupt-controller');
    controller.strings('compatible', 'riscv,cpu-intc');
    return { cpu, controller };
  });
  // QEMU numbers phandles from the last hart down; equal numbers make the trees easy to compare.
  for (const { cpu, controller } of nodes.toReversed()) {
    cpu.phandle();
    controller.phandle();
  }
  const cluster = cpus.child('cpu-map').child('cluster0');
  nodes.forEach(({ cpu }, hart) => cluster.child(`core${hart}`).cells('cpu', cpu.phandle()));
  return nodes.map(({ controller }) => controller);
}

/** What `riscv,isa-base` and `riscv,isa-extensions` say of an ISA string (Linux bindings). */
function describeIsa(isa: string): { base: string; extensions: readonly string[] } {
  const [first = '', ...longer] = isa.split('_');
  const width = first.slice(0, 'rv64'.length);
  return { base: `${width}i`, extensions: [...first.slice(width.length), ...longer] };
}

/** Returns the test finisher's node. */
function addSoc(
  soc: FdtNodeBuilder,
  board: VirtDescription,
  controllers: readonly FdtNodeBuilder[],
): FdtNodeBuilder {
  soc.cells('#address-cells', 2).cells('#size-cells', 2);
  soc.strings('compatible', 'simple-bus').flag('ranges');

  const rtc = device(soc, 'rtc', map.RTC, 'google,goldfish-rtc');
  const uart = device(soc, 'serial', map.UART0, 'ns16550a');
  const test = device(soc, 'test', map.TEST, 'sifive,test1', 'sifive,test0', 'syscon');
  const virtio = virtioRegions().map((region) => ({
    node: device(soc, 'virtio_mmio', region, 'virtio,mmio'),
    irq: region.irq,
  }));
  const addController = board.aia ? aiaNodes(soc, board, board.aia) : plicNodes(soc, board);
  if (board.mode === 'machine') {
    const clint = device(soc, 'clint', map.CLINT, 'sifive,clint0', 'riscv,clint0');
    clint.cells('interrupts-extended', ...inputs(controllers, [IRQ_M_SOFT, IRQ_M_TIMER]));
  }

  const { parent, specifier } = addController(controllers);
  const interrupt = (node: FdtNodeBuilder, irq: number) =>
    node.cells('interrupts', ...specifier(irq)).cells('interrupt-parent', parent.phandle());
  interrupt(rtc, map.RTC.irq);
  interrupt(uart, map.UART0.irq);
  for (const { node, irq } of virtio) interrupt(node, irq);
  uart.cells('clock-frequency', map.UART_CLOCK);
  return test;
}

/** Who gets the devices' interrupts, and how one is written there. */
interface ControllerNode {
  readonly parent: FdtNodeBuilder;
  readonly specifier: (irq: number) => number[];
}
/** Fills in nodes that are in their place already, in the order in which phandles are given. */
type FillNodes = (harts: readonly FdtNodeBuilder[]) => ControllerNode;

function plicNodes(soc: FdtNodeBuilder, board: VirtDescription): FillNodes {
  const plic = device(soc, 'plic', map.PLIC, 'sifive,plic-1.0.0', 'riscv,plic0');
  return (harts) => {
    plic.cells('#address-cells', 0).cells('#interrupt-cells', 1).flag('interrupt-controller');
    plic.cells('riscv,ndev', map.PLIC_SOURCES);
    const modes = board.mode === 'machine' ? [IRQ_M_EXT, IRQ_S_EXT] : [IRQ_S_EXT];
    plic.cells('interrupts-extended', ...inputs(harts, modes));
    return { parent: plic, specifier: (irq) => [irq] };
  };
}

/** Linux, Documentation/devicetree/bindings/interrupt-controller, riscv,aplic and riscv,imsics. */
function aiaNodes(soc: FdtNodeBuilder, board: VirtDescription, aia: AiaChoice): FillNodes {
  const size = map.aplicSize(board.harts);
  const supervisor = device(soc, 'aplic', { ...map.APLIC_S, size }, 'riscv,aplic');
  // A guest has no M-mode, and its harts have no guests.
  const isGuest = board.mode === 'guest';
  const machine = isGuest
    ? undefined
    : device(soc, 'aplic', { ...map.APLIC_M, size }, 'riscv,aplic');
  const withFiles = aia.controllers === 'aplic-imsic';
  const files = withFiles
    ? imsicNodes(soc, board.harts, isGuest ? 0 : aia.guests, !isGuest)
    : undefined;
  return (harts) => {
    const imsics = files?.(harts);
    const levels = [
      ...(machine ? [{ node: machine, irq: IRQ_M_EXT, imsic: imsics?.machine }] : []),
      { node: supervisor, irq: IRQ_S_EXT, imsic: imsics?.supervisor },
    ];
    for (const { node, irq, imsic } of levels) {
      node.phandle();
      node.cells('#interrupt-cells', 2).flag('interrupt-controller');
      if (imsic) node.cells('msi-parent', imsic.phandle());
      else node.cells('interrupts-extended', ...inputs(harts, [irq]));
      node.cells('riscv,num-sources', map.PLIC_SOURCES);
    }
    machine?.cells('riscv,children', supervisor.phandle());
    machine?.cells('riscv,delegate', supervisor.phandle(), 1, map.PLIC_SOURCES);
    return { parent: supervisor, specifier: (irq) => [irq, LEVEL_HIGH] };
  };
}

function imsicNodes(soc: FdtNodeBuilder, harts: number, guests: number, hasMachine: boolean) {
  const bits = map.guestIndexBits(guests);
  const forSupervisor = { ...map.IMSIC_S, size: (0x1000 << bits) * harts };
  const forMachine = { ...map.IMSIC_M, size: 0x1000 * harts };
  const supervisor = device(soc, 'imsics', forSupervisor, 'riscv,imsics');
  const machine = hasMachine ? device(soc, 'imsics', forMachine, 'riscv,imsics') : undefined;
  return (controllers: readonly FdtNodeBuilder[]) => {
    for (const { node, irq } of [
      ...(machine ? [{ node: machine, irq: IRQ_M_EXT }] : []),
      { node: supervisor, irq: IRQ_S_EXT },
    ]) {
      node.phandle();
      node.cells('#interrupt-cells', 0).flag('interrupt-controller').flag('msi-controller');
      node.cells('interrupts-extended', ...inputs(controllers, [irq]));
      node.cells('riscv,num-ids', map.IMSIC_IDENTITIES).cells('riscv,ipi-id', 1);
    }
    if (bits > 0) supervisor.cells('riscv,guest-index-bits', bits);
    return { machine, supervisor };
  };
}

/** Highest address first, as QEMU lists them. */
function virtioRegions(): { base: number; size: number; irq: number }[] {
  const { base, stride, size, count, irq } = map.VIRTIO;
  const slots = Array.from({ length: count }, (_, i) => i).toReversed();
  return slots.map((i) => ({ base: base + i * stride, size, irq: irq + i }));
}

function device(
  bus: FdtNodeBuilder,
  name: string,
  { base, size }: { readonly base: number; readonly size: number },
  ...compatible: string[]
): FdtNodeBuilder {
  const node = bus.child(`${name}@${hex(base)}`);
  return node.strings('compatible', ...compatible).cells64('reg', base, size);
}

/** `interrupts-extended`: for each hart, its controller with each of `numbers`. */
function inputs(controllers: readonly FdtNodeBuilder[], numbers: readonly number[]): number[] {
  return controllers.flatMap((c) => numbers.flatMap((number) => [c.phandle(), number]));
}

function addSyscon(node: FdtNodeBuilder, compatible: string, test: FdtNodeBuilder, value: number) {
  node.strings('compatible', compatible).cells('regmap', test.phandle());
  node.cells('offset', 0).cells('value', value);
}

function hex(number: number): string {
  return number.toString(16);
}
