/**
 * The VMM: a machine that is a guest of the hypervisor, as kvmtool is for KVM. It owns the slots,
 * the devices, the consoles and the order in which vCPUs run; the hypervisor owns what happens
 * inside a vCPU. It knows no instruction set and no firmware interface: the architecture and the
 * call handlers come from outside.
 *
 * vCPUs run in turn for a fixed number of instructions, so the same inputs give the same run,
 * however `run` is cut into budgets.
 */
import type { ConsoleChannel } from '../base/console.ts';
import { defined, unreachable } from '../base/assert.ts';
import { Emitter } from '../base/emitter.ts';
import { largeCount } from '../base/largeCount.ts';
import { fields, mustFit, optional, text, whole, within, type Persist } from '../base/persist.ts';
import { UserError } from '../base/userError.ts';
import type { VirtualClock } from '../base/virtualClock.ts';
import type {
  DirtyLogAction,
  DirtyLogState,
  EndEvent,
  ExitRecord,
  ExitStop,
} from '../debug/target.ts';
import type { HypervisorArch } from '../hypervisor/arch.ts';
import type { RegisterHandler } from '../hypervisor/callHandler.ts';
import type { Result } from '../hypervisor/errno.ts';
import type { MmioExit, ObservedExit, VcpuExit } from '../hypervisor/exits.ts';
import { memReadonly } from '../hypervisor/memorySlots.ts';
import { HypervisorSystem } from '../hypervisor/system.ts';
import type { Vcpu } from '../hypervisor/vcpu.ts';
import type { Vm } from '../hypervisor/vm.ts';
import type { Cpu } from '../isa/cpu.ts';
import type { Isa } from '../isa/isa.ts';
import type { PhysicalMemory } from '../memory/physicalMemory.ts';
import { CallDesk, type CallDeskState } from './callDesk.ts';
import { DeviceDeadlines } from './deviceDeadlines.ts';
import { exitStop, failureStop, trapStop } from './exitStops.ts';
import { dirtyLog } from './guestDirtyLog.ts';
import { GuestExits } from './guestExits.ts';
import type { GuestDevices, GuestImage, GuestMachineOptions, GuestMemory } from './guestParts.ts';
import type { Machine, MachineStop } from './machine.ts';
import { endShape } from './machineSnapshots.ts';
import { TrapLoop } from './trapLoop.ts';

/** Instructions a vCPU runs before the next one has its turn. */
const quantumOfMany = 20_000;
/** Nobody waits for its turn: only so long that V8 has new code for what runs soon run it. */
const quantumOfOne = 2_000_000;

/** Whose turn it is, at which call the machine stands, and what has become of it. */
export interface GuestMachineState {
  readonly current: number;
  readonly quantumLeft: number;
  readonly steps: number;
  readonly trapsInRow: number;
  readonly ending: EndEvent | undefined;
  readonly wantedStop: MachineStop | undefined;
  readonly calls: CallDeskState;
}

export class GuestMachine implements Machine, Persist<GuestMachineState> {
  readonly mode = 'guest';
  readonly isa: Isa;
  readonly board: string;
  readonly memory: PhysicalMemory;
  readonly harts: readonly Cpu[];
  readonly consoles: readonly ConsoleChannel[];
  readonly entry: bigint;
  readonly log = new Emitter<string>();
  skipLimit: number | undefined;
  engineCounters: Machine['engineCounters'];
  snapshots: Machine['snapshots'];
  exitStops: readonly ExitStop[] = [];
  /** As a bare machine's. */
  notes: readonly string[] = [];
  steps = largeCount;
  replaying = false;
  readonly vm: Vm;
  readonly calls: CallDesk;
  private readonly arch: HypervisorArch;
  private readonly vcpus: readonly Vcpu[];
  private readonly devices: GuestDevices;
  private readonly deadlines: DeviceDeadlines;
  private readonly registerHandlers: readonly RegisterHandler[];
  private readonly clock: VirtualClock;
  private readonly quantum: number;
  private readonly exits = new GuestExits();
  /** Lines that are worth saying once only. */
  private readonly said = new Set<string>();
  private readonly trapLoop: TrapLoop;
  private current = 0;
  private quantumLeft: number;
  private ending: EndEvent | undefined;
  /** The exit at hand is one to stop after. */
  private wantedStop: MachineStop | undefined;

