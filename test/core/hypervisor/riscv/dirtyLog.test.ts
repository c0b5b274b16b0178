import assert from 'node:assert/strict';
import { dirtyPages } from '../../../../src/core/hypervisor/dirtyLog.ts';
import type { MemoryRegion } from '../../../../src/core/hypervisor/memorySlots.ts';
import type { RiscvHart } from '../../../../src/core/isa/riscv/riscvHart.ts';
import { assemble, ram, ramSize, realGuest, type RealGuest } from './realGuest.ts';
import { walk } from './walk.ts';

const page = 4096;
const MiB2 = 1 << 21;
const command = ram + 0x10_0000;
const answer = ram + 0x20_0000;

/** What the guest does to an address. Stores leave something else than what was there. */
const access = { load: 0, double: 1, byte: 2, amo: 3, conditional: 4 } as const;
type Access = readonly [kind: keyof typeof access, address: number];

/**
 * Waits for the number of the round at `command`, then makes the accesses that are listed behind
 * it, and writes the number to `answer`.
 */
const program = `
  li s0, ${command}
  li s1, ${answer}
  li s2, 0
  round:
    addi s2, s2, 1
  1:
    ld t0, 0(s0)
    bne t0, s2, 1b
    ld t1, 8(s0)
    addi t2, s0, 16
  each:
    beqz t1, done
    ld t3, 0(t2)
    ld t4, 8(t2)
    addi t2, t2, 16
    addi t1, t1, -1
    slli t5, s2, 4
    addi t5, t5, 5
    beqz t4, do_load
    addi t4, t4, -1
    beqz t4, do_double
    addi t4, t4, -1
    beqz t4, do_byte
    addi t4, t4, -1
    beqz t4, do_amo
  do_conditional:
    lr.d t6, (t3)
    addi t6, t6, 1
    sc.d t5, t6, (t3)
    bnez t5, do_conditional
    j each
  do_load:
    ld t6, 0(t3)
    j each
  do_double:
    sd t5, 0(t3)
    j each
  do_byte:
    sb t5, 0(t3)
    j each
  do_amo:
    amoadd.w t6, t5, (t3)
    j each
  done:
    sd s2, 0(s1)
    j round
`;

class Guest {
  readonly guest: RealGuest = realGuest(assemble(program));
  readonly vm = this.guest.machine.vm;
  private round = 0;

  constructor() {
    // What is written to memory on the guest's behalf is the program; it has run nothing yet.
    this.host(command);
  }

  setFlags(flags: number): void {
    const region = this.vm.slots.get(0);
    assert(region);
    assert(this.vm.setUserMemoryRegion({ ...region, flags } satisfies MemoryRegion).ok);
  }

  /** Lets the guest make the accesses; the pages whose bytes are then others than before. */
  run(accesses: readonly Access[]): number[] {
    const { machine } = this.guest;
    const words = [BigInt(accesses.length)];
    for (const [kind, address] of accesses) words.push(BigInt(address), BigInt(access[kind]));
    words.forEach((w, i) => machine.memory.write64(this.host(command + 8 + i * 8), w));
    machine.memory.write64(this.host(command), BigInt(++this.round));
    const before = this.bytes().slice();
    for (let i = 0; this.guest.word(answer) !== BigInt(this.round); i++) {
      assert(i < 1000, 'the guest does not answer');
      assert.equal(machine.run(1000).kind, 'budget');
    }
    const after = this.bytes();
    const changed: number[] = [];
    for (let n = 0; n * page < ramSize; n++) {
      const at = n * page;
      const [x, y] = [before.subarray(at, at + page), after.subarray(at, at + page)];
      if (Buffer.compare(x, y) !== 0) changed.push(n);
    }
    return changed;
  }

  dirty(): number[] {
    const log = this.vm.getDirtyLog(0);
    assert(log.ok);
    return dirtyPages(log.value);
  }

  leaf(address: number) {
    const hart = this.guest.machine.harts[0] as RiscvHart;
    const found = walk(this.guest.machine.memory, hart.getCsr(0x680), BigInt(address));
    return found && { size: found.size, writable: (found.flags & 4n) !== 0n };
  }

