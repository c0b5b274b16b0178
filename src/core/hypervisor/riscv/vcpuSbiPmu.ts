/**
 * Performance monitoring unit (SBI 3.0, "Performance Monitoring Unit Extension"; Linux
 * arch/riscv/kvm/vcpu_sbi_pmu.c): the functions on a vCPU's counters (vcpuPmu).
 *
 * Where the specification leaves room: a counter that is configured is not chosen for another event
 * until it is stopped with RESET, a counter is started only when it is configured, and of a set
 * with counters in the wrong state the others are started or stopped all the same (all as KVM).
 */
import { sbiError, sbiExtension } from './sbiNames.ts';
import { canCount, counterCount, isCountable, type Counter } from './vcpuPmu.ts';
import { returned, type SbiCall, type SbiOutcome, type SbiVcpu, xlenOnes } from './vcpuSbiCall.ts';
import { isNoMemory, sharedMemory } from './vcpuSbiShmem.ts';

export const configFlag = { SKIP_MATCH: 1n, CLEAR_VALUE: 2n, AUTO_START: 4n } as const;
/** Mode filters, bits 3 to 7, are allowed too. */
const configFlags = 0xffn;
export const startFlag = { SET_INIT_VALUE: 1n, INIT_SNAPSHOT: 2n } as const;
export const stopFlag = { RESET: 1n, TAKE_SNAPSHOT: 2n } as const;

const snapshotSize = 4096n;
/** Behind the bitmap of overflown counters. */
const snapshotValues = 8;
const entrySize = 16;
/** Entries of event_get_info that are copied at a time. */
const entriesAtOnce = 4096;

export const sbiPmu = { id: sbiExtension.pmu, handle };

function handle(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  switch (call.function) {
    case 0:
      return returned(sbiError.SUCCESS, BigInt(counterCount));
    case 1:
      return getInfo(vcpu, call);
    case 2:
      return configMatching(vcpu, call);
    case 3:
      return start(vcpu, call);
    case 4:
      return stop(vcpu, call);
    case 5:
      return firmwareRead(vcpu, call, (value) => value & xlenOnes(vcpu));
    case 6:
      return firmwareRead(vcpu, call, (value) => (vcpu.hart.xlen === 32 ? value >> 32n : 0n));
    case 7:
      return setSnapshot(vcpu, call);
    case 8:
      return eventInfo(vcpu, call);
    default:
      return returned(sbiError.NOT_SUPPORTED);
  }
}

function getInfo(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const counter = vcpu.pmu.counter(call.args[0]);
  if (!counter) return returned(sbiError.INVALID_PARAM);
  const width = 63n;
  const type = counter.kind === 'firmware' ? 1n << BigInt(vcpu.hart.xlen - 1) : 0n;
  return returned(sbiError.SUCCESS, type | (width << 12n) | BigInt(counter.csr));
}

function configMatching(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [base, mask, flags, event] = call.args;
  const data = vcpu.hart.xlen === 32 ? call.args[4] | (call.args[5] << 32n) : call.args[4];
  const set = counterSet(vcpu, base, mask);
  if (!set || (flags & ~configFlags) !== 0n) return returned(sbiError.INVALID_PARAM);
  const skip = (flags & configFlag.SKIP_MATCH) !== 0n;
  const candidates = skip ? set.slice(0, 1) : set.filter((m) => m.counter.event === undefined);
  const found = candidates.find((m) => canCount(m.index, event, data));
  if (!found) return returned(sbiError.NOT_SUPPORTED);
  vcpu.pmu.configure(found.counter, Number(event), (flags & configFlag.CLEAR_VALUE) !== 0n);
  if ((flags & configFlag.AUTO_START) !== 0n) vcpu.pmu.start(found.counter);
  return returned(sbiError.SUCCESS, BigInt(found.index));
}

function start(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [base, mask, flags] = call.args;
  const initial = vcpu.hart.xlen === 32 ? call.args[3] | (call.args[4] << 32n) : call.args[3];
  const set = counterSet(vcpu, base, mask);
  // The two flags exclude each other.
  if (!set || flags > startFlag.INIT_SNAPSHOT) return returned(sbiError.INVALID_PARAM);
  if (set.some((m) => m.counter.event === undefined)) return returned(sbiError.INVALID_PARAM);
  let values: DataView | undefined;
  if (flags === startFlag.INIT_SNAPSHOT) {
    const address = snapshotMemory(vcpu);
    const bytes = address === undefined ? undefined : vcpu.vm.readMemory(address, 4096);
    if (!bytes) return returned(sbiError.NO_SHMEM);
    values = viewOf(bytes);
  }
  let error: bigint = sbiError.SUCCESS;
  for (const { counter, bit } of set) {
    if (counter.started) {
      error = sbiError.ALREADY_STARTED;
      continue;
    }
    if (flags === startFlag.SET_INIT_VALUE) vcpu.pmu.write(counter, initial);
    if (values) vcpu.pmu.write(counter, values.getBigUint64(snapshotValues + bit * 8, true));
    vcpu.pmu.start(counter);
  }
  return returned(error);
}