  constructor(options: GuestMachineOptions) {
    this.steps = 0;
    this.isa = options.isa;
    this.board = options.board;
    this.memory = options.memory;
    this.entry = options.entry;
    this.clock = options.clock;
    this.calls = new CallDesk({
      vm: () => this.vm,
      names: options.arch.callNames,
      handlers: options.callHandlers,
      clock: options.clock,
      stops: () => this.exitStops,
      sayOnce: (key, line) => this.sayOnce(key, line),
    });
    this.arch = options.arch;
    this.registerHandlers = options.registerHandlers ?? [];
    this.quantum = options.quantum ?? (options.harts === 1 ? quantumOfOne : quantumOfMany);
    this.quantumLeft = this.quantum;
    this.trapLoop = new TrapLoop(options.harts, options.quantum ?? quantumOfMany);

    const system = new HypervisorSystem(options.memory, options.arch);
    this.vm = must(
      system.createVm({
        gpaBits: gpaBitsFor(options.guestMemory, options.arch),
        calls: options.calls,
        kvmQuirks: options.kvmQuirks ?? false,
        answers: (extension) => this.calls.answers(extension),
        observe: (exit) => this.observe(exit),
        log: (line) => this.log.fire(line),
      }),
      'creating the virtual machine',
    );
    this.vcpus = Array.from({ length: options.harts }, (_, id) =>
      must(this.vm.createVcpu(id), `creating vCPU ${id}`),
    );
    this.harts = this.vcpus.map((v) => v.cpu);
    this.addMemory(options.guestMemory);
    options.irqchip?.(this.vm);
    this.devices = options.devices({
      irqLine: (irq, level) => void this.vm.interrupts.irqLine(irq, level),
      externalInterrupts: this.vcpus.map((v) => ({ set: (level) => v.setInterrupt(level) })),
      end: (event) => (this.ending ??= event),
    });
    this.deadlines = new DeviceDeadlines(this.clock, this.devices.timed, this.devices.mmio);
    this.consoles = [...options.callConsoles, ...this.devices.consoles];
    for (const image of options.images) this.loadImage(image);
    // A debugger wants to read the program before its first instruction has run.
    for (const i of options.images) this.vm.preFaultMemory(i.address, i.bytes.length);
    this.vcpus[0]?.setBoot(options.entry, options.bootArgument);
  }

  /** What the VMM and the hypervisor have, by name, in the order in which it is restored. */
  get components(): Readonly<Record<string, Persist<unknown>>> {
    const { arch, vm, vcpus, consoles, devices } = this;
    return {
      ...Object.fromEntries(consoles.map((console) => [`${console.name} console`, console])),
      ...devices.components,
      ...{ hypervisor: arch, vm },
      ...Object.fromEntries(vcpus.map((vcpu) => [`vcpu${vcpu.id}`, vcpu])),
    };
  }

  save(): GuestMachineState {
    const { current, quantumLeft, steps, ending, wantedStop } = this;
    const turn = { current, quantumLeft, steps, trapsInRow: this.trapLoop.inRow };
    return { ...turn, ending, wantedStop, calls: this.calls.save() };
  }

  restore(state: GuestMachineState): void {
    const turn = { current: within(0, this.vcpus.length - 1), quantumLeft: whole, steps: whole };
    const ends = { ending: optional(endShape), wantedStop: optional(fields({ kind: text })) };
    mustFit('the machine', state, fields({ ...turn, ...ends, trapsInRow: whole }));
    this.calls.restore(state.calls);
    this.current = state.current;
    this.quantumLeft = state.quantumLeft;
    this.steps = state.steps;
    this.ending = state.ending;
    this.wantedStop = state.wantedStop;
    this.trapLoop.inRow = state.trapsInRow;
    this.deadlines.forget();
  }

  get instructions(): number {
    return this.clock.instructions;
  }

  get virtualMilliseconds(): number {
    return (Number(this.clock.ticks()) * 1000) / this.clock.timebase;
  }

  get timeUse(): VirtualClock {
    return this.clock;
  }

  get exitCounts(): Readonly<Record<string, number>> {
    return this.exits.counts;
  }

  exitsAfter(sequence: number, max: number, newest = false): readonly ExitRecord[] {
    return this.exits.after(sequence, max, newest);
  }

  set beforeExitsGo(listener: (() => void) | undefined) {
    this.exits.beforeLoss = listener;
  }

  dirtyLog(action: DirtyLogAction): DirtyLogState {
    return dirtyLog(this.vm, action);
  }

  run(budget: number, only?: number): MachineStop {
    for (const note of this.notes) this.log.fire(note);
    this.notes = [];
    this.deadlines.forget();
    const stop = this.runSlices(budget, only);
    for (const console of this.consoles) console.flush();
    return stop;
  }

  hartState(hart: number): 'running' | 'waiting' | 'stopped' {
    const vcpu = this.vcpu(hart);
    if (vcpu.mpState === 'stopped') return 'stopped';
    return vcpu.waiting ? 'waiting' : 'running';
  }

  guestToHost(address: bigint): number | undefined {
    return this.vm.slots.hostAddress(Number(address));
  }

