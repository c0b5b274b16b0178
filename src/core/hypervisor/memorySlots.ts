/**
 * KVM's memory slots: which guest-physical ranges are backed by which host memory. The rules are
 * those of KVM_SET_USER_MEMORY_REGION (Linux virt/kvm/kvm_main.c, __kvm_set_memory_region).
 * Nothing here knows of page tables; the architecture is told of changes by the VM.
 */
import { fields, text, whole } from '../base/persist.ts';
import { failure, success, type Result } from './errno.ts';

export const pageSize = 4096;
/** KVM_MEM_LOG_DIRTY_PAGES. */
export const memLogDirtyPages = 1;
/** KVM_MEM_READONLY. */
export const memReadonly = 2;
/** KVM_USER_MEM_SLOTS. */
export const maxSlots = 32764;
/** KVM_MEM_MAX_NR_PAGES. */
const maxPages = 2 ** 31 - 1;

export interface MemoryRegion {
  readonly slot: number;
  readonly flags: number;
  readonly guestPhysAddr: number;
  /** Bytes; 0 deletes the slot. */
  readonly memorySize: number;
  /** Where the memory is: an address in the host's physical memory, the VMM having no other. */
  readonly userspaceAddr: number;
  /** For people: `ram`, `rom`. */
  readonly name: string;
}

export const regionShape = fields({
  ...{ slot: whole, flags: whole, name: text },
  ...{ guestPhysAddr: whole, memorySize: whole, userspaceAddr: whole },
});

export interface HostPiece {
  readonly address: number;
  readonly size: number;
}

export interface SlotChange {
  /** KVM_MR_*; `none` when everything is as it was. */
  readonly kind: 'create' | 'delete' | 'move' | 'flags' | 'none';
  readonly old: MemoryRegion | undefined;
  /** Undefined when the slot is deleted. */
  readonly region: MemoryRegion | undefined;
  /** What is no longer there. */
  readonly removed: MemoryRegion | undefined;
}

export class MemorySlots {
  private readonly gpaLimit: number;
  private regions: MemoryRegion[] = [];

  constructor(gpaBits: number) {
    this.gpaLimit = 2 ** gpaBits;
  }

  get all(): readonly MemoryRegion[] {
    return this.regions;
  }

  set(region: MemoryRegion): Result<SlotChange> {
    const change = this.check(region);
    if (change.ok) this.commit(change.value);
    return change;
  }

  /** What `commit` would do; nothing is done yet. The order of checks is KVM's. */
  check(region: MemoryRegion): Result<SlotChange> {
    if (!wellFormed(region)) return failure('EINVAL');
    const old = this.get(region.slot);
    if (region.memorySize === 0) {
      if (!old) return failure('EINVAL');
      return success({ kind: 'delete', old, region: undefined, removed: old });
    }
    if (old && !mayReplace(old, region)) return failure('EINVAL');
    const kind = kindOf(old, region);
    if (kind === 'none') return success({ kind, old, region, removed: undefined });
    if (this.regions.some((r) => r !== old && overlap(r, region))) return failure('EEXIST');
    if (region.guestPhysAddr + region.memorySize > this.gpaLimit) return failure('EFAULT');
    return success({ kind, old, region, removed: kind === 'move' ? old : undefined });
  }

  /** Those of a saved state, which were legal when they were set. */
  replace(regions: readonly MemoryRegion[]): void {
    this.regions = [...regions];
  }

  commit({ old, region }: SlotChange): void {
    this.regions = this.regions.filter((r) => r !== old);
    if (!region) return;
    this.regions.push(region);
    this.regions.sort((a, b) => a.guestPhysAddr - b.guestPhysAddr);
  }

  /** By the slot's number. */
  get(slot: number): MemoryRegion | undefined {
    return this.regions.find((r) => r.slot === slot);
  }

  find(address: number): MemoryRegion | undefined {
    for (const r of this.regions) {
      if (address >= r.guestPhysAddr && address < r.guestPhysAddr + r.memorySize) return r;
    }
    return undefined;
  }

  /** Host address behind a guest-physical one. */
  hostAddress(address: number): number | undefined {
    const r = this.find(address);
    return r && r.userspaceAddr + (address - r.guestPhysAddr);
  }

  /**
   * Host memory behind all of [address, address + size), which may span adjoining slots;
   * undefined when a byte of it has none, or none that may be accessed so.
   */
  pieces(address: number, size: number, access: 'read' | 'write'): HostPiece[] | undefined {
    const pieces: HostPiece[] = [];
    let at = address;
    let left = size;
    while (left > 0) {
      const r = this.find(at);
      if (!r || (access === 'write' && (r.flags & memReadonly) !== 0)) return undefined;
      const count = Math.min(left, r.guestPhysAddr + r.memorySize - at);
      pieces.push({ address: r.userspaceAddr + (at - r.guestPhysAddr), size: count });
      at += count;
      left -= count;
    }
    return pieces;
  }
}

function wellFormed(r: MemoryRegion): boolean {
  const numbers = [r.guestPhysAddr, r.memorySize, r.userspaceAddr];
  if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0 && n % pageSize === 0)) return false;
  if (!Number.isInteger(r.slot) || r.slot < 0 || r.slot >= maxSlots) return false;
  if ((r.flags & ~(memReadonly | memLogDirtyPages)) !== 0) return false;
  if (r.memorySize / pageSize > maxPages) return false;
  return Number.isSafeInteger(r.guestPhysAddr + r.memorySize);
}

function kindOf(old: MemoryRegion | undefined, region: MemoryRegion): SlotChange['kind'] {
  if (!old) return 'create';
  if (old.guestPhysAddr !== region.guestPhysAddr) return 'move';
  return old.flags === region.flags ? 'none' : 'flags';
}

/** A slot may move and log or not; size, backing and READONLY are fixed until it is deleted. */
function mayReplace(old: MemoryRegion, region: MemoryRegion): boolean {
  return (
    old.memorySize === region.memorySize &&
    old.userspaceAddr === region.userspaceAddr &&
    (old.flags & memReadonly) === (region.flags & memReadonly)
  );
}

function overlap(a: MemoryRegion, b: MemoryRegion): boolean {
  return (
    a.guestPhysAddr < b.guestPhysAddr + b.memorySize &&
    b.guestPhysAddr < a.guestPhysAddr + a.memorySize
  );
}
