import assert from 'node:assert/strict';
import { ConsoleChannel } from '../../../../src/core/base/console.ts';
import { SbiConsole } from '../../../../src/core/hypervisor/riscv/vmmSbi.ts';
import { backing, ramBase, ramSize, rig, type Rig } from './rig.ts';
import { addRom, guestView, INVALID_PARAM, NOT_SUPPORTED, ones, romBase } from './sbiCalls.ts';

const DBCN = 0x4442434e;
const SUCCESS = 0n;
const base = BigInt(ramBase);
const end = BigInt(ramBase + ramSize);
const high = 0x1_4000_0000n;

/** RAM, a hole, read-only memory; and two adjoining slots above 4 GiB. */
function withConsole() {
  const r = rig({ answers: (ext) => ext === DBCN });
  addRom(r);
  for (const slot of [2, 3]) {
    const made = r.vm.setUserMemoryRegion({
      slot,
      flags: 0,
      guestPhysAddr: Number(high) + (slot - 2) * 0x1000,
      memorySize: 0x1000,
      // The second lies before the first in the host.
      userspaceAddr: backing + 0x0280_0000 - (slot - 2) * 0x1000,
      name: `high ${slot}`,
    });
    assert(made.ok);
  }
  const console = new ConsoleChannel('sbi');
  const handler = new SbiConsole(console);
  const written: number[] = [];
  console.output.on((bytes) => {
    for (const byte of bytes) written.push(byte);
  });
  const make = (fn: number, ...args: bigint[]): [bigint, bigint] => {
    r.hart.ecall(DBCN, fn, ...args);
    const { exit } = r.vcpu.run(1);
    assert(exit.kind === 'call');
    handler.handle(exit, r.vm);
    assert(exit.answered);
    r.vcpu.run(0);
    console.flush();
    return [BigInt.asIntN(64, r.hart.getX(10)), r.hart.getX(11)];
  };
  return { r, console, written, make };
}

function pattern(r: Rig, address: bigint, size: number): number[] {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7 + 3) & 0xff);
  assert(r.vm.writeMemory(Number(address), bytes));
  return [...bytes];
}

describe('DBCN: buffers', () => {
  for (const [name, address, size] of [
    ['in one page', base + 0x100n, 20],
    ['across pages', base + 0x1ff0n, 0x1020],
    ['up to the end of memory', end - 5n, 5],
    ['above 4 GiB, across two slots', high + 0xff8n, 16],
  ] as const) {
    it(`are written ${name}`, () => {
      const t = withConsole();
      const bytes = pattern(t.r, address, size);
      assert.deepEqual(t.make(0, BigInt(size), address, 0n), [SUCCESS, BigInt(size)]);
      assert.deepEqual(t.written, bytes);
    });

    it(`are read ${name}`, () => {
      const t = withConsole();
      const typed = Uint8Array.from({ length: size }, (_, i) => (i * 5 + 1) & 0xff);
      t.console.feed(typed);
      assert.deepEqual(t.make(1, BigInt(size), address, 0n), [SUCCESS, BigInt(size)]);
      const got = guestView(t.r, address, size);
      assert.deepEqual([...new Uint8Array(got.buffer, got.byteOffset, size)], [...typed]);
    });
  }

  for (const [name, size, low, highPart] of [
    ['ends outside memory', 6n, end - 5n, 0n],
    ['is outside memory', 1n, end, 0n],
    ['has a hole in the middle', romBase + 8n - (end - 8n), end - 8n, 0n],
    ['lies above 2^64', 1n, base, 1n],
    ['wraps', 16n, ones - 7n, 0n],
    ['has all the bytes that there are', ones, 0n, 0n],
  ] as const) {
    for (const fn of [0, 1]) {
      it(`${fn === 0 ? 'write' : 'read'}: one that ${name} is no parameter, and nothing moves`, () => {
        const t = withConsole();
        t.console.feed(Uint8Array.of(1, 2, 3));
        assert.equal(t.make(fn, size, low, highPart)[0], INVALID_PARAM);
        assert.deepEqual(t.written, []);
        assert.equal(t.console.available, 3);
      });
    }
  }

  it('read-only memory can be printed and not be read into', () => {
    const t = withConsole();
    t.console.feed(Uint8Array.of(65));
    assert.deepEqual(t.make(0, 4n, romBase, 0n), [SUCCESS, 4n]);
    assert.equal(t.make(1, 4n, romBase, 0n)[0], INVALID_PARAM);
    assert.equal(t.console.available, 1);
  });

  it('of no bytes are no error', () => {
    const t = withConsole();
    assert.deepEqual(t.make(0, 0n, base, 0n), [SUCCESS, 0n]);
    assert.deepEqual(t.make(1, 0n, base, 0n), [SUCCESS, 0n]);
  });
});

describe('DBCN: transfers', () => {
  it('a read takes what was typed, or nothing, and leaves the rest of the buffer alone', () => {
    const t = withConsole();
    assert.deepEqual(t.make(1, 8n, base, 0n), [SUCCESS, 0n]);
    pattern(t.r, base, 8);
    t.console.feed(Uint8Array.of(9, 8));
    assert.deepEqual(t.make(1, 8n, base, 0n), [SUCCESS, 2n]);
    const got = guestView(t.r, base, 8);
    assert.deepEqual([...new Uint8Array(got.buffer)], [9, 8, 17, 24, 31, 38, 45, 52]);
    t.console.feed(Uint8Array.of(1, 2, 3));
    assert.deepEqual(t.make(1, 2n, base, 0n), [SUCCESS, 2n]);
    assert.equal(t.console.available, 1);
  });

  it('a long write is partial, and the rest follows when the guest asks again', () => {
    const t = withConsole();
    const size = 0x18_0000;
    const bytes = pattern(t.r, base, size);
    let done = 0n;
    let calls = 0;
    while (done < BigInt(size)) {
      const [error, count] = t.make(0, BigInt(size) - done, base + done, 0n);
      assert.equal(error, SUCCESS);
      assert(count > 0n);
      done += count;
      calls++;
    }
    assert(calls > 1);
    assert(Buffer.from(t.written).equals(Buffer.from(bytes)));
  });

  it('write_byte takes the low eight bits', () => {
    const t = withConsole();
    assert.deepEqual(t.make(2, 0x4443_4241n), [SUCCESS, 0n]);
    assert.deepEqual(t.make(2, ones - 0xffn), [SUCCESS, 0n]);
    assert.deepEqual(t.written, [0x41, 0]);
  });

  it('unknown function', () => {
    assert.equal(withConsole().make(3)[0], NOT_SUPPORTED);
  });
});
