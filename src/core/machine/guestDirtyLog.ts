/**
 * The dirty log of a guest as its user has it: one switch for all memory that the guest may write,
 * and the pages that were written since it was last cleared.
 */
import { assert } from '../base/assert.ts';
import type { DirtyLogAction, DirtyLogState } from '../debug/target.ts';
import { dirtyPages } from '../hypervisor/dirtyLog.ts';
import {
  memLogDirtyPages,
  memReadonly,
  pageSize,
  type MemoryRegion,
} from '../hypervisor/memorySlots.ts';
import type { Vm } from '../hypervisor/vm.ts';

export function dirtyLog(vm: Vm, action: DirtyLogAction): DirtyLogState {
  switch (action) {
    case 'start':
      setLogging(vm, true);
      break;
    case 'stop':
      setLogging(vm, false);
      break;
    case 'clear':
      for (const { slot } of logged(vm)) vm.getDirtyLog(slot);
      break;
    case 'show':
      break;
  }
  return stateOf(vm);
}

function setLogging(vm: Vm, on: boolean): void {
  for (const region of vm.slots.all) {
    if ((region.flags & memReadonly) !== 0) continue;
    const flags = on ? region.flags | memLogDirtyPages : region.flags & ~memLogDirtyPages;
    const changed = vm.setUserMemoryRegion({ ...region, flags });
    assert(changed.ok, `the flags of memory '${region.name}'`);
  }
}

function logged(vm: Vm): readonly MemoryRegion[] {
  return vm.slots.all.filter(({ flags }) => (flags & memLogDirtyPages) !== 0);
}

function stateOf(vm: Vm): DirtyLogState {
  const regions = logged(vm);
  const ranges: { address: bigint; size: bigint }[] = [];
  let pages = 0;
  for (const { slot, guestPhysAddr } of regions) {
    const log = vm.peekDirtyLog(slot);
    if (!log.ok) continue;
    for (const page of dirtyPages(log.value)) {
      pages++;
      const address = BigInt(guestPhysAddr + page * pageSize);
      const last = ranges.at(-1);
      if (last && last.address + last.size === address) last.size += BigInt(pageSize);
      else ranges.push({ address, size: BigInt(pageSize) });
    }
  }
  return { logging: regions.length > 0, pages, ranges };
}
