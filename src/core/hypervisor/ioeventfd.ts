/**
 * ioeventfd: a store of the guest that only says "look here" is turned into a signal, and the
 * guest runs on without an exit to the VMM (Linux virt/kvm/eventfd.c, KVM_IOEVENTFD). Loads are
 * never taken. There is no port I/O, the only bus is memory.
 */
import { failure, success, type Result } from './errno.ts';

/** What is signalled; the same object is named again to take the assignment back. */
export interface EventFd {
  signal(): void;
}

export interface IoEventFd {
  /** Guest-physical. */
  readonly address: number;
  /** Bytes of the store, or 0 for any. */
  readonly length: number;
  /** KVM_IOEVENTFD_FLAG_DATAMATCH: only a store of this value. */
  readonly datamatch?: bigint;
  readonly event: EventFd;
}

export class IoEventFds {
  private list: readonly IoEventFd[] = [];
  /** Stores that were taken. */
  signals = 0;

  assign(entry: IoEventFd): Result<void> {
    if (!wellFormed(entry)) return failure('EINVAL');
    if (this.list.some((other) => collide(other, entry))) return failure('EEXIST');
    this.list = [...this.list, entry];
    return success(undefined);
  }

  /** KVM_IOEVENTFD_FLAG_DEASSIGN; everything has to be as it was assigned. */
  deassign(entry: IoEventFd): Result<void> {
    if (!wellFormed(entry)) return failure('EINVAL');
    const found = this.list.find((other) => same(other, entry));
    if (!found) return failure('ENOENT');
    this.list = this.list.filter((other) => other !== found);
    return success(undefined);
  }

  /** True when the store was meant for one of them, which has been signalled. */
  store(address: number, size: number, value: bigint): boolean {
    const found = this.list.find(
      (e) =>
        e.address === address &&
        (e.length === 0 ||
          (e.length === size && (e.datamatch === undefined || e.datamatch === value))),
    );
    if (!found) return false;
    this.signals++;
    found.event.signal();
    return true;
  }
}

function wellFormed({ address, length, datamatch }: IoEventFd): boolean {
  if (![0, 1, 2, 4, 8].includes(length)) return false;
  // A store of any length has no value to compare with.
  if (length === 0 && datamatch !== undefined) return false;
  return Number.isSafeInteger(address) && address >= 0 && Number.isSafeInteger(address + length);
}

/** Whether one store could be meant for both. */
function collide(a: IoEventFd, b: IoEventFd): boolean {
  if (a.address !== b.address) return false;
  if (a.length === 0 || b.length === 0) return true;
  if (a.length !== b.length) return false;
  return a.datamatch === undefined || b.datamatch === undefined || a.datamatch === b.datamatch;
}

function same(a: IoEventFd, b: IoEventFd): boolean {
  return (
    a.event === b.event &&
    a.address === b.address &&
    a.length === b.length &&
    a.datamatch === b.datamatch
  );
}