  backingName(address: number): string {
    const slot = this.vm.slots.find(address);
    if (slot) return slot.name;
    return this.vm.ioBus.nameAt(address) ?? this.devices.mmio.find(address, 1)?.device.name ?? '';
  }

  private runSlices(budget: number, only: number | undefined): MachineStop {
    for (let left = budget; left > 0;) {
      if (this.ending) return { kind: 'ended', end: this.ending };
      const standing = this.calls.poll();
      if (standing) return standing;
      this.advanceTimers();
      const vcpu = this.nextVcpu(only);
      if (!vcpu) {
        if (this.vcpus.every((v) => v.mpState === 'stopped')) return this.allStopped();
        if (!this.skipToDeadline()) return { kind: 'idle' };
        if (this.skipLimit !== undefined) return { kind: 'budget' };
        // A device that never stops asking must not keep `run` from coming back.
        left--;
        continue;
      }
      const before = this.clock.instructions;
      const { exit, consumed } = vcpu.run(Math.min(left, this.sliceFor(vcpu)));
      left -= consumed;
      this.steps += consumed;
      const retired = this.clock.instructions - before;
      const stuck = this.replaying ? undefined : this.trapLoop.note(vcpu.cpu, retired, consumed);
      if (stuck !== undefined) return this.crash(vcpu.id, stuck);
      if (vcpu === this.vcpus[this.current]) this.quantumLeft -= consumed;
      const stop = this.handleExit(vcpu, exit);
      // A trap that was an exit as well is shown once.
      const trap = trapStop(vcpu.cpu, vcpu.id);
      this.wantedStop ??= trap;
      // The end can wait until the owner has seen the call that made it.
      const wanted = stop && stop.kind !== 'ended' ? undefined : this.takeWantedStop();
      const shown = wanted ?? stop;
      if (shown) return shown;
    }
    return this.ending ? { kind: 'ended', end: this.ending } : { kind: 'budget' };
  }

  /** The vCPU comes back when the exit is answered, before its next instruction. */
  private observe(exit: ObservedExit): void {
    // Exits that were seen stay in the list when the machine is put back.
    if (!this.replaying || !this.snapshots) this.exits.add(exit, this.clock.instructions);
    if (this.exitStops.length === 0) return;
    const stop = exitStop(this.exitStops, exit.vcpu, exit.kind, exit.text);
    if (!stop) return;
    this.wantedStop = stop;
    this.harts[exit.vcpu]?.requestAttention();
  }

  private takeWantedStop(): MachineStop | undefined {
    const { wantedStop } = this;
    this.wantedStop = undefined;
    return wantedStop;
  }

  /** Takes the VMM's side of an exit; a stop when the owner has to know. */
  private handleExit(vcpu: Vcpu, exit: VcpuExit): MachineStop | undefined {
    switch (exit.kind) {
      case 'intr':
      case 'halted':
        return undefined;
      case 'debug':
        return { kind: 'breakpoint', hart: vcpu.id };
      case 'mmio':
        this.accessDevice(vcpu, exit);
        return undefined;
      case 'call':
        return this.calls.take(vcpu, exit);
      case 'csr':
        // A register that nobody answers for reads as zero, as kvm_run's field does.
        this.registerHandlers.some((handler) => handler.handle(exit));
        return undefined;
      case 'systemEvent':
        this.ending = endOf(exit);
        return (
          failureStop(this.exitStops, vcpu.id, this.ending) ?? { kind: 'ended', end: this.ending }
        );
      case 'failEntry':
      case 'internalError':
        return this.crash(vcpu.id, exit.text);
      default:
        return unreachable(exit);
    }
  }

  /** The debugger may look at it first; whoever runs on has seen enough. */
  private crash(hart: number, text: string): MachineStop {
    this.ending = { reason: 'crash', code: 125, text };
    return { kind: 'event', hart, name: 'crash', text };
  }

  /** No input wakes a stopped vCPU; only another one could have started it. */
  private allStopped(): MachineStop {
    return this.crash(0, 'every hart of the guest has stopped itself; none is left to start one');
  }

  private accessDevice(vcpu: Vcpu, exit: MmioExit): void {
    const { mmio } = this.devices;
    if (exit.write) {
      if (mmio.write(exit.address, exit.size, exit.data)) return;
    } else {
      const value = mmio.read(exit.address, exit.size);
      if (value !== undefined) {
        exit.data = value;
        return;
      }
    }
    const access = exit.write ? 'store to' : 'load from';
    const page = exit.address - (exit.address % 4096);
    this.sayOnce(
      `mmio ${access} ${page}`,
      () =>
        `${access} 0x${exit.address.toString(16)} at pc 0x${vcpu.cpu.pc.toString(16)}: ` +
        `neither memory nor a device is there; loads give 0, stores do nothing`,
    );
  }

