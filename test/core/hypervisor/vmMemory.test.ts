import assert from 'node:assert/strict';
import { VirtualClock } from '../../../src/core/base/virtualClock.ts';
import { dirtyPages } from '../../../src/core/hypervisor/dirtyLog.ts';
import type { Result } from '../../../src/core/hypervisor/errno.ts';
import { HypervisorSystem } from '../../../src/core/hypervisor/system.ts';
import { RiscvHypervisor } from '../../../src/core/hypervisor/riscv/main.ts';
import type { VmOptions } from '../../../src/core/hypervisor/vm.ts';
import { MmioMap } from '../../../src/core/memory/mmioMap.ts';
import { PhysicalMemory } from '../../../src/core/memory/physicalMemory.ts';
import { FakeHart } from './riscv/fakeHart.ts';
import { walk } from './riscv/walk.ts';

const page = 4096;
const MiB = 1 << 20;
const tables = { base: 0x8000_0000, size: MiB };
const host = 0x8020_0000;
const rom = 0x9000_0000;
const gpa = 0x4000_0000;

/** 6 MiB of RAM and 64 KiB of ROM that a guest may be given. */
function make(options: VmOptions = {}) {
  const clock = new VirtualClock();
  const hart = new FakeHart(0, clock);
  const memory = new PhysicalMemory(new ArrayBuffer(9 * MiB), new MmioMap());
  memory.addRam({ name: 'ram', base: tables.base, size: 8 * MiB, offset: 0, writable: true });
  memory.addRam({ name: 'rom', base: rom, size: 0x10000, offset: 8 * MiB, writable: false });
  const arch = new RiscvHypervisor({ harts: [hart], memory, clock, tables });
  const system = new HypervisorSystem(memory, arch);
  const made = system.createVm(options);
  assert(made.ok);
  const vm = made.value;
  const vcpu = vm.createVcpu(0);
  assert(vcpu.ok);
  const region = (rest: object = {}) => ({
    slot: 0,
    flags: 0,
    guestPhysAddr: gpa,
    memorySize: 4 * MiB,
    userspaceAddr: host,
    name: 'ram',
    ...rest,
  });
  const set = (rest: object = {}) => errno(vm.setUserMemoryRegion(region(rest)));
  const touch = (kind: 21 | 23, address: number) => {
    hart.script.push((h) => h.trap(kind, { gpa: BigInt(address) }));
    return vcpu.value.run(1).exit.kind;
  };
  const leaf = (address: number) => {
    const found = walk(memory, hart.getCsr(0x680), BigInt(address));
    return found && [found.address, found.size, (found.flags & 4n) !== 0n ? 'rwx' : 'rx'];
  };
  return { system, vm, hart, set, touch, leaf };
}

function errno<T>(result: Result<T>): string {
  return result.ok ? 'ok' : result.errno;
}

