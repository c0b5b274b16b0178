/** A trace tells a program that QEMU was stopped in from a QEMU that ended or hung. */
import assert from 'node:assert/strict';
import { Trace } from './tracer.ts';

/** No registers, and so many instructions of which nothing is said but where they are. */
function trace(instructions: number, limit: number): Trace {
  const bytes = Buffer.alloc(4 + instructions * 10);
  for (let i = 0; i < instructions; i++) {
    bytes.writeBigUInt64LE(BigInt(0x8000_4000 + i * 4), 4 + i * 10);
  }
  return new Trace(bytes, false, limit);
}

describe('trace of QEMU', () => {
  for (const [instructions, stopped] of [
    [3, true],
    [2, false],
  ] as const) {
    it(`${instructions} of 3 instructions: ${stopped ? 'stopped' : 'ended by itself'}`, () => {
      const read = trace(instructions, 3);
      let count = 0;
      while (read.next()) count++;
      assert.equal(count, instructions);
      assert.equal(read.stopped, stopped);
    });
  }
});
