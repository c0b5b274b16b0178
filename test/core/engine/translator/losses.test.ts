import assert from 'node:assert/strict';
import { Losses } from '../../../../src/core/engine/translator/losses.ts';

describe('core/engine/translator/losses', () => {
  it('adds up for a page that is stored to again and again, up to twelve', () => {
    const losses = new Losses(() => 0);
    for (let i = 1; i <= 20; i++) {
      losses.add(0x1000);
      assert.equal(losses.of(0x1000), Math.min(i, 12));
    }
    assert.equal(losses.of(0x2000), 0);
  });

  it('is forgiven one by one as the run goes on, the last of many after longer than the others', () => {
    let instructions = 0;
    const losses = new Losses(() => instructions);
    for (let i = 0; i < 3; i++) losses.add(0x1000);
    const seen: number[] = [];
    for (; instructions <= 400e6; instructions += 50e6) seen.push(losses.of(0x1000));
    assert.deepEqual(seen, [3, 3, 3, 3, 2, 2, 1, 0, 0]);
    losses.add(0x1000);
    assert.equal(losses.of(0x1000), 1);
  });
});
