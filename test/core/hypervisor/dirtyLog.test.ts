import assert from 'node:assert/strict';
import { dirtyPages, DirtyLog } from '../../../src/core/hypervisor/dirtyLog.ts';

function bitmap(...pages: number[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil((Math.max(0, ...pages) + 1) / 64) * 8);
  for (const page of pages) bits[page >> 3]! |= 1 << (page & 7);
  return bits;
}

/** Sizes, rounding and errors of kvm_get_dirty_log and kvm_clear_dirty_log_protect. */
describe('dirty log', () => {
  it('has a bit for each page, in whole 64-bit words', () => {
    const log = new DirtyLog(65, false);
    log.mark(0);
    log.mark(9);
    log.mark(64);
    assert.deepEqual([...log.copy()], [1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(dirtyPages(log.take()), [0, 9, 64]);
    assert.deepEqual(dirtyPages(log.take()), []);
  });

  it('may begin with everything dirty, and nothing beyond the slot', () => {
    assert.deepEqual(dirtyPages(new DirtyLog(3, true).copy()), [0, 1, 2]);
  });

  it('clears what the mask names and says which pages that were', () => {
    const log = new DirtyLog(200, false);
    for (const page of [1, 64, 70, 130]) log.mark(page);
    const cleared = log.clear(64, 128, bitmap(0, 5, 66));
    assert.deepEqual(cleared, { ok: true, value: [64, 130] });
    assert.deepEqual(dirtyPages(log.copy()), [1, 70]);
  });

  function refuses(first: number, count: number, errno: string, bytes = 64) {
    it(`clearing ${count} pages from ${first} on of 100: ${errno}`, () => {
      const result = new DirtyLog(100, true).clear(first, count, new Uint8Array(bytes));
      assert.equal(result.ok ? 'ok' : result.errno, errno);
    });
  }
  refuses(0, 64, 'ok');
  refuses(64, 36, 'ok');
  refuses(0, 100, 'ok');
  refuses(1, 64, 'EINVAL');
  refuses(0, 65, 'EINVAL');
  refuses(64, 37, 'EINVAL');
  refuses(128, 0, 'EINVAL');
  refuses(0, 100, 'EFAULT', 8);
});
