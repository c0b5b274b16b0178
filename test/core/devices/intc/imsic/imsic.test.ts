import assert from 'node:assert/strict';
import { Imsic } from '../../../../../src/core/devices/intc/imsic/imsic.ts';
import { InterruptFile } from '../../../../../src/core/devices/intc/imsic/interruptFile.ts';
import * as r from '../../../../../src/core/devices/intc/imsic/registers.ts';
import { type Access, firstDifference, generator, Line, Qtest } from '../../qtest.ts';

function file(identities = 255) {
  const line = new Line();
  return { line, file: new InterruptFile('file', identities, line) };
}

/** Two harts with one guest file each, in room for four pages a hart. */
function region() {
  const lines = [new Line(), new Line(), new Line(), new Line()];
  const files = [0, 2].map((at) =>
    [0, 1].map((page) => new InterruptFile('file', 255, lines[at + page]!)),
  );
  return { lines, files, imsic: new Imsic('imsic-s', files, 2) };
}

const everything = 0xffff_ffff_ffff_ffffn;

describe('interrupt file', () => {
  it('signals what is pending, enabled, below the threshold and delivered', () => {
    const { file: f, line } = file();
    f.setPending(40);
    assert.equal(f.topei(), 0, 'not enabled');
    f.write(r.eie0, 64, everything);
    assert.equal(f.topei(), (40 << 16) | 40);
    assert.ok(!line.level, 'eidelivery is 0 and has no say in topei');
    f.write(r.eidelivery, 64, 1n);
    assert.ok(line.level);
    f.write(r.eithreshold, 64, 40n);
    assert.ok(!line.level, '"interrupt identities P and higher do not contribute"');
    assert.equal(f.topei(), 0);
    f.write(r.eithreshold, 64, 41n);
    assert.ok(line.level);
    f.write(r.eithreshold, 64, 0n);
    f.setPending(3);
    assert.equal(f.topei() >>> 16, 3);
    f.claim();
    assert.equal(f.topei() >>> 16, 40);
    f.claim();
    assert.ok(!line.level);
    f.claim();
    assert.equal(f.topei(), 0);
  });

  it('shows its arrays by 32 and by 64 bits', () => {
    const { file: f } = file();
    for (const identity of [1, 31, 32, 63, 64, 200, 255]) f.setPending(identity);
    assert.equal(f.read(r.eip0, 64), (1n << 63n) | (1n << 32n) | (1n << 31n) | 2n);
    assert.equal(f.read(r.eip0 + 1, 64), undefined);
    assert.equal(f.read(r.eip0, 32), 0x80000002n);
    assert.equal(f.read(r.eip0 + 1, 32), 0x80000001n);
    assert.equal(f.read(r.eip0 + 6, 64), (1n << 63n) | (1n << 8n));
    f.write(r.eip0 + 1, 32, 0n);
    assert.equal(f.read(r.eip0, 64), 0x80000002n);
    f.write(r.eie0, 64, everything);
    assert.equal(f.read(r.eie0, 64), everything - 1n, 'identity 0 is read-only zero');
  });

  it('has zeros beyond its identities and at reserved numbers', () => {
    const { file: f } = file(63);
    for (const select of [0x71, 0x73, 0x7f, r.eip0 + 2, r.eip63 - 1, r.eie0 + 2, r.eie63 - 1]) {
      f.write(select, 64, everything);
      assert.equal(f.read(select, 64), 0n, select.toString(16));
    }
    f.setPending(64);
    f.setPending(0);
    assert.equal(f.read(r.eip0, 64), 0n);
  });

  it('has the legal values of eidelivery and eithreshold', () => {
    const { file: f } = file();
    for (const [written, read] of [
      [1n, 1n],
      [0n, 0n],
      [0x40000000n, 0n],
      [everything, 1n],
    ] as const) {
      f.write(r.eidelivery, 64, written);
      assert.equal(f.read(r.eidelivery, 64), read);
    }
    for (let value = 0n; value <= 255n; value++) {
      f.write(r.eithreshold, 64, value);
      assert.equal(f.read(r.eithreshold, 64), value);
    }
  });

  it('agrees with a list of what is pending and enabled', () => {
    const random = generator(5);
    const { file: f } = file();
    const pending = new Set<number>();
    const enabled = new Set<number>();
    for (let i = 0; i < 5000; i++) {
      const identity = 1 + random(255);
      const word = random(8);
      switch (random(4)) {
        case 0:
          f.setPending(identity);
          pending.add(identity);
          break;
        case 1: {
          const [base, set] = random(2) === 0 ? [r.eip0, pending] : [r.eie0, enabled];
          const value = random(2 ** 32) >>> 0;
          f.write(base + word, 32, BigInt(value));
          for (let bit = 0; bit < 32; bit++) {
            if ((value >>> bit) & 1) set.add(32 * word + bit);
            else set.delete(32 * word + bit);
          }
          set.delete(0);
          break;
        }
        case 2: {
          const top = [...pending].filter((id) => enabled.has(id)).sort((a, b) => a - b)[0] ?? 0;
          assert.equal(f.topei(), (top << 16) | top);
          f.claim();
          pending.delete(top);
        }
      }
    }
  });
});

