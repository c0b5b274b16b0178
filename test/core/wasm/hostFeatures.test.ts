/** What is probed is what the supported releases of Node have, which was looked up for each. */
import assert from 'node:assert/strict';
import { probeHostFeatures } from '../../../src/core/wasm/hostFeatures.ts';

describe('core/wasm/hostFeatures', () => {
  it('finds what this Node has', () => {
    const major = Number(process.versions.node.split('.')[0]);
    const { tailCalls, simd, fusedMultiplyAdd, memory64 } = probeHostFeatures();
    assert.equal(tailCalls, true);
    assert.equal(simd, true);
    // Node 22 has it switched on, V8 does so from 13.3 on.
    assert.equal(memory64, major >= 22);
    // Relaxed SIMD came with V8 11.4, and is fused where the processor does that.
    if (major < 22) assert.equal(fusedMultiplyAdd, false);
  });
});
