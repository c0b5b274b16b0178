import assert from 'node:assert/strict';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import { Slice } from '../../../../src/core/isa/riscv/slice.ts';

/** A slice of so many instructions, begun when the clock's count was 1000. */
function begun(budget: number): { slice: Slice; clock: VirtualClock } {
  const clock = new VirtualClock();
  clock.instructions = 1000;
  const slice = new Slice(clock);
  slice.begin(budget);
  return { slice, clock };
}

describe('core/isa/riscv/slice', () => {
  it('counts what of its budget is used', () => {
    const { slice, clock } = begun(100);
    slice.sync(60);
    assert.deepEqual([slice.instructions, clock.instructions], [40, 1040]);
    assert.equal(slice.remaining(60), 60);
  });

  it('ends after the present instruction when that is wanted, and counts as if it had been so short', () => {
    const { slice, clock } = begun(100);
    slice.endAt(0);
    assert.equal(slice.remaining(60), 1);
    slice.sync(0);
    assert.deepEqual([slice.instructions, clock.instructions], [41, 1041]);
  });

  it('ends at a count of the clock, the nearest of those wanted', () => {
    const { slice, clock } = begun(100);
    slice.endAt(1090);
    slice.endAt(1070);
    // 40 are used, so that 30 more are left until then.
    assert.equal(slice.remaining(60), 30);
    slice.endAt(1080);
    assert.equal(slice.remaining(20), 20);
    slice.endAt(1065);
    assert.equal(slice.remaining(10), 5);
    slice.sync(0);
    assert.deepEqual([slice.instructions, clock.instructions], [65, 1065]);
  });

  it('is no longer than its budget for an end behind it, and forgets an end with the next', () => {
    const { slice } = begun(10);
    slice.endAt(2000);
    assert.equal(slice.remaining(7), 7);
    slice.endAt(1005);
    slice.begin(10);
    assert.equal(slice.remaining(7), 7);
  });
});