describe('imsic', () => {
  it('leads a message to the file of its page, in either byte order', () => {
    const { imsic, files } = region();
    imsic.write(0, 4, 7);
    imsic.write(4 * 0x1000 + r.seteipnum_be, 4, 0x09000000);
    imsic.write(5 * 0x1000, 4, 200);
    const pending = files.flat().map((f) => f.read(r.eip0, 64));
    assert.deepEqual(pending, [1n << 7n, 0n, 1n << 9n, 0n]);
    assert.equal(files[1]![1]!.read(r.eip0 + 6, 64), 1n << 8n);
  });

  it('ignores what is no identity, no word and no register', () => {
    const { imsic, files } = region();
    for (const value of [0, 256, 0x01000000, 0xffffffff]) imsic.write(0, 4, value);
    imsic.write(0, 1, 7);
    imsic.write(0, 2, 7);
    imsic.write(8, 4, 7);
    imsic.write(r.seteipnum_be, 4, 7);
    imsic.write(2 * 0x1000, 4, 7); // between the harts
    imsic.write(8 * 0x1000, 4, 7); // behind the last
    for (const f of files.flat()) {
      for (let select: number = r.eip0; select < r.eip0 + 8; select += 2) {
        assert.equal(f.read(select, 64), 0n);
      }
    }
  });

  it('reads zeros as QEMU’s does', async () => {
    const args = ['-M', 'virt,aia=aplic-imsic,aia-guests=3', '-smp', '2'];
    const qemu = new Qtest(args);
    try {
      const accesses: Access[] = [];
      for (let page = 0; page < 8; page++) {
        for (const offset of [0, 4, 8, 0xffc]) {
          const at = page * 0x1000 + offset;
          accesses.push({ write: at, value: 5 }, { read: at });
        }
      }
      const { imsic } = region();
      assert.equal(await firstDifference(qemu, 0x28000000, imsic, accesses), '');
    } finally {
      qemu.close();
    }
  }).timeout(10_000);

  it('goes on from its saved state, and refuses one that is not its own', () => {
    const { imsic, files, lines } = region();
    files[1]![1]!.write(r.eie0, 64, everything);
    files[1]![1]!.write(r.eidelivery, 64, 1n);
    imsic.write(5 * 0x1000, 4, 33);
    assert.ok(lines[3]!.level);
    const saved = imsic.save();
    const other = region();
    other.imsic.restore(structuredClone(saved));
    assert.deepEqual(other.imsic.save(), saved);
    assert.deepEqual(
      other.lines.map((line) => line.level),
      [false, false, false, true],
    );
    const fewer = new Imsic('imsic-s', files.slice(1), 2);
    const before = fewer.save();
    assert.throws(() => fewer.restore(saved), /imsic-s/);
    assert.deepEqual(fewer.save(), before);
  });
});
