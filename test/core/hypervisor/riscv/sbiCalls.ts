/** SBI calls on fake harts, with the numbers of the specification ("Binary Encoding", table 1). */
import assert from 'node:assert/strict';
import { rig, type Rig, type RigOptions } from './rig.ts';

export const SUCCESS = 0n;
export const NOT_SUPPORTED = -2n;
export const INVALID_PARAM = -3n;
export const DENIED = -4n;
export const INVALID_ADDRESS = -5n;
export const ALREADY_STARTED = -7n;
export const ALREADY_STOPPED = -8n;
export const NO_SHMEM = -9n;
export const DENIED_LOCKED = -14n;

export const ones = 2n ** 64n - 1n;

/** Makes one call on hart `id` and returns a0 (signed) and a1. */
export function call(
  r: Rig,
  id: number,
  ext: number,
  fn: number,
  ...args: bigint[]
): [bigint, bigint] {
  const hart = r.harts[id];
  assert(hart);
  const pc = hart.pc;
  hart.ecall(ext, fn, ...args);
  const { exit, consumed } = r.vcpus[id]?.run(1) ?? assert.fail();
  assert.deepEqual([exit.kind, consumed], ['intr', 1]);
  assert.equal(hart.pc, pc + 4n, 'goes on after the ecall');
  return [BigInt.asIntN(64, hart.getX(10)), hart.getX(11)];
}

/** One call on a machine of its own; only the error when `expected` has no value. */
export function checkCall(
  name: string,
  ext: number,
  fn: number,
  args: bigint[],
  expected: [error: bigint, value?: bigint],
  options: RigOptions = { harts: 3 },
): void {
  it(name, () => {
    const [error, value] = call(rig(options), 0, ext, fn, ...args);
    assert.equal(error, expected[0]);
    if (expected[1] !== undefined) assert.equal(value, expected[1]);
  });
}

/** Guest memory as the guest would read it. */
export function guestView(r: Rig, address: bigint, size: number): DataView {
  const bytes = r.vm.readMemory(Number(address), size);
  assert(bytes);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function fill(r: Rig, address: bigint, size: number, byte: number): void {
  assert(r.vm.writeMemory(Number(address), new Uint8Array(size).fill(byte)));
}

/** A slot whose memory the guest may only read, behind a hole after RAM. */
export const romBase = 0x9000_0000n;
export function addRom(r: Rig): void {
  const made = r.vm.setUserMemoryRegion({
    slot: 1,
    flags: 2,
    guestPhysAddr: Number(romBase),
    memorySize: 0x2000,
    userspaceAddr: 0x8000_0000 + 0x0400_0000 - 0x2000,
    name: 'rom',
  });
  assert(made.ok);
}
