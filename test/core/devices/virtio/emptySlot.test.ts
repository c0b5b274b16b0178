import assert from 'node:assert/strict';
import { EmptyVirtioSlot } from '../../../../src/core/devices/virtio/emptySlot.ts';
import { VERSION } from '../../../../src/core/devices/virtio/registers.ts';
import { type Access, firstDifference, Qtest } from '../qtest.ts';

describe('empty virtio slot', () => {
  it('answers as QEMU’s, but for the version: ours is not a legacy device', async () => {
    const qemu = new Qtest(['-global', 'virtio-mmio.force-legacy=false']);
    const legacy = new Qtest();
    try {
      const accesses: Access[] = [];
      for (let offset = 0; offset < 0x200; offset += 4) accesses.push({ read: offset });
      const slot = new EmptyVirtioSlot('virtio0');
      assert.equal(await firstDifference(qemu, 0x10001000, slot, accesses), '');
      const same = accesses.filter((access) => !('read' in access && access.read === VERSION));
      assert.equal(await firstDifference(legacy, 0x10001000, slot, same), '');
    } finally {
      qemu.close();
      legacy.close();
    }
  }).timeout(20000);
});
