import assert from 'node:assert/strict';
import { MemorySlots, memReadonly } from '../../../src/core/hypervisor/memorySlots.ts';

const page = 4096;

function region(slot: number, gpa: number, size: number, host = 0x10000, flags = 0) {
  return {
    slot,
    flags,
    guestPhysAddr: gpa,
    memorySize: size,
    userspaceAddr: host,
    name: `slot${slot}`,
  };
}

/** The errors that Documentation/virt/kvm/api.rst and __kvm_set_memory_region name. */
describe('memory slots', () => {
  function check(name: string, given: ReturnType<typeof region>, expected: string) {
    it(name, () => {
      const slots = new MemorySlots(41);
      assert(slots.set(region(0, 0x80000000, 16 * page)).ok);
      const result = slots.set(given);
      assert.equal(result.ok ? 'ok' : result.errno, expected);
    });
  }
  check('takes a slot beside another', region(1, 0x80010000, page), 'ok');
  check('refuses overlap', region(1, 0x8000f000, 2 * page), 'EEXIST');
  check('refuses an address inside a page', region(1, 0x1001, page), 'EINVAL');
  check('refuses a size that is no whole page', region(1, 0x1000, 100), 'EINVAL');
  check('refuses host memory inside a page', region(1, 0x1000, page, 5), 'EINVAL');
  check('refuses unknown flags', region(1, 0x1000, page, 0, 4), 'EINVAL');
  check('refuses a slot number beyond the last', region(32764, 0x1000, page), 'EINVAL');
  check('refuses to resize', region(0, 0x80000000, 17 * page), 'EINVAL');
  check('refuses other backing', region(0, 0x80000000, 16 * page, 0x20000), 'EINVAL');
  check('refuses to become READONLY', region(0, 0x80000000, 16 * page, 0x10000, 2), 'EINVAL');
  check('moves', region(0, 0x90000000, 16 * page), 'ok');
  check('deletes', region(0, 0, 0), 'ok');
  check('refuses to delete what is not there', region(7, 0, 0), 'EINVAL');
  check('takes the last page of the address space', region(1, 2 ** 41 - page, page), 'ok');
  check('refuses what is beyond the address space', region(1, 2 ** 41, page), 'EFAULT');

  it('says what a move takes away', () => {
    const slots = new MemorySlots(41);
    slots.set(region(0, 0x1000, page));
    const moved = slots.set(region(0, 0x5000, page));
    assert(moved.ok);
    assert.equal(moved.value.removed?.guestPhysAddr, 0x1000);
    assert.equal(slots.find(0x1000), undefined);
    assert.equal(slots.hostAddress(0x5008), 0x10008);
  });

  it('finds host memory across adjoining slots and refuses holes', () => {
    const slots = new MemorySlots(41);
    slots.set(region(0, 0x1000, page, 0x10000));
    slots.set(region(1, 0x2000, page, 0x50000, memReadonly));
    slots.set(region(2, 0x4000, page, 0x60000));
    assert.deepEqual(slots.pieces(0x1ff0, 0x20, 'read'), [
      { address: 0x10ff0, size: 0x10 },
      { address: 0x50000, size: 0x10 },
    ]);
    assert.equal(slots.pieces(0x1ff0, 0x20, 'write'), undefined);
    assert.equal(slots.pieces(0x2ff0, 0x1020, 'read'), undefined);
    assert.deepEqual(slots.pieces(0x9000, 0, 'read'), []);
  });
});