  private bytes(): Uint8Array {
    const view = this.guest.machine.memory.view8(this.host(ram), ramSize);
    assert(view);
    return view;
  }

  private host(address: number): number {
    const host = this.vm.slots.hostAddress(address);
    assert(host !== undefined);
    return host;
  }
}

function pagesOf(...addresses: number[]): number[] {
  const pages = addresses.map((a) => Math.floor((a - ram) / page));
  return [...new Set(pages)].sort((a, b) => a - b);
}

const touchAll: readonly Access[] = Array.from({ length: ramSize / MiB2 }, (_, i) => [
  'byte',
  ram + i * MiB2 + 0x8_0000,
]);

/**
 * The bitmap against two oracles: the pages that the guest was told to write, and those whose bytes
 * changed. Loads are mixed in, which must not count.
 */
describe('dirty log of a real guest', () => {
  const at = (mib: number, offset: number) => ram + mib * 2 ** 20 + offset;
  const first: readonly Access[] = [
    ['load', at(4, 0x3000)],
    ['double', at(4, 0x4ff8)],
    ['byte', at(4, 0x7fff)],
    ['amo', at(5, 0x1234)],
    ['load', at(5, 0x2000)],
    ['conditional', at(6, 0)],
    ['byte', at(7, 0xf_ffff)],
    ['byte', at(8, 0)],
    ['double', at(4, 0x4000)],
    ['load', at(15, 0xf_fff8)],
    ['byte', at(15, 0xf_ffff)],
  ];
  const written = (accesses: readonly Access[]) =>
    pagesOf(answer, ...accesses.flatMap(([kind, a]) => (kind === 'load' ? [] : [a])));

  it('over 2 MiB pages: split by the first store, exact, before and after it is read', () => {
    const g = new Guest();
    g.run(touchAll);
    assert.deepEqual(g.leaf(at(4, 0)), { size: MiB2, writable: true });
    g.setFlags(1);
    assert.deepEqual(g.leaf(at(4, 0)), { size: MiB2, writable: false });
    const started = g.vm.mmuCounters;
    assert(started.writeProtections >= ramSize / MiB2);

    const changed = g.run(first);
    assert.deepEqual(changed, written(first));
    assert.deepEqual(g.dirty(), changed);
    assert.deepEqual(g.leaf(at(4, 0x4000)), { size: page, writable: false }, 'protected again');
    assert.deepEqual(g.leaf(at(4, 0x5000)), { size: page, writable: false });
    assert.deepEqual(
      g.leaf(at(10, 0)),
      { size: MiB2, writable: false },
      'nothing was stored there',
    );
    // The blocks at 2 (answer), 4, 6, 8 and 14 MiB were stored to.
    assert.equal(g.vm.mmuCounters.splits - started.splits, 5);
    assert.deepEqual(g.dirty(), []);

    const second: readonly Access[] = [
      ['byte', at(4, 0x4123)],
      ['load', at(4, 0x7000)],
      ['amo', at(12, 0x9000)],
    ];
    const again = g.run(second);
    assert.deepEqual(again, written(second));
    assert.deepEqual(g.dirty(), again);
  });

  it('over memory that is not mapped yet: 4 KiB pages, writable only once stored to', () => {
    const g = new Guest();
    g.setFlags(1);
    const changed = g.run([...first, ['load', at(9, 0x5000)]]);
    assert.deepEqual(g.dirty(), changed);
    assert.deepEqual(changed, written(first));
    assert.deepEqual(g.leaf(at(9, 0x5000)), { size: page, writable: false });
  });

  it('stops: pages are large again, stores go on, and there is no log', () => {
    const g = new Guest();
    g.run(touchAll);
    g.setFlags(1);
    g.run(first);
    g.setFlags(0);
    assert.deepEqual(g.leaf(at(4, 0x4000)), { size: MiB2, writable: true });
    assert.equal(g.vm.mmuCounters.merges, 5);
    const log = g.vm.getDirtyLog(0);
    assert.equal(log.ok ? 'ok' : log.errno, 'ENOENT');
    const changed = g.run(first);
    assert.deepEqual(changed, written(first));
    // A block that was protected and never split becomes writable by a fault.
    assert.deepEqual(g.run([['byte', at(11, 0)]]), pagesOf(answer, at(11, 0)));
    assert.deepEqual(g.leaf(at(11, 0)), { size: MiB2, writable: true });
  });

  it('clears by mask: only those pages are noticed again', () => {
    const g = new Guest();
    g.setFlags(1);
    const a = at(4, 0x1000);
    const b = at(4, 0x2000);
    const stores: readonly Access[] = [
      ['byte', a],
      ['byte', b],
    ];
    g.run(stores);
    const mask = new Uint8Array(8);
    const [pageA = 0] = pagesOf(a);
    mask[(pageA % 64) >> 3]! |= 1 << (pageA & 7);
    assert(g.vm.clearDirtyLog(0, pageA - (pageA % 64), 64, mask).ok);
    assert.deepEqual([g.leaf(a)?.writable, g.leaf(b)?.writable], [false, true]);
    assert.deepEqual(g.dirty(), pagesOf(answer, b));
    assert.deepEqual(g.run(stores), pagesOf(answer, a, b));
    assert.deepEqual(g.dirty(), pagesOf(answer, a, b));
  });

  it('what the VMM writes for the guest is dirty too', () => {
    const g = new Guest();
    g.setFlags(1);
    g.vm.writeMemory(at(3, 0xffe), Uint8Array.of(1, 2, 3, 4));
    assert.deepEqual(g.dirty(), pagesOf(at(3, 0), at(3, 0x1000)));
  });

  it('ages pages: unused until the guest comes by again', () => {
    const g = new Guest();
    g.run(touchAll);
    const gfn = at(4, 0) / page;
    assert.equal(g.vm.testAgeGfn(gfn), true);
    assert.equal(g.vm.ageGfn(gfn), true);
    assert.deepEqual([g.vm.testAgeGfn(gfn), g.vm.ageGfn(gfn)], [false, false]);
    g.run([['load', at(8, 0)]]);
    assert.equal(g.vm.testAgeGfn(gfn), false);
    // The hart knew this translation, and has to forget it for the use to be seen.
    g.run([['load', at(4, 0x8_0000)]]);
    assert.equal(g.vm.testAgeGfn(gfn), true);
    assert.deepEqual([g.vm.testAgeGfn(at(32, 0) / page), g.vm.ageGfn(1)], [false, false]);
  });

  it('unmaps a range, which is mapped again when it is used', () => {
    const g = new Guest();
    g.run(touchAll);
    g.vm.unmapGfnRange(at(4, 0) / page, MiB2 / page);
    assert.equal(g.leaf(at(4, 0)), undefined);
    assert.deepEqual(g.leaf(at(6, 0)), { size: MiB2, writable: true });
    const stores: readonly Access[] = [['byte', at(4, 5)]];
    assert.deepEqual(g.run(stores), written(stores));
    assert.deepEqual(g.leaf(at(4, 0)), { size: MiB2, writable: true });
  });

  it('two harts that both know a page as writable are both stopped at their next store', () => {
    const source = `
      slli s3, a0, 12
      li s0, ${command}
      add s0, s0, s3
      beqz a0, start_other
      j store
    start_other:
      li a0, 1
      la a1, other
      li a2, 0
      call 0x48534d, 0
      li s3, 0
      j store
    other:
      li s0, ${command + page}
    store:
      addi s4, s4, 1
      sd s4, 0(s0)
      j store
    `;
    const guest = realGuest(assemble(source), { harts: 2 });
    const { vm } = guest.machine;
    const region = vm.slots.get(0);
    assert(region);
    const turns = () => assert.equal(guest.machine.run(200_000).kind, 'budget');
    turns();
    const counts = () => [guest.word(command), guest.word(command + page)];
    const before = counts();
    assert(vm.setUserMemoryRegion({ ...region, flags: 1 }).ok);
    for (let i = 0; i < 3; i++) {
      turns();
      const log = vm.getDirtyLog(0);
      assert.deepEqual(log.ok && dirtyPages(log.value), pagesOf(command, command + page));
    }
    counts().forEach((n, i) => assert(n > (before[i] ?? 0n)));
  });
});
