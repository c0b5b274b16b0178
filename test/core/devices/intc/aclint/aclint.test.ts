import assert from 'node:assert/strict';
import { Aclint } from '../../../../../src/core/devices/intc/aclint/aclint.ts';
import { AclintSswi } from '../../../../../src/core/devices/intc/aclint/sswi.ts';
import { MSIP, MTIME, MTIMECMP } from '../../../../../src/core/devices/intc/aclint/registers.ts';
import { type Access, Clock, firstDifference, generator, Line, Qtest } from '../../qtest.ts';

function setUp(harts = 2) {
  const clock = new Clock();
  const lines = Array.from({ length: harts }, () => ({ msip: new Line(), mtip: new Line() }));
  return { clock, lines, clint: new Aclint(clock, lines) };
}

function* accesses(seed: number): Generator<Access> {
  const random = generator(seed);
  const registers = [0, 4, 8, MTIMECMP, MTIMECMP + 4, MTIMECMP + 8, MTIMECMP + 12, MTIMECMP + 16];
  for (let i = 0; i < 300; i++) {
    // MTIME last, so that values written into it are seen through MTIMECMP's writes as well.
    const offset = [...registers, MTIME, MTIME + 4][random(10)] ?? 0;
    if (random(2) === 0) yield { read: offset };
    else yield { write: offset, value: random(2) === 0 ? random(4) : random(2 ** 32) };
  }
}

describe('aclint', () => {
  it('answers as QEMU does while time stands still', async () => {
    const qemu = new Qtest(['-smp', '2']);
    try {
      const { clint } = setUp();
      // QEMU resets MTIMECMP to 0; the specification leaves it open.
      for (let at = MTIMECMP; at < MTIMECMP + 16; at += 4) clint.write(at, 4, 0);
      for (let seed = 1; seed <= 3; seed++) {
        assert.equal(await firstDifference(qemu, 0x2000000, clint, accesses(seed)), '');
      }
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('takes and gives eight bytes at once as it does two halves', () => {
    const random = generator(5);
    const places = [MSIP, MTIMECMP, MTIMECMP + 4, MTIMECMP + 8, MTIMECMP + 16, MTIME - 4, MTIME];
    const [whole, halves] = [setUp(), setUp()];
    for (let i = 0; i < 500; i++) {
      const offset = places[random(places.length)]! + (random(20) === 0 ? 2 : 0);
      for (const { clock } of [whole, halves]) clock.now = BigInt(i);
      if (random(2) === 0) {
        const [low, high] = [random(i < 250 ? 1000 : 2 ** 32), random(2) * random(3)];
        whole.clint.wide.write(offset, low, high);
        halves.clint.write(offset, 4, low);
        halves.clint.write(offset + 4, 4, high);
      }
      const [low, high] = [0, 4].map((at) => halves.clint.read(offset + at, 4));
      const read = { low: 0, high: 0 };
      whole.clint.wide.read(offset, read);
      assert.deepEqual(read, { low, high });
      assert.deepEqual(whole.clint.save(), halves.clint.save());
      assert.equal(whole.clint.nextDeadline(), halves.clint.nextDeadline());
      const levels = [whole, halves].map(({ lines }) => lines.map(({ mtip }) => mtip.level));
      assert.deepEqual(levels[0], levels[1]);
    }
  });

  it('raises MTIP from MTIMECMP on and says when that will be', () => {
    const { clint, clock, lines } = setUp();
    assert.equal(clint.nextDeadline(), undefined, 'no timer before one is set');
    clint.write(MTIMECMP + 8, 4, 1000);
    clint.write(MTIMECMP + 12, 4, 0);
    assert.equal(clint.nextDeadline(), 1000n);
    clock.now = 999n;
    clint.advance();
    assert.ok(!lines[1]!.mtip.level);
    clock.now = 1000n;
    clint.advance();
    assert.ok(lines[1]!.mtip.level);
    assert.ok(!lines[0]!.mtip.level);
    assert.equal(clint.nextDeadline(), undefined);
    clint.write(MTIMECMP + 8, 4, 2000);
    assert.ok(!lines[1]!.mtip.level, 'moving MTIMECMP ahead takes MTIP away');
  });

  it('counts on from what is written to MTIME', () => {
    const { clint, clock, lines } = setUp(1);
    clock.now = 500n;
    clint.write(MTIMECMP, 4, 10);
    clint.write(MTIMECMP + 4, 4, 0);
    assert.ok(lines[0]!.mtip.level);
    clint.write(MTIME, 4, 3);
    assert.ok(!lines[0]!.mtip.level);
    assert.equal(clint.nextDeadline(), 507n);
    clock.now = 600n;
    assert.equal(clint.mtime(), 103n);
    clint.write(MTIME + 4, 4, 0xffffffff);
    assert.equal(clint.mtime(), 0xffffffff_00000067n);
  });

  it('drives MSIP of the hart that is written to', () => {
    const { clint, lines } = setUp();
    clint.write(MSIP + 4, 4, 0xffffffff);
    assert.deepEqual(
      lines.map(({ msip }) => msip.level),
      [false, true],
    );
    clint.write(MSIP + 4, 4, 0xfffffffe);
    assert.ok(!lines[1]!.msip.level);
    clint.write(MSIP + 8, 4, 1); // no such hart
  });
});

describe('aclint sswi', () => {
  it('sends one edge per write of 1 and reads 0', () => {
    const lines = [new Line(), new Line()];
    const sswi = new AclintSswi(lines);
    sswi.write(4, 4, 1);
    sswi.write(4, 4, 2);
    sswi.write(4, 4, 3);
    assert.deepEqual(
      lines.map(({ edges }) => edges),
      [0, 2],
    );
    assert.ok(!lines[1]!.level);
    assert.equal(sswi.read(4, 4), 0);
  });
});
