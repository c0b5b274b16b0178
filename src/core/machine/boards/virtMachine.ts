/**
 * Puts a `virt` board, RISC-V harts and what a launch names together into a machine: the boot
 * order of Trapline is these functions read from top to bottom.
 */
import { ConsoleChannel } from '../../base/console.ts';
import { UserError } from '../../base/userError.ts';
import { VirtualClock } from '../../base/virtualClock.ts';
import type { EndEvent } from '../../debug/target.ts';
import type { InterruptLine } from '../../devices/device.ts';
import type { Finish } from '../../devices/testFinisher/testFinisher.ts';
import { ElfFile } from '../../formats/elf/elf.ts';
import type { EngineHost } from '../../engine/engineHost.ts';
import type { TranslatorOptions } from '../../engine/translator/translator.ts';
import type { Hart } from '../../isa/riscv/hart.ts';
import { noWork, type HartWork } from '../../isa/riscv/hartWork.ts';
import { parseIsaString, type IsaChoice } from '../../isa/riscv/isaString.ts';
import { riscvIsa } from '../../isa/riscv/riscv.ts';
import {
  createRiscvParts,
  largestRam,
  type RiscvMachineParts,
} from '../../isa/riscv/riscvMachineParts.ts';
import { interrupt } from '../../isa/riscv/trapCause.ts';
import { MmioMap } from '../../memory/mmioMap.ts';
import { BareMachine } from '../bareMachine.ts';
import type { CallDesk } from '../callDesk.ts';
import type { LaunchConfig, LaunchFiles } from '../launchConfig.ts';
import { loadImages } from '../load.ts';
import type { Machine } from '../machine.ts';
import { ComponentSnapshots, type MachineIdentity } from '../machineSnapshots.ts';
import { interruptFiles } from './virtIntc.ts';
import { guestTables, virtGuest, virtGuestRam } from './virtGuest.ts';
import { virtBoard, type VirtEnvironment } from './virt.ts';
import { TIMEBASE } from './virtMap.ts';

export function createVirtMachine(
  config: LaunchConfig,
  files: LaunchFiles,
  translation: TranslatorOptions = {},
  host: EngineHost = {},
): Machine {
  const most = largestRam(config.harts) - guestTables.size - (1 << 20);
  if (config.memory > most) {
    const MiB = 1 << 20;
    throw new UserError(
      `memory: ${config.memory / MiB} MiB is more than the ${Math.floor(most / MiB)} MiB that a machine can have`,
      'memory',
    );
  }
  return config.mode === 'machine'
    ? bareMachine(config, files, translation, host)
    : guestMachine(config, files, translation, host);
}

/** EI_CLASS: the rest of the file is looked at when it is loaded, under its attribute's name. */
const elfClassAt = 4;
const ELFCLASS32 = 1;

/** Where nobody says which instruction set, what is to be executed does: 32 bits for 32 bits. */
function isaOf(config: LaunchConfig, files: LaunchFiles): IsaChoice {
  // IMSICs bring these with them, as QEMU's do.
  const also = config.aia?.controllers === 'aplic-imsic' ? ['smaia', 'ssaia'] : [];
  for (const name of [config.firmware, config.program]) {
    const bytes = name === undefined ? undefined : files.get(name);
    if (!name || !bytes || !ElfFile.recognises(bytes)) continue;
    return parseIsaString(config.isa, bytes[elfClassAt] === ELFCLASS32 ? 32 : 64, also);
  }
  return parseIsaString(config.isa, 64, also);
}

function bareMachine(
  config: LaunchConfig,
  files: LaunchFiles,
  translation: TranslatorOptions,
  host: EngineHost,
): Machine {
  const clock = new VirtualClock(TIMEBASE);
  const uart = new ConsoleChannel('uart0');
  const isa = isaOf(config, files);
  let harts: readonly Hart[] = [];
  let machine: BareMachine | undefined;
  const line = (hart: number, bit: number): InterruptLine => ({
    set: (level) => harts[hart]?.setInterruptInput(bit, level),
  });
  const board = virtBoard({
    ...environment(config, isa.xlen, clock, uart),
    harts: Array.from({ length: config.harts }, (_, i) => ({
      msip: line(i, interrupt.MSI),
      mtip: line(i, interrupt.MTI),
      meip: line(i, interrupt.MEI),
      seip: line(i, interrupt.SEI),
      guestExternal: (file) => ({ set: (level) => harts[i]?.setGuestExternal(file, level) }),
    })),
    finish: (finish) => machine?.end(endOf(finish)),
    isa: isa.deviceTree,
    mmuType: isa.mmuType,
  });
  const images = loadImages(config, files, board);
  const { base, size } = board.rom;
  const parts = createRiscvParts({
    harts: config.harts,
    ram: [
      { name: 'rom', base, size, writable: false },
      { name: 'ram', ...board.ram, writable: true },
    ],
    mmio: board.mmio,
    clock,
    time: board.time,
    external: board.external,
    xlen: isa.xlen,
    extensions: isa.extensions,
    trapInstruction: config.trapInstruction,
    translate: config.engine === 'interpreter' ? undefined : translation,
    host,
  });
  harts = parts.harts;
  for (const { address, bytes } of images.placements) parts.memory.load(address, bytes);
  parts.memory.load(base, board.resetVector(images.start, images.deviceTree, images.nextAddress));
  for (const hart of harts) hart.pc = BigInt(base);
  const toHost = toHostAddress(config, files);
  machine = new BareMachine({
    isa: riscvIsa(isa.xlen),
    board: board.name,
    memory: parts.memory,
    harts,
    clock,
    timed: board.timed,
    consoles: [uart],
    entry: BigInt(base),
    ...(toHost === undefined ? {} : { toHost }),
  });
  machine.engineCounters = countersOf(parts);
  machine.snapshots = new ComponentSnapshots({
    identity: identityOf(config, isa),
    memory: parts.memory,
    components: {
      clock,
      uart0Console: uart,
      ...board.components,
      ...byHart(harts),
      machine,
    },
    instructions: () => clock.instructions,
    noticeStores: () => harts.forEach((hart) => hart.noticeStores()),
  });
  machine.notes = notesOn(isa);
  return machine;
}

