import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { VmidAllocator, type Vmid } from '../../../../src/core/hypervisor/riscv/vmid.ts';
import { FakeHart } from './fakeHart.ts';

function allocator(bits: readonly number[]) {
  const harts = bits.map((vmidBits, id) => new FakeHart(id, new VirtualClock(), { vmidBits }));
  for (const hart of harts) hart.setCsr(0x680, 0x8000_0000_0000_1234n);
  const flushes = { count: 0 };
  const vmids = new VmidAllocator(harts, () => flushes.count++);
  for (const hart of harts) assert.equal(hart.getCsr(0x680), 0x8000_0000_0000_1234n);
  return { vmids, flushes };
}

const vm = (): Vmid => ({ version: 0, number: 0 });

describe('VMIDs', () => {
  function check(name: string, bits: number[], taken: number, expected: number[], flushes: number) {
    it(name, () => {
      const made = allocator(bits);
      const numbers = Array.from({ length: taken }, vm).map((vmid) => {
        if (made.vmids.isStale(vmid)) made.vmids.update(vmid);
        return vmid.number;
      });
      assert.deepEqual(numbers, expected);
      assert.equal(made.flushes.count, flushes);
    });
  }
  // The kernel's numbering begins with a new version, and so with a flush.
  check('begin after the host’s', [14], 3, [1, 2, 3], 1);
  check('begin again with a flush when they run out', [2], 7, [1, 2, 3, 1, 2, 3, 1], 3);
  check('are as wide as on the narrowest hart', [14, 1], 3, [1, 1, 1], 3);
  check('are all the same where there are no bits', [0], 3, [0, 0, 0], 0);
  check('are not used where there are fewer than harts', [1, 1, 1], 3, [0, 0, 0], 0);

  it('a number is valid until its version ends, and is then taken anew', () => {
    const { vmids } = allocator([2]);
    const all = [vm(), vm(), vm(), vm()];
    const [first, second, third, fourth] = all as [Vmid, Vmid, Vmid, Vmid];
    for (const vmid of [first, second, third]) vmids.update(vmid);
    assert.deepEqual(
      all.map((vmid) => vmids.isStale(vmid)),
      [false, false, false, true],
    );
    vmids.update(fourth);
    assert.deepEqual(
      all.map((vmid) => vmids.isStale(vmid)),
      [true, true, true, false],
    );
    vmids.update(second);
    assert.deepEqual([fourth.number, second.number, second.version], [1, 2, fourth.version]);
    assert.notEqual(first.version, fourth.version);
  });
});
