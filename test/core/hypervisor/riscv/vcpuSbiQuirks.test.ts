import assert from 'node:assert/strict';
import { ramBase, rig } from './rig.ts';
import { call, INVALID_PARAM, INVALID_ADDRESS, NOT_SUPPORTED, ones, SUCCESS } from './sbiCalls.ts';

const TIME = 0x54494d45;
const IPI = 0x735049;
const RFENCE = 0x52464e43;
const HSM = 0x48534d;
const SRST = 0x53525354;

/** Each call with and without: arch/riscv/kvm/vcpu_sbi_replace.c and the specification. */
describe('SBI: as the specification, or as KVM', () => {
  function both(
    name: string,
    ext: number,
    fn: number,
    args: bigint[],
    specified: bigint,
    kvm: bigint,
  ) {
    it(name, () => {
      const answer = (kvmQuirks: boolean) =>
        call(rig({ harts: 3, kvmQuirks }), 0, ext, fn, ...args)[0];
      assert.deepEqual([answer(false), answer(true)], [specified, kvm]);
    });
  }
  both('unknown function of TIME', TIME, 1, [0n], NOT_SUPPORTED, INVALID_PARAM);
  both('unknown function of IPI', IPI, 1, [0n], NOT_SUPPORTED, NOT_SUPPORTED);
  both('RFENCE, no such hart', RFENCE, 0, [0b1000n, 0n], INVALID_PARAM, SUCCESS);
  both('RFENCE, wrapping', RFENCE, 1, [1n, 0n, ones, 2n], INVALID_ADDRESS, SUCCESS);
  both('RFENCE, ASID', RFENCE, 2, [1n, 0n, 0n, 0n, 0x10000n], INVALID_PARAM, SUCCESS);
  for (const fn of [3, 4, 5, 6]) both(`HFENCE ${fn}`, RFENCE, fn, [1n], NOT_SUPPORTED, SUCCESS);
  both('unknown function of RFENCE', RFENCE, 7, [1n], NOT_SUPPORTED, NOT_SUPPORTED);
  const resume = BigInt(ramBase);
  both('HSM, non-retentive', HSM, 3, [0x80000000n, 1n], INVALID_ADDRESS, NOT_SUPPORTED);
  both('HSM, reserved', HSM, 3, [0x80000001n, resume], INVALID_PARAM, INVALID_PARAM);
  both('vendor reset type', SRST, 0, [0xf0000000n, 0n], INVALID_PARAM, NOT_SUPPORTED);
  both('reserved reset type', SRST, 0, [3n, 0n], INVALID_PARAM, NOT_SUPPORTED);

  it('an IPI to harts of which one does not exist', () => {
    const pending = (kvmQuirks: boolean) => {
      const r = rig({ harts: 3, kvmQuirks });
      assert.equal(call(r, 0, IPI, 0, 0b1110n, 0n)[0], INVALID_PARAM);
      return r.harts.map((h) => h.getCsr(0x645));
    };
    assert.deepEqual(pending(false), [0n, 0n, 0n]);
    assert.deepEqual(pending(true), [0n, 4n, 4n]);
  });

  it('clearing an IPI that was pending', () => {
    const cleared = (kvmQuirks: boolean) => {
      const r = rig({ kvmQuirks });
      r.hart.setCsr(0x645, 4n);
      return [call(r, 0, 3, 0)[0], r.hart.getCsr(0x645)];
    };
    assert.deepEqual(cleared(false), [1n, 0n]);
    assert.deepEqual(cleared(true), [0n, 0n]);
  });

  it('a fence on harts of which one does not exist', () => {
    const fences = (kvmQuirks: boolean) => {
      const r = rig({ harts: 3, kvmQuirks });
      const before = r.harts.map((h) => h.fences.i);
      call(r, 0, RFENCE, 0, 0b110n, 1n);
      return r.harts.map((h, i) => h.fences.i - (before[i] ?? 0));
    };
    assert.deepEqual(fences(false), [0, 0, 0]);
    assert.deepEqual(fences(true), [0, 0, 1]);
  });

  it('a base with no hart of the mask', () => {
    const r = rig({ harts: 3, kvmQuirks: true });
    assert.equal(call(r, 0, IPI, 0, 1n, ones - 1n)[0], INVALID_PARAM);
    assert.equal(call(r, 0, IPI, 0, 0n, 77n)[0], SUCCESS);
    assert.deepEqual(call(r, 0, IPI, 0, 0n, ones), [SUCCESS, 0n]);
    assert.deepEqual(
      r.harts.map((h) => h.getCsr(0x645)),
      [4n, 4n, 4n],
    );
  });

  it('a reset for a reserved reason', () => {
    const reset = (kvmQuirks: boolean) => {
      const r = rig({ kvmQuirks });
      r.hart.ecall(SRST, 0, 1n, 2n);
      return r.vcpu.run(1).exit.kind;
    };
    assert.deepEqual([reset(false), reset(true)], ['intr', 'systemEvent']);
  });
});
