import assert from 'node:assert/strict';
import { MemorySnapshots } from '../../../src/core/memory/memorySnapshots.ts';
import { MmioMap } from '../../../src/core/memory/mmioMap.ts';
import { PhysicalMemory } from '../../../src/core/memory/physicalMemory.ts';
import { Random } from '../../differential/random.ts';

const base = 0x8000_0000;
const pages = 600;

function memory() {
  const size = pages * 4096;
  const physical = new PhysicalMemory(new ArrayBuffer(size + 4096), new MmioMap());
  physical.addRam({ name: 'ram', base, size, offset: 4096, writable: true });
  return { physical, snapshots: new MemorySnapshots(physical) };
}

describe('core/memory/memorySnapshots', () => {
  it('goes to and fro between moments, also where pages hold again what they held', () => {
    const { physical, snapshots } = memory();
    const random = new Random(3);
    const taken: { image: ReturnType<typeof snapshots.take>; bytes: Uint8Array }[] = [];
    const now = () => physical.view8(base, pages * 4096)!;
    for (let i = 0; i < 2000; i++) {
      const choice = random.below(10);
      if (choice < 7) {
        // Few pages and few values, so that contents come again.
        physical.write32(base + random.below(12) * 50 * 4096, random.below(2));
      } else if (choice < 8 || taken.length === 0) {
        taken.push({ image: snapshots.take(), bytes: now().slice() });
        if (taken.length > 6) taken.splice(random.below(6), 1);
      } else {
        const { image, bytes } = taken[random.below(taken.length)]!;
        snapshots.restore(image);
        assert.ok(Buffer.from(now()).equals(bytes), `round ${i}`);
      }
    }
  });

  it('is complete without its memory, when asked to be', () => {
    const { physical, snapshots } = memory();
    physical.write32(base + 8192, 77);
    const image = snapshots.take();
    snapshots.complete(image);
    const other = memory();
    other.physical.write32(base, 5);
    other.snapshots.restore(image);
    assert.deepEqual([other.physical.read32(base), other.physical.read32(base + 8192)], [0, 77]);
  });
});
