import assert from 'node:assert/strict';
import { RowBlocks, rowsPerBlock } from '../../src/webview/rowBlocks.ts';

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe('RowBlocks', () => {
  it('have the rows that arrived, and tell which are missing', () => {
    const rows = new RowBlocks<number>();
    rows.reset(1_000_000);
    assert.ok(rows.lacks(0, 10));
    rows.take(0, numbers(0, 2 * rowsPerBlock));
    assert.equal(rows.at(2 * rowsPerBlock - 1), 2 * rowsPerBlock - 1);
    assert.equal(rows.at(2 * rowsPerBlock), undefined);
    assert.ok(!rows.lacks(0, 2 * rowsPerBlock));
    assert.ok(rows.lacks(0, 2 * rowsPerBlock + 1));
    assert.deepEqual(rows.around(rowsPerBlock + 1, rowsPerBlock + 2), {
      from: rowsPerBlock,
      count: rowsPerBlock,
    });
    assert.deepEqual(rows.around(0, 0), { from: 0, count: rowsPerBlock });
  });

  it('take the last block though it is short, and no other that is', () => {
    const rows = new RowBlocks<number>();
    rows.reset(rowsPerBlock + 3);
    rows.take(0, numbers(0, 5));
    assert.ok(rows.lacks(0, 1));
    rows.take(rowsPerBlock, numbers(rowsPerBlock, 3));
    assert.ok(!rows.lacks(rowsPerBlock, rowsPerBlock + 100));
    // From the middle of a block on, what is whole counts.
    rows.reset(3 * rowsPerBlock);
    rows.take(1, numbers(1, 2 * rowsPerBlock));
    assert.ok(rows.lacks(0, rowsPerBlock));
    assert.equal(rows.at(rowsPerBlock), rowsPerBlock);
    assert.equal(rows.at(2 * rowsPerBlock), undefined);
  });

  it('forget what was looked at long ago', () => {
    const rows = new RowBlocks<number>();
    rows.reset(1_000_000);
    for (let from = 0; from < 1_000_000; from += rowsPerBlock) {
      rows.take(from, numbers(from, Math.min(rowsPerBlock, 1_000_000 - from)));
    }
    assert.equal(rows.at(0), undefined);
    assert.equal(rows.at(999_999), 999_999);
    const kept = numbers(0, 1_000_000).filter((index) => rows.at(index) !== undefined);
    assert.ok(kept.length < 20_000, `${kept.length}`);
    rows.reset(5);
    assert.ok(rows.lacks(0, 5));
    assert.equal(rows.length, 5);
  });
});