function stop(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [base, mask, flags] = call.args;
  const set = counterSet(vcpu, base, mask);
  if (!set || flags > (stopFlag.RESET | stopFlag.TAKE_SNAPSHOT)) {
    return returned(sbiError.INVALID_PARAM);
  }
  const wanted = (flags & stopFlag.TAKE_SNAPSHOT) !== 0n;
  const snapshot = wanted ? snapshotMemory(vcpu) : undefined;
  if (wanted && snapshot === undefined) return returned(sbiError.NO_SHMEM);
  let error: bigint = sbiError.SUCCESS;
  const stopped = set.filter((m) => m.counter.started);
  if (stopped.length < set.length) error = sbiError.ALREADY_STOPPED;
  for (const { counter } of stopped) vcpu.pmu.stop(counter);
  if (snapshot !== undefined) writeSnapshot(vcpu, snapshot, stopped);
  if ((flags & stopFlag.RESET) !== 0n) set.forEach((m) => vcpu.pmu.release(m.counter));
  return returned(error);
}

function firmwareRead(vcpu: SbiVcpu, call: SbiCall, part: (value: bigint) => bigint): SbiOutcome {
  const counter = vcpu.pmu.counter(call.args[0]);
  if (counter?.kind !== 'firmware') return returned(sbiError.INVALID_PARAM);
  return returned(sbiError.SUCCESS, part(vcpu.pmu.read(counter)));
}

function setSnapshot(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [low, high, flags] = call.args;
  if (flags !== 0n) return returned(sbiError.INVALID_PARAM);
  if (isNoMemory(vcpu, low, high)) {
    vcpu.pmu.snapshot = undefined;
    return returned(sbiError.SUCCESS);
  }
  if (low % snapshotSize !== 0n) return returned(sbiError.INVALID_PARAM);
  const address = sharedMemory(vcpu, low, high, snapshotSize, 'write');
  if (address === undefined) return returned(sbiError.INVALID_ADDRESS);
  vcpu.pmu.snapshot = address;
  return returned(sbiError.SUCCESS);
}

/** All entries are looked at before one is written. */
function eventInfo(vcpu: SbiVcpu, call: SbiCall): SbiOutcome {
  const [low, high, count, flags] = call.args;
  if (flags !== 0n || low % BigInt(entrySize) !== 0n) return returned(sbiError.INVALID_PARAM);
  const address = sharedMemory(vcpu, low, high, count * BigInt(entrySize), 'write');
  if (address === undefined) return returned(sbiError.INVALID_ADDRESS);
  for (const write of [false, true]) {
    for (let done = 0; done < Number(count); done += entriesAtOnce) {
      const entries = Math.min(entriesAtOnce, Number(count) - done);
      const error = eventInfoOf(vcpu, address + done * entrySize, entries, write);
      if (error !== undefined) return returned(error);
    }
  }
  return returned(sbiError.SUCCESS);
}

function eventInfoOf(
  vcpu: SbiVcpu,
  address: number,
  count: number,
  write: boolean,
): bigint | undefined {
  const bytes = vcpu.vm.readMemory(address, count * entrySize);
  if (!bytes) return sbiError.INVALID_ADDRESS;
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; at += entrySize) {
    const event = view.getUint32(at, true);
    if (event >>> 20 !== 0) return sbiError.INVALID_PARAM;
    const output = isCountable(BigInt(event), view.getBigUint64(at + 8, true)) ? 1 : 0;
    view.setUint32(at + 4, output, true);
  }
  if (write) vcpu.vm.writeMemory(address, bytes);
  return undefined;
}

interface Member {
  readonly counter: Counter;
  readonly index: number;
  /** Its place relative to the base. */
  readonly bit: number;
}

/** The counters that base and mask name; undefined when one is none, or when there are none. */
function counterSet(vcpu: SbiVcpu, base: bigint, mask: bigint): readonly Member[] | undefined {
  if (mask === 0n) return undefined;
  const set: Member[] = [];
  for (let bit = 0; bit < vcpu.hart.xlen; bit++) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    const index = base + BigInt(bit);
    const counter = vcpu.pmu.counter(index);
    if (!counter) return undefined;
    set.push({ counter, index: Number(index), bit });
  }
  return set;
}

/** Where the snapshot goes, undefined when the guest named no memory or it is gone since. */
function snapshotMemory(vcpu: SbiVcpu): number | undefined {
  const { snapshot } = vcpu.pmu;
  if (snapshot === undefined) return undefined;
  return vcpu.vm.slots.pieces(snapshot, Number(snapshotSize), 'write') && snapshot;
}

/** Values of other counters stay as they are; without Sscofpmf no counter is known to overflow. */
function writeSnapshot(vcpu: SbiVcpu, address: number, members: readonly Member[]): void {
  writeWord(vcpu, address, 0n);
  for (const { counter, bit } of members) {
    writeWord(vcpu, address + snapshotValues + bit * 8, vcpu.pmu.read(counter));
  }
}

function writeWord(vcpu: SbiVcpu, address: number, value: bigint): void {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, value, true);
  vcpu.vm.writeMemory(address, bytes);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
