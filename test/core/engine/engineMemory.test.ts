/** Where a machine's memory comes from. */
import assert from 'node:assert/strict';
import { EngineMemory } from '../../../src/core/engine/engineMemory.ts';

describe('core/engine/engine memory', () => {
  const sizes = { harts: 1, arenaBytes: 1 << 16, ramBytes: 1 << 20 };
  const needed = new EngineMemory(sizes).buffer.byteLength;
  const ofBytes = (bytes: number) => new WebAssembly.Memory({ initial: bytes / 65536 });

  it('is one that was set aside, if that is large enough', () => {
    for (const spare of [ofBytes(needed), ofBytes(needed + (1 << 20))]) {
      const engine = new EngineMemory({ ...sizes, spare });
      assert.equal(engine.memory, spare);
      assert.equal(engine.bytes.buffer, spare.buffer);
      const pages = needed / 4096;
      assert.equal(engine.written.marks.length, pages, 'pages that the machine may write');
    }
  });

  it('is a new one where what was set aside is too small', () => {
    const spare = ofBytes(needed - 65536);
    const engine = new EngineMemory({ ...sizes, spare });
    assert.notEqual(engine.memory, spare);
    assert.equal(engine.buffer.byteLength, needed);
  });
});
