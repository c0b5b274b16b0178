import assert from 'node:assert/strict';
import { Plic } from '../../../../../src/core/devices/intc/plic/plic.ts';
import * as r from '../../../../../src/core/devices/intc/plic/registers.ts';
import { type Access, firstDifference, generator, Line, Qtest } from '../../qtest.ts';

const UART = 10;

function setUp(contexts = 2) {
  const outputs = Array.from({ length: contexts }, () => new Line());
  const plic = new Plic(96, outputs);
  return {
    ...{ plic, outputs },
    source: (id: number) => plic.source(id),
    priority: (id: number, value: number) => plic.write(r.PRIORITY + 4 * id, 4, value),
    enable: (context: number, word: number, bits: number) =>
      plic.write(r.ENABLE + context * r.ENABLE_STRIDE + 4 * word, 4, bits),
    threshold: (context: number, value: number) =>
      plic.write(r.CONTEXT + context * r.CONTEXT_STRIDE, 4, value),
    claim: (context: number) => plic.read(r.CONTEXT + context * r.CONTEXT_STRIDE + r.CLAIM, 4),
    complete: (context: number, id: number) =>
      plic.write(r.CONTEXT + context * r.CONTEXT_STRIDE + r.CLAIM, 4, id),
    pending: (word = 0) => plic.read(r.PENDING + 4 * word, 4) >>> 0,
  };
}

/** Registers of M and S contexts of two harts, no source high: what reads back of what is written. */
function* registerAccesses(seed: number): Generator<Access> {
  const random = generator(seed);
  for (let i = 0; i < 400; i++) {
    const context = random(4);
    const offset = [
      r.PRIORITY + 4 * (1 + random(96)),
      r.PENDING + 4 * random(3),
      r.ENABLE + context * r.ENABLE_STRIDE + 4 * random(3),
      r.CONTEXT + context * r.CONTEXT_STRIDE + r.THRESHOLD,
      r.CONTEXT + context * r.CONTEXT_STRIDE + r.CLAIM,
    ][random(5)]!;
    if (random(2) === 0) yield { read: offset };
    // Bit 0 of the first word stays clear: QEMU lets the source that does not exist be enabled.
    else yield { write: offset, value: (random(2 ** 32) & ~1) >>> 0 };
  }
}

describe('plic', () => {
  it('keeps of its registers what QEMU keeps', async () => {
    const qemu = new Qtest(['-smp', '2']);
    try {
      const { plic } = setUp(4);
      for (let seed = 1; seed <= 3; seed++) {
        assert.equal(await firstDifference(qemu, 0xc000000, plic, registerAccesses(seed)), '');
      }
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('claims and completes a source as QEMU does', async () => {
    const qemu = new Qtest(['-serial', 'null']);
    try {
      const { plic, source } = setUp();
      const context = r.CONTEXT + r.CONTEXT_STRIDE;
      const steps: Access[] = [
        { write: r.PRIORITY + 4 * UART, value: 5 },
        { write: r.ENABLE + r.ENABLE_STRIDE, value: 1 << UART },
        { write: context, value: 0 },
        { read: r.PENDING },
      ];
      assert.equal(await firstDifference(qemu, 0xc000000, plic, steps), '');
      // QEMU's UART raises its line when the empty transmitter's interrupt is enabled.
      await qemu.write(0x10000001, 1, 2);
      source(UART).set(true);
      const taken: Access[] = [
        { read: r.PENDING },
        { read: r.CONTEXT + r.CLAIM }, // not enabled for context 0
        { read: context + r.CLAIM },
        { read: r.PENDING },
        { read: context + r.CLAIM },
      ];
      assert.equal(await firstDifference(qemu, 0xc000000, plic, taken), '');
      assert.notEqual(await qemu.read(0x10000002, 1), 1, 'reading IIR lowers the line');
      source(UART).set(false);
      const done: Access[] = [
        { write: context + r.CLAIM, value: UART },
        { read: r.PENDING },
        { read: context + r.CLAIM },
      ];
      assert.equal(await firstDifference(qemu, 0xc000000, plic, done), '');
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('offers the highest priority first and the lowest id on a tie', () => {
    const { source, priority, enable, claim } = setUp();
    for (const [id, p] of [
      [3, 2],
      [40, 7],
      [41, 7],
      [96, 1],
    ] as const) {
      priority(id, p);
      source(id).set(true);
    }
    for (const word of [0, 1, 2, 3]) enable(0, word, 0xffffffff);
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => claim(0)),
      [40, 41, 3, 96, 0],
    );
  });

  it('drives a context only above its threshold, yet lets it claim below', () => {
    const { source, priority, enable, threshold, claim, outputs } = setUp();
    priority(5, 3);
    enable(1, 0, 1 << 5);
    threshold(1, 3);
    source(5).set(true);
    assert.deepEqual(
      outputs.map(({ level }) => level),
      [false, false],
    );
    threshold(1, 2);
    assert.ok(outputs[1]!.level);
    assert.ok(!outputs[0]!.level, 'not enabled there');
    threshold(1, 7);
    assert.equal(claim(1), 5);
  });

  it('never interrupts at priority 0', () => {
    const { source, enable, claim, outputs, pending } = setUp();
    enable(0, 0, 1 << 7);
    source(7).set(true);
    assert.equal(pending(), 1 << 7);
    assert.ok(!outputs[0]!.level);
    assert.equal(claim(0), 0);
  });

  it('pends a level again after completion and not before', () => {
    const { source, priority, enable, claim, complete, outputs } = setUp();
    priority(9, 1);
    enable(0, 0, 1 << 9);
    source(9).set(true);
    assert.equal(claim(0), 9);
    assert.ok(!outputs[0]!.level);
    source(9).set(false);
    source(9).set(true);
    assert.equal(claim(0), 0);
    complete(0, 9);
    assert.ok(outputs[0]!.level);
    assert.equal(claim(0), 9);
    source(9).set(false);
    complete(0, 9);
    assert.ok(!outputs[0]!.level);
  });

  it('keeps a request whose source fell again', () => {
    const { source, priority, enable, claim } = setUp();
    priority(9, 1);
    enable(0, 0, 1 << 9);
    source(9).set(true);
    source(9).set(false);
    assert.equal(claim(0), 9);
  });

  it('ignores completion of an id that is not enabled for the context', () => {
    const { source, priority, enable, claim, complete } = setUp();
    priority(9, 1);
    enable(0, 0, 1 << 9);
    source(9).set(true);
    assert.equal(claim(0), 9);
    complete(1, 9);
    complete(0, 97);
    assert.equal(claim(0), 0);
    complete(0, 9);
    assert.equal(claim(0), 9);
  });

  it('has no source 0 and none beyond the last', () => {
    const { plic, enable, priority } = setUp();
    enable(0, 0, 0xffffffff);
    enable(0, 3, 0xffffffff);
    priority(0, 7);
    assert.equal(plic.read(r.ENABLE, 4) >>> 0, 0xfffffffe);
    assert.equal(plic.read(r.ENABLE + 12, 4), 1);
    assert.equal(plic.read(r.PRIORITY, 4), 0);
  });
});