function checkCalls({ isPending }: CallDesk): void {
  if (!isPending) return;
  throw new UserError('a handler is at work on a call of the guest: it has to answer first');
}

/** What two machines must have in common for the one's state to be the other's. */
function identityOf(config: LaunchConfig, isa: IsaChoice): MachineIdentity {
  const { mode, board, harts, memory, aia } = config;
  return {
    ...{ board, mode, harts: String(harts), memory: `${memory / (1 << 20)}M` },
    'interrupt controller': aia ? `${aia.controllers}, ${aia.guests} guest files` : 'plic',
    'instruction set': `rv${isa.xlen} ${[...isa.extensions].sort().join(' ')}`,
  };
}

const byHart = (harts: readonly Hart[]) =>
  Object.fromEntries(harts.map((hart) => [`hart${hart.id}`, hart]));

/** What a launch asks for and does not get. */
function notesOn({ absent }: IsaChoice): readonly string[] {
  if (absent.length === 0) return [];
  return [`isa: the profile is there without ${absent.join(', ')}, which Trapline does not have`];
}

function guestMachine(
  config: LaunchConfig,
  files: LaunchFiles,
  translation: TranslatorOptions,
  host: EngineHost,
): Machine {
  const clock = new VirtualClock(TIMEBASE);
  const isa = isaOf(config, files);
  let harts: readonly Hart[] = [];
  const { mmio, external, components } = hostInterrupts(config, (hart) => harts[hart]);
  const parts = createRiscvParts({
    harts: config.harts,
    ram: virtGuestRam(config.memory),
    mmio,
    external,
    clock,
    xlen: isa.xlen,
    extensions: isa.withHypervisor,
    trapInstruction: config.trapInstruction,
    translate: config.engine === 'interpreter' ? undefined : translation,
    host,
  });
  harts = parts.harts;
  const machine = virtGuest({
    ...(config.aia ? { aia: config.aia } : {}),
    isa: riscvIsa(isa.xlen),
    clock,
    harts: parts.harts,
    hostMemory: parts.memory,
    memory: config.memory,
    isaString: isa.guestDeviceTree,
    mmuType: isa.mmuType,
    calls: config.calls,
    kvmQuirks: config.kvmQuirks ?? false,
    load: (board) => loadImages(config, files, board),
  });
  machine.notes = notesOn(isa);
  machine.engineCounters = countersOf(parts);
  machine.snapshots = new ComponentSnapshots({
    identity: identityOf(config, isa),
    memory: parts.memory,
    // The host's interrupt files come after the hypervisor, which sends messages to them.
    components: { clock, ...machine.components, ...components, ...byHart(harts), machine },
    instructions: () => clock.instructions,
    checkMoment: () => checkCalls(machine.calls),
    noticeStores: () => harts.forEach((hart) => hart.noticeStores()),
  });
  return machine;
}

/** What the processors under the hypervisor have for their guests' external interrupts. */
function hostInterrupts(config: LaunchConfig, hart: (id: number) => Hart | undefined) {
  const mmio = new MmioMap();
  const guests = config.aia?.guests ?? 0;
  if (guests === 0) return { mmio, external: [], components: {} };
  const unused: InterruptLine = { set: () => {} };
  const lines = Array.from({ length: config.harts }, (_, id) => ({
    meip: unused,
    seip: unused,
    guestExternal: (file: number): InterruptLine => ({
      set: (level) => hart(id)?.setGuestExternal(file, level),
    }),
  }));
  const files = interruptFiles(lines, guests);
  for (const { base, size, device } of files.regions) mmio.add(base, size, device);
  return { mmio, external: files.external, components: files.components };
}

function countersOf({ translator, harts }: RiscvMachineParts): Machine['engineCounters'] {
  return (
    translator &&
    (() => {
      const work = noWork();
      for (const hart of harts) {
        for (const name of Object.keys(work) as (keyof HartWork)[]) work[name] += hart.work[name];
      }
      return { ...translator.counters, ...translator.traffic(harts.length), ...work };
    })
  );
}

function environment(
  config: LaunchConfig,
  xlen: 32 | 64,
  clock: VirtualClock,
  console: ConsoleChannel,
): Omit<VirtEnvironment, 'harts' | 'finish' | 'isa' | 'mmuType'> {
  const { mode, memory, aia } = config;
  const shared = { mode, xlen, memory, time: clock, timebase: TIMEBASE, console };
  return { ...shared, ...(aia ? { aia } : {}) };
}

function endOf({ kind, code }: Finish): EndEvent {
  switch (kind) {
    case 'pass':
      return { reason: 'shutdown', code: 0, text: 'the guest switched the machine off' };
    case 'fail':
      return { reason: 'failure', code, text: `the guest reported failure ${code}` };
    case 'reset':
      return { reason: 'reset', code: 0, text: 'the guest reset the machine' };
  }
}

/** Tests report through a word that their program names `tohost`. */
function toHostAddress(config: LaunchConfig, files: LaunchFiles): number | undefined {
  const bytes = files.get(config.program);
  if (!bytes || !ElfFile.recognises(bytes)) return undefined;
  const elf = new ElfFile(bytes, config.program);
  const symbol = elf.symbols.find((s) => s.name === 'tohost');
  return symbol && Number(symbol.value);
}
