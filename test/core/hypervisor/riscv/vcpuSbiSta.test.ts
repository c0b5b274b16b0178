import assert from 'node:assert/strict';
import { ramBase, ramSize, rig, type Rig } from './rig.ts';
import {
  addRom,
  call,
  fill,
  guestView,
  INVALID_ADDRESS,
  INVALID_PARAM,
  NOT_SUPPORTED,
  ones,
  romBase,
  SUCCESS,
} from './sbiCalls.ts';

const STA = 0x535441;
const HSM = 0x48534d;
const memory = BigInt(ramBase) + 0x10_0040n;
const end = BigInt(ramBase + ramSize);
/** The clock's: 10 MHz, ten instructions a tick. */
const nanosecondsPerInstruction = 10n;

function structure(r: Rig, address = memory) {
  const view = guestView(r, address, 64);
  return {
    sequence: view.getUint32(0, true),
    steal: view.getBigUint64(8, true),
    rest: [view.getUint32(4, true), ...new Uint8Array(view.buffer, view.byteOffset + 16, 48)],
  };
}

function running(harts = 2): Rig {
  const r = rig({ harts });
  for (let id = 1; id < harts; id++) {
    call(r, 0, HSM, 0, BigInt(id), BigInt(ramBase), 0n);
    r.vcpus[id]?.run(1);
  }
  return r;
}

describe('SBI: STA, set_shmem', () => {
  const check = (name: string, args: bigint[], error: bigint, fn = 0) =>
    it(name, () => {
      const r = rig();
      addRom(r);
      assert.equal(call(r, 0, STA, fn, ...args)[0], error);
    });
  check('set', [memory, 0n, 0n], SUCCESS);
  check('the last 64 bytes', [end - 64n, 0n, 0n], SUCCESS);
  check('off', [ones, ones, 0n], SUCCESS);
  check('flags', [memory, 0n, 1n], INVALID_PARAM);
  check('off with flags', [ones, ones, 1n], INVALID_PARAM);
  check('aligned to 32 only', [memory + 32n, 0n, 0n], INVALID_PARAM);
  check('half of all ones', [ones, 0n, 0n], INVALID_PARAM);
  check('the other half of all ones', [memory, ones, 0n], INVALID_ADDRESS);
  check('above 2^64', [memory, 1n, 0n], INVALID_ADDRESS);
  check('behind memory', [end, 0n, 0n], INVALID_ADDRESS);
  check('the end of addresses', [ones - 63n, 0n, 0n], INVALID_ADDRESS);
  check('read-only memory', [romBase, 0n, 0n], INVALID_ADDRESS);
  check('unknown function', [memory, 0n, 0n], NOT_SUPPORTED, 1);

  it('zeroes the 64 bytes and no more, and returns 0', () => {
    const r = rig();
    fill(r, memory - 64n, 192, 0xff);
    assert.deepEqual(call(r, 0, STA, 0, memory, 0n, 0n), [SUCCESS, 0n]);
    const bytes = new Uint8Array(guestView(r, memory - 64n, 192).buffer);
    assert.deepEqual(
      [...bytes],
      Array.from({ length: 192 }, (_, i) => (i >= 64 && i < 128 ? 0 : 0xff)),
    );
  });
});

describe('SBI: STA, stolen time', () => {
  it('is the time that others ran while this one could', () => {
    const r = running();
    const [first, second] = r.vcpus;
    assert(first && second);
    call(r, 0, STA, 0, memory, 0n, 0n);
    second.run(500);
    assert.deepEqual(structure(r).steal, 0n, 'written when its own turn comes');
    first.run(100);
    assert.deepEqual(structure(r), {
      sequence: 2,
      steal: 500n * nanosecondsPerInstruction,
      rest: new Array(49).fill(0),
    });
    first.run(100);
    assert.equal(structure(r).sequence, 2, 'nothing is stolen, nothing written');
    second.run(20);
    second.run(40);
    first.run(100);
    assert.deepEqual(
      [structure(r).sequence, structure(r).steal],
      [4, 560n * nanosecondsPerInstruction],
    );
  });

  it('does not count the time in which the hart waits, but that after its interrupt', () => {
    const r = running();
    const [first, second] = r.vcpus;
    assert(first && second);
    call(r, 0, STA, 0, memory, 0n, 0n);
    r.hart.setCsr(0x204, 2n);
    r.hart.script.push((hart) => hart.trap(22, { tval: 0x10500073n }));
    assert.equal(first.run(10).exit.kind, 'halted');
    second.run(300);
    r.harts[1]?.ecall(0x735049, 0, 1n, 0n);
    second.run(1);
    second.run(49);
    first.run(1);
    // The ecall is one of the 50; a tick is ten instructions.
    assert.equal(structure(r).steal, 500n);
    assert.equal(structure(r).sequence, 2);
  });

  it('is none on a machine of one hart', () => {
    const r = rig();
    call(r, 0, STA, 0, memory, 0n, 0n);
    for (let i = 0; i < 5; i++) r.vcpu.run(100);
    assert.deepEqual([structure(r).sequence, structure(r).steal], [0, 0n]);
  });

  it('is counted for each hart by itself, and from zero when it is asked for again', () => {
    const r = running(3);
    const [first, second, third] = r.vcpus;
    assert(first && second && third);
    const other = memory + 64n;
    call(r, 0, STA, 0, memory, 0n, 0n);
    call(r, 1, STA, 0, other, 0n, 0n);
    third.run(100);
    first.run(50);
    second.run(10);
    const stolen = (at: bigint) => structure(r, at).steal / nanosecondsPerInstruction;
    assert.deepEqual([stolen(memory), stolen(other)], [100n, 150n]);
    call(r, 0, STA, 0, memory, 0n, 0n);
    assert.deepEqual([structure(r).sequence, structure(r).steal], [0, 0n]);
    second.run(70);
    first.run(1);
    assert.deepEqual([structure(r).sequence, stolen(memory)], [2, 70n]);
  });

  it('is written no more once it is switched off, or the hart stops', () => {
    const r = running();
    const [first, second] = r.vcpus;
    assert(first && second);
    call(r, 0, STA, 0, memory, 0n, 0n);
    call(r, 0, STA, 0, ones, ones, 0n);
    second.run(100);
    first.run(100);
    assert.equal(structure(r).sequence, 0);
    call(r, 1, STA, 0, memory, 0n, 0n);
    r.harts[1]?.ecall(HSM, 1);
    second.run(10);
    first.run(100);
    call(r, 0, HSM, 0, 1n, BigInt(ramBase), 0n);
    first.run(100);
    second.run(10);
    assert.equal(structure(r).sequence, 0, 'a hart that is started anew has not asked');
  });

  it('survives memory that went away', () => {
    const r = running();
    const slot = { slot: 0, flags: 0, guestPhysAddr: ramBase, userspaceAddr: 0, name: 'ram' };
    call(r, 0, STA, 0, memory, 0n, 0n);
    assert(r.vm.setUserMemoryRegion({ ...slot, memorySize: 0 }).ok);
    r.vcpus[1]?.run(100);
    assert.equal(r.vcpu.run(100).exit.kind, 'intr');
  });
});
