/**
 * The counters of one vCPU (Linux arch/riscv/kvm/vcpu_pmu.c; SBI 3.0, "Performance Monitoring Unit
 * Extension"): two that the hart has, and firmware counters that count what the hypervisor does.
 * Not here: the SBI functions on them (vcpuSbiPmu).
 *
 * Counter 0 is `cycle` and 2 is `instret`, so that a counter's index is its CSR's distance from
 * `cycle`, as guests expect; 1 would be `time`, which is no counter. A hardware counter that no
 * event is mapped to shows the hart's own count. Mode filters are hints and are not followed.
 */
import {
  big,
  fields,
  flag,
  list,
  mustFit,
  optional,
  text,
  whole,
  type Persist,
} from '../../base/persist.ts';
import { csr } from './csrs.ts';
import { eventType, firmwareEvent, hardwareEvent, type FirmwareEvent } from './sbiPmuEvents.ts';
import type { OnHart } from './vcpuSwitch.ts';

/** KVM has as many (RISCV_KVM_MAX_FW_CTRS). */
const firmwareCounters = 32;
const firstFirmware = 3;
export const counterCount = firstFirmware + firmwareCounters;

const cycleCounter = 0;
const instretCounter = 2;

export interface Counter {
  readonly kind: 'hardware' | 'firmware';
  /** The CSR that the guest reads a hardware counter with. */
  readonly csr: number;
  /** The event that it is configured for; it stays taken until a stop with RESET. */
  event: number | undefined;
  started: boolean;
  /** Firmware counters: what is counted. */
  firmware: FirmwareEvent | undefined;
  /** The value when stopped; while started, a hardware counter adds what the hart has counted since. */
  value: bigint;
  since: bigint;
}

export interface VcpuPmuState {
  readonly snapshot: number | undefined;
  /** By index; nothing at that of `time`. */
  readonly counters: readonly (Counter | undefined)[];
}

const counterShape = fields({
  ...{ event: optional(whole), started: flag, firmware: optional(text), value: big, since: big },
});
const shape = fields({
  snapshot: optional(whole),
  counters: list(optional(counterShape), counterCount),
});

export class VcpuPmu implements Persist<VcpuPmuState> {
  /** Guest-physical address of the snapshot page, once the guest has named one. */
  snapshot: number | undefined;
  private readonly vcpu: OnHart;
  private counters: (Counter | undefined)[] = [];
  /** Firmware counters that are started, of which there are mostly none. */
  private active: Counter[] = [];

  constructor(vcpu: OnHart) {
    this.vcpu = vcpu;
    this.reset();
  }

  reset(): void {
    this.snapshot = undefined;
    this.active = [];
    this.counters = Array.from({ length: counterCount }, (_, index) => {
      if (index >= firstFirmware) return newCounter('firmware', 0);
      return index === 1 ? undefined : newCounter('hardware', csr.cycle + index);
    });
  }

  save(): VcpuPmuState {
    const counters = this.counters.map((counter) => counter && { ...counter });
    return { snapshot: this.snapshot, counters };
  }

  restore(state: VcpuPmuState): void {
    mustFit("a vCPU's counters", state, shape);
    this.reset();
    this.snapshot = state.snapshot;
    this.counters.forEach((counter, index) => {
      const saved = state.counters[index];
      if (!counter || !saved) return;
      const { event, started, firmware, value, since } = saved;
      Object.assign(counter, { event, started, firmware, value, since });
    });
    this.findActive();
  }

  /** Undefined for an index that is no counter's. */
  counter(index: bigint): Counter | undefined {
    return index < BigInt(counterCount) ? this.counters[Number(index)] : undefined;
  }

  /** Something happened that a firmware counter may be counting. */
  count(event: FirmwareEvent): void {
    for (const counter of this.active) {
      if (counter.firmware === event) counter.value = BigInt.asUintN(64, counter.value + 1n);
    }
  }

  configure(counter: Counter, event: number, clear: boolean): void {
    const value = clear ? 0n : this.read(counter);
    counter.event = event;
    counter.firmware = firmwareEvent(event);
    this.write(counter, value);
  }

  start(counter: Counter): void {
    counter.since = this.hardwareCount(counter);
    counter.started = true;
    this.findActive();
  }

  stop(counter: Counter): void {
    counter.value = this.read(counter);
    counter.started = false;
    this.findActive();
  }

  /** Drops the event; the counter is free again. */
  release(counter: Counter): void {
    this.stop(counter);
    counter.event = undefined;
    counter.firmware = undefined;
  }

  read(counter: Counter): bigint {
    if (counter.kind === 'firmware' || !counter.started) return counter.value;
    return BigInt.asUintN(64, counter.value + this.hardwareCount(counter) - counter.since);
  }

  write(counter: Counter, value: bigint): void {
    counter.value = BigInt.asUintN(64, value);
    counter.since = this.hardwareCount(counter);
  }

  /** What the guest reads in `cycle` or `instret`. */
  readCsr(number: number): bigint {
    const counter = this.counters[number - csr.cycle];
    if (counter?.kind === 'hardware' && counter.event !== undefined) return this.read(counter);
    return this.vcpu.hart.getWideCsr(number === csr.cycle ? csr.mcycle : csr.minstret);
  }

  private hardwareCount(counter: Counter): bigint {
    if (counter.kind === 'firmware') return 0n;
    return this.vcpu.hart.getWideCsr(counter.csr === csr.cycle ? csr.mcycle : csr.minstret);
  }

  private findActive(): void {
    this.active = this.counters.filter(
      (c): c is Counter => c?.kind === 'firmware' && c.started && c.firmware !== undefined,
    );
  }
}

/** Whether the counter with this index can count the event. */
export function canCount(index: number, event: bigint, data: bigint): boolean {
  if (event >> 20n !== 0n || data !== 0n) return false;
  const number = Number(event);
  if (index >= firstFirmware) return firmwareEvent(number) !== undefined;
  if (number >> 16 !== eventType.hardware) return false;
  if (index === cycleCounter) return number === hardwareEvent.CPU_CYCLES;
  return index === instretCounter && number === hardwareEvent.INSTRUCTIONS;
}

/** Whether any counter can. `event_data` of general and cache events is not looked at here. */
export function isCountable(event: bigint, data: bigint): boolean {
  const used = Number(event >> 16n) === eventType.firmware ? data : 0n;
  return [cycleCounter, instretCounter, firstFirmware].some((i) => canCount(i, event, used));
}

function newCounter(kind: 'hardware' | 'firmware', number: number): Counter {
  return {
    kind,
    csr: number,
    event: undefined,
    started: false,
    firmware: undefined,
    value: 0n,
    since: 0n,
  };
}