  /** The vCPU whose turn it is, or the next one that has something to run. */
  private nextVcpu(only: number | undefined): Vcpu | undefined {
    if (only !== undefined) {
      const vcpu = this.vcpu(only);
      if (!vcpu.runnable) return undefined;
      if (only !== this.current) this.turnTo(only);
      return vcpu;
    }
    const first = this.quantumLeft > 0 ? 0 : 1;
    for (let i = first; i < this.vcpus.length + first; i++) {
      const index = (this.current + i) % this.vcpus.length;
      const vcpu = this.vcpus[index];
      if (!vcpu?.runnable) continue;
      if (i > 0) this.turnTo(index);
      return vcpu;
    }
    return undefined;
  }

  /** What another hart stores, nobody's reservation outlives. */
  private turnTo(index: number): void {
    if (index !== this.current) this.harts[this.current]?.loseReservation();
    this.current = index;
    this.quantumLeft = this.quantum;
  }

  /** Instructions until somebody else's turn or the next thing that time brings. */
  private sliceFor(vcpu: Vcpu): number {
    const mine = vcpu === this.vcpus[this.current] && this.quantumLeft > 0;
    const turn = mine ? this.quantumLeft : this.quantum;
    let due = this.deadlines.next() - this.clock.instructions;
    // Those that run mind their timers themselves.
    for (const other of this.vcpus) {
      if (!other.waiting) continue;
      const deadline = other.nextDeadline();
      if (deadline !== undefined) due = Math.min(due, this.clock.instructionsUntil(deadline));
    }
    return Math.max(1, Math.min(turn, due));
  }

  private advanceTimers(): void {
    this.deadlines.advance();
    for (const vcpu of this.vcpus) vcpu.advanceTimer();
  }

  private skipToDeadline(): boolean {
    const deadline = this.nextDeadline();
    if (deadline === undefined) return false;
    this.clock.skipTo(deadline, this.skipLimit);
    return true;
  }

  private nextDeadline(): bigint | undefined {
    let next = this.deadlines.nextTick();
    for (const source of this.vcpus) {
      const deadline = source.nextDeadline();
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
    }
    return next;
  }

  private addMemory(memories: readonly GuestMemory[]): void {
    memories.forEach((m, slot) => {
      const region = {
        slot,
        flags: m.readonly ? memReadonly : 0,
        guestPhysAddr: m.address,
        memorySize: m.size,
        userspaceAddr: m.hostAddress,
        name: m.name,
      };
      must(this.vm.setUserMemoryRegion(region), `giving the guest memory '${m.name}'`);
    });
  }

  /** Also into memory that the guest itself may only read. */
  private loadImage(image: GuestImage): void {
    const pieces = this.vm.slots.pieces(image.address, image.bytes.length, 'read');
    if (!pieces) {
      const end = image.address + image.bytes.length;
      throw new UserError(
        `${image.name}: 0x${image.address.toString(16)}..0x${end.toString(16)} is not all guest memory`,
        image.name,
      );
    }
    let at = 0;
    for (const piece of pieces) {
      this.memory.load(piece.address, image.bytes.subarray(at, at + piece.size));
      at += piece.size;
    }
  }

  private sayOnce(key: string, line: () => string): void {
    if (this.said.has(key)) return;
    this.said.add(key);
    this.log.fire(line());
  }

  private vcpu(hart: number): Vcpu {
    return defined(this.vcpus[hart], `hart ${hart}`);
  }
}

/** Exit codes as the command line gives them. */
function endOf(exit: VcpuExit & { kind: 'systemEvent' }): EndEvent {
  const failed = exit.reason !== 0 || exit.type === 'crash';
  const code = failed ? 1 : 0;
  if (failed && exit.type === 'shutdown') return { reason: 'failure', code, text: exit.text };
  return { reason: exit.type, code, text: exit.text };
}

/** The architecture's usual width where it suffices, so that its usual table format is used. */
function gpaBitsFor(memories: readonly GuestMemory[], arch: HypervisorArch): number {
  const end = Math.max(0, ...memories.map((m) => m.address + m.size));
  const bits = Math.max(arch.gpaBits.default, Math.ceil(Math.log2(end)));
  if (bits <= arch.gpaBits.max) return bits;
  throw new UserError(
    `memory: a guest's addresses have at most ${arch.gpaBits.max} bits, this needs ${bits}`,
    'memory',
  );
}

/** The VMM asks only for what it has checked or can name the setting of. */
function must<T>(result: Result<T>, doing: string): T {
  if (result.ok) return result.value;
  throw new UserError(`${doing} failed: ${result.errno}`, 'memory');
}
