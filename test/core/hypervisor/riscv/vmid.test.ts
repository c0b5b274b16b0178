import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { VmidAllocator } from '../../../../src/core/hypervisor/riscv/vmid.ts';
import { FakeHart } from './fakeHart.ts';

describe('VMIDs', () => {
  function check(name: string, bits: number[], taken: number, expected: number[], flushes: number) {
    it(name, () => {
      const harts = bits.map((vmidBits, id) => new FakeHart(id, new VirtualClock(), { vmidBits }));
      for (const hart of harts) hart.setCsr(0x680, 0x8000_0000_0000_1234n);
      let flushed = 0;
      const vmids = new VmidAllocator(harts, () => flushed++);
      const numbers = Array.from({ length: taken }, () => vmids.allocate());
      assert.deepEqual(numbers, expected);
      assert.equal(flushed, flushes);
      for (const hart of harts) assert.equal(hart.getCsr(0x680), 0x8000_0000_0000_1234n);
    });
  }
  check('begin after the host’s', [14], 3, [1, 2, 3], 0);
  check('begin again with a flush when they run out', [2], 7, [1, 2, 3, 1, 2, 3, 1], 2);
  check('are as wide as on the narrowest hart', [14, 1], 3, [1, 1, 1], 2);
  check('are all the same where there are no bits', [0], 3, [0, 0, 0], 0);
});
