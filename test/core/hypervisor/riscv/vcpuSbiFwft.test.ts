import assert from 'node:assert/strict';
import { ramBase, rig, type Rig } from './rig.ts';
import {
  call,
  checkCall,
  DENIED,
  DENIED_LOCKED,
  INVALID_PARAM,
  NOT_SUPPORTED,
  SUCCESS,
} from './sbiCalls.ts';

const FWFT = 0x46574654;
const HSM = 0x48534d;
const hedeleg = 0x602;
/** Misaligned load and store. */
const misaligned = (1n << 4n) | (1n << 6n);

const set = (r: Rig, value: bigint, flags = 0n, id = 0) =>
  call(r, id, FWFT, 0, 0n, value, flags)[0];
const get = (r: Rig, id = 0) => call(r, id, FWFT, 1, 0n);

describe('SBI: FWFT', () => {
  for (const fn of [0, 1]) {
    const check = (name: string, feature: bigint, error: bigint) =>
      checkCall(`${fn === 0 ? 'set' : 'get'} of ${name}`, FWFT, fn, [feature, 0n, 0n], [error]);
    for (const feature of [1n, 2n, 3n, 4n, 5n]) check(`feature ${feature}`, feature, NOT_SUPPORTED);
    check('the first reserved one', 6n, DENIED);
    check('the last reserved local one', 0x3fffffffn, DENIED);
    check('a platform’s local one', 0x40000000n, DENIED);
    check('a reserved global one', 0x80000000n, DENIED);
    check('a platform’s global one', 0xc0000000n, DENIED);
    check('the last one', 0xffffffffn, DENIED);
    check('an id with more than 32 bits', (7n << 32n) | 0n, SUCCESS);
  }
  checkCall('unknown function', FWFT, 2, [0n], [NOT_SUPPORTED]);
  checkCall('value 2', FWFT, 0, [0n, 2n, 0n], [INVALID_PARAM]);
  checkCall('a value with more than 32 bits', FWFT, 0, [0n, 1n << 32n, 0n], [INVALID_PARAM]);
  checkCall('a reserved flag', FWFT, 0, [0n, 1n, 2n], [INVALID_PARAM]);
  checkCall('a reserved flag beside LOCK', FWFT, 0, [0n, 1n, (1n << 63n) | 1n], [INVALID_PARAM]);
  checkCall('flags of a feature that is not there', FWFT, 0, [1n, 1n, 2n], [NOT_SUPPORTED]);

  it('delegates misaligned accesses through hedeleg, and nothing else', () => {
    const r = rig({ harts: 2 });
    const before = r.hart.getCsr(hedeleg);
    assert.equal(before & misaligned, 0n, 'off at reset');
    assert.deepEqual(get(r), [SUCCESS, 0n]);
    assert.equal(set(r, 1n), SUCCESS);
    assert.equal(r.hart.getCsr(hedeleg), before | misaligned);
    assert.deepEqual(get(r), [SUCCESS, 1n]);
    assert.equal(r.harts[1]?.getCsr(hedeleg), before, 'the feature is local');
    assert.equal(set(r, 1n), SUCCESS, 'the same value again');
    assert.equal(set(r, 0n), SUCCESS);
    assert.equal(r.hart.getCsr(hedeleg), before);
    assert.equal(set(r, 7n), INVALID_PARAM);
    assert.equal(r.hart.getCsr(hedeleg), before);
  });

  it('masks pointers through henvcfg.PMM, with the lengths that the hart has', () => {
    const PMLEN = 5n;
    const r = rig({ harts: 2, pointerMasking: true });
    const pmm = (id = 0) => ((r.harts[id]?.getCsr(0x60a) ?? 0n) >> 32n) & 3n;
    const masks = (value: bigint, flags = 0n) => call(r, 0, FWFT, 0, PMLEN, value, flags)[0];
    assert.deepEqual([call(r, 0, FWFT, 1, PMLEN), pmm()], [[SUCCESS, 0n], 0n]);
    for (const [value, bits] of [
      [7n, 2n],
      [16n, 3n],
      [0n, 0n],
    ] as const) {
      assert.equal(masks(value), SUCCESS);
      assert.deepEqual([call(r, 0, FWFT, 1, PMLEN), pmm()], [[SUCCESS, value], bits]);
    }
    for (const value of [1n, 2n, 8n, 17n, 1n << 32n]) assert.equal(masks(value), INVALID_PARAM);
    assert.equal(masks(7n, 1n), SUCCESS);
    assert.equal(masks(0n), DENIED_LOCKED);
    assert.equal(set(r, 1n), SUCCESS, 'the other feature has a lock of its own');
    assert.deepEqual([pmm(), pmm(1)], [2n, 0n], 'local, and still there');
  });

  it('a call that fails locks nothing', () => {
    const r = rig();
    assert.equal(set(r, 2n, 1n), INVALID_PARAM);
    assert.equal(set(r, 1n, 3n), INVALID_PARAM);
    assert.equal(set(r, 1n), SUCCESS);
  });

  it('locked, it stays until the hart is started anew', () => {
    const r = rig({ harts: 2 });
    const start = () => {
      call(r, 0, HSM, 0, 1n, BigInt(ramBase), 0n);
      r.vcpus[1]?.run(1);
    };
    start();
    assert.equal(set(r, 1n, 1n, 1), SUCCESS);
    assert.equal(set(r, 0n, 0n, 1), DENIED_LOCKED);
    assert.equal(set(r, 1n, 0n, 1), DENIED_LOCKED);
    assert.equal(set(r, 1n, 1n, 1), DENIED_LOCKED);
    assert.equal(set(r, 0n, 2n, 1), INVALID_PARAM, 'flags are looked at first');
    assert.deepEqual(get(r, 1), [SUCCESS, 1n]);
    assert.equal(set(r, 0n), SUCCESS, 'the other hart has its own');
    r.harts[1]?.ecall(HSM, 1);
    r.vcpus[1]?.run(1);
    start();
    assert.deepEqual(get(r, 1), [SUCCESS, 0n]);
    assert.equal(set(r, 1n, 0n, 1), SUCCESS);
  });
});
