/**
 * A trace tells a program that QEMU was stopped in from a QEMU that ended or hung, and leaves nothing
 * out by not reading all registers each time.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { processors } from './processors.ts';
import { Session } from './session.ts';
import { Trace, Tracer } from './tracer.ts';

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

describe('registers that an instruction may change', () => {
  let tracer: Tracer;
  before(() => {
    tracer = new Tracer(path.resolve('test/differential/lockstep/tracer.c'));
  });
  after(() => tracer.remove());

  for (const processor of processors) {
    it(`${processor.name}: those that are not read keep their values`, async function () {
      this.timeout(120_000);
      const session = new Session(processor, tracer);
      const batch = session.start(77, 4);
      const some = await batch.trace;
      const every = await tracer.run(processor, session.image(batch.programs), { every: 1 });
      let partly = 0;
      while (every.next()) {
        assert.ok(some.next(), 'the shorter trace ends first');
        assert.ok(every.complete);
        if (!some.complete) partly++;
        for (const i of new Set([...every.changed, ...some.changed])) {
          const place = `${every.names[i]} at 0x${every.pc.toString(16)}`;
          assert.equal(some.values[i], every.values[i], place);
          assert.equal(some.present[i], every.present[i], place);
        }
      }
      assert.ok(!some.next() && partly > 2_000, `${partly} instructions without reading all`);
    });
  }
});