/** __kvm_set_memory_region, in the order in which it finds fault. */
describe('slots of a VM', () => {
  it('a wrong request is wrong before it is looked at where the memory is', () => {
    const { set } = make();
    assert.equal(set({ guestPhysAddr: 1, userspaceAddr: 0x1000 }), 'EINVAL');
    assert.equal(set({ userspaceAddr: 0x1000 }), 'EFAULT');
    assert.equal(set({ memorySize: 2 ** 43 }), 'EINVAL');
    assert.equal(set(), 'ok');
    assert.equal(set({ slot: 1, guestPhysAddr: gpa + MiB, userspaceAddr: 0x1000 }), 'EEXIST');
    assert.equal(set({ memorySize: MiB, guestPhysAddr: 2 ** 41 }), 'EINVAL', 'a resize');
    assert.equal(set({ guestPhysAddr: 2 ** 41 }), 'EFAULT');
  });

  it('a failed change leaves everything as it was', () => {
    const { set, touch, leaf, vm } = make();
    set();
    touch(23, gpa);
    assert.equal(set({ guestPhysAddr: 2 ** 41 }), 'EFAULT');
    assert.equal(vm.slots.get(0)?.guestPhysAddr, gpa);
    assert.deepEqual(leaf(gpa), [host, 2 * MiB, 'rwx']);
  });

  it('host memory that is not writable serves READONLY slots only', () => {
    const { set, touch, leaf } = make();
    const region = { slot: 1, guestPhysAddr: 0x1000_0000, memorySize: 0x10000, userspaceAddr: rom };
    assert.equal(set(region), 'EPERM');
    assert.equal(set({ ...region, flags: 2 }), 'ok');
    assert.equal(touch(21, 0x1000_0000), 'intr');
    assert.deepEqual(leaf(0x1000_0000), [rom, page, 'rx']);
  });

  it('a move takes the translations along, and a log stays with the slot', () => {
    const { set, touch, leaf, vm, hart } = make();
    set({ flags: 1 });
    touch(23, gpa + page);
    const { gvma } = hart.fences;
    assert.equal(set({ flags: 1, guestPhysAddr: gpa + 16 * MiB }), 'ok');
    assert(hart.fences.gvma > gvma);
    assert.equal(leaf(gpa + page), undefined);
    touch(23, gpa + 16 * MiB + 2 * page);
    assert.deepEqual(leaf(gpa + 16 * MiB + 2 * page), [host + 2 * page, page, 'rwx']);
    const log = vm.getDirtyLog(0);
    assert.deepEqual(log.ok && dirtyPages(log.value), [1, 2]);
  });

  it('fences when pages are protected, split and merged, and not when nothing changed', () => {
    const { set, touch, hart, vm } = make();
    set();
    touch(23, gpa);
    const fences = (act: () => void): number => {
      const before = hart.fences.gvma;
      act();
      return hart.fences.gvma - before;
    };
    assert.equal(
      fences(() => set({ flags: 1 })),
      1,
    );
    assert.equal(
      fences(() => touch(23, gpa)),
      1,
    );
    assert.equal(
      fences(() => vm.getDirtyLog(0)),
      1,
    );
    assert.equal(
      fences(() => vm.getDirtyLog(0)),
      0,
    );
    assert.equal(
      fences(() => set({ flags: 1 })),
      0,
    );
    assert.equal(
      fences(() => set()),
      1,
    );
    assert.equal(
      fences(() => vm.ageGfn(gpa / page)),
      1,
    );
    assert.equal(
      fences(() => vm.ageGfn(gpa / page)),
      0,
    );
    assert.deepEqual(vm.mmuCounters, { faults: 2, splits: 1, merges: 1, writeProtections: 2 });
  });

  it('a slot that goes takes translations and log with it', () => {
    const { set, touch, leaf, vm } = make();
    set({ flags: 1 });
    touch(23, gpa);
    assert.equal(set({ memorySize: 0 }), 'ok');
    assert.equal(leaf(gpa), undefined);
    assert.equal(errno(vm.getDirtyLog(0)), 'ENOENT');
    set({ flags: 1 });
    const log = vm.getDirtyLog(0);
    assert.deepEqual(log.ok && dirtyPages(log.value), [], 'a new log begins empty');
  });

  it('says no to logs that are not kept', () => {
    const { set, vm, system } = make();
    set();
    assert.equal(errno(vm.getDirtyLog(0)), 'ENOENT');
    assert.equal(errno(vm.getDirtyLog(1)), 'ENOENT');
    assert.equal(errno(vm.getDirtyLog(-1)), 'EINVAL');
    assert.equal(errno(vm.clearDirtyLog(0, 0, 64, new Uint8Array(8))), 'ENOENT');
    assert.equal(errno(vm.clearDirtyLog(40000, 0, 64, new Uint8Array(8))), 'EINVAL');
    assert.deepEqual(
      (['MANUAL_DIRTY_LOG_PROTECT2', 'IOEVENTFD', 'ONE_REG'] as const).map((c) =>
        system.checkExtension(c),
      ),
      [3, 1, 1],
    );
  });

  it('a READONLY slot with a log: stores stay the VMM’s, nothing is dirty', () => {
    const { set, touch, vm, leaf } = make();
    set({ flags: 3 });
    touch(21, gpa);
    assert.deepEqual(leaf(gpa), [host, 2 * MiB, 'rx']);
    const log = vm.getDirtyLog(0);
    assert.deepEqual(log.ok && dirtyPages(log.value), []);
  });
});

describe('KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2', () => {
  it('reading clears and protects nothing; clearing does both', () => {
    const { set, touch, leaf, vm } = make({ manualDirtyLogProtect: 'enabled' });
    set({ flags: 1 });
    touch(23, gpa + 3 * page);
    for (let i = 0; i < 2; i++) {
      const log = vm.getDirtyLog(0);
      assert.deepEqual(log.ok && dirtyPages(log.value), [3]);
    }
    assert.deepEqual(leaf(gpa + 3 * page)?.[2], 'rwx');
    assert(vm.clearDirtyLog(0, 0, 64, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0)).ok);
    assert.deepEqual(leaf(gpa + 3 * page)?.[2], 'rx');
  });

  it('initially set: all is dirty, and large pages stay writable until they are cleared', () => {
    const { set, touch, leaf, vm } = make({ manualDirtyLogProtect: 'initiallySet' });
    set();
    touch(23, gpa);
    touch(23, gpa + 2 * MiB);
    set({ flags: 1 });
    assert.deepEqual(leaf(gpa), [host, 2 * MiB, 'rwx']);
    const log = vm.getDirtyLog(0);
    assert.equal(log.ok && dirtyPages(log.value).length, 1024);
    assert(vm.clearDirtyLog(0, 0, 64, new Uint8Array(8).fill(0xff)).ok);
    assert.deepEqual(leaf(gpa), [host, 2 * MiB, 'rx']);
    assert.deepEqual(leaf(gpa + 2 * MiB), [host + 2 * MiB, 2 * MiB, 'rwx']);
    touch(23, gpa + page);
    assert.deepEqual(leaf(gpa + page), [host + page, page, 'rwx']);
    const rest = vm.getDirtyLog(0);
    assert(rest.ok);
    assert.deepEqual(dirtyPages(rest.value).slice(0, 3), [1, 64, 65]);
  });
});
