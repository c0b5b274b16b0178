/** Lengths of slices, for machines whose speed is given. */
import assert from 'node:assert/strict';
import { SliceLength, sliceTime } from '../../src/cli/sliceLength.ts';

/** Milliseconds that the slice after so many others takes, at so many instructions a millisecond. */
function after(slices: number, slice: SliceLength, speed: number, talks: boolean): number {
  for (let i = 0; i < slices; i++) slice.adapt(slice.instructions / speed, true, talks);
  return slice.instructions / speed;
}

function isWithin(milliseconds: number, kind: keyof typeof sliceTime): boolean {
  const { least, most } = sliceTime[kind];
  return milliseconds >= least && milliseconds <= most;
}

describe('lengths of slices', () => {
  for (const speed of [30_000, 600_000]) {
    it(`${speed} instructions a millisecond: short while somebody talks, longer else`, () => {
      const slice = new SliceLength();
      assert.ok(isWithin(after(12, slice, speed, false), 'silent'));
      assert.ok(isWithin(after(1, slice, speed, true), 'talking'));
    });
  }

  it('follow a guest that suddenly takes thirty times as long', () => {
    const slice = new SliceLength();
    after(12, slice, 300_000, true);
    assert.ok(after(2, slice, 10_000, true) <= sliceTime.talking.most);
  });

  it('are not longer than an onlooker wants, nor for one slow slice next to nothing', () => {
    const slice = new SliceLength(50_000);
    assert.equal(after(20, slice, 1e6, false), 0.05);
    const other = new SliceLength();
    after(20, other, 100_000, false);
    const before = other.instructions;
    other.adapt(1e5, true, true);
    assert.equal(other.instructions, before / 8);
  });

  it('stay where the guest left its slice early', () => {
    const slice = new SliceLength();
    slice.adapt(0.1, false, true);
    assert.equal(slice.instructions, new SliceLength().instructions);
  });
});
