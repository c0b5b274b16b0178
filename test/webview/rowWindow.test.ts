import assert from 'node:assert/strict';
import { rowAfter, rowsToDraw, type Sight } from '../../src/webview/rowWindow.ts';

describe('rows to draw', () => {
  const sight = { rows: 1_000_000, rowHeight: 20, top: 0, height: 100, always: undefined };
  const check = (change: Partial<Sight>, expected: number[]) =>
    assert.deepEqual(rowsToDraw({ ...sight, ...change }), expected);
  const range = (first: number, end: number) =>
    Array.from({ length: end - first }, (_, i) => first + i);

  it('are those in sight and as many before and behind', () => {
    check({}, range(0, 10));
    check({ top: 20_000 }, range(995, 1010));
    check({ top: 20 * 999_995 }, range(999_990, 1_000_000));
    check({ rows: 3 }, [0, 1, 2]);
    check({ rows: 0 }, []);
    // The list begins below what stands above it.
    check({ top: -60 }, range(0, 7));
  });

  it('and the row with the focus, wherever it is', () => {
    check({ always: 3 }, range(0, 10));
    check({ always: 500 }, [...range(0, 10), 500]);
    check({ always: 7, top: 20_000 }, [7, ...range(995, 1010)]);
    check({ always: 1_000_000 }, range(0, 10));
  });
});

describe('a key among rows', () => {
  it('leads to another row, and not over the ends', () => {
    assert.equal(rowAfter('ArrowDown', 4, 10, 3), 5);
    assert.equal(rowAfter('ArrowDown', 9, 10, 3), 9);
    assert.equal(rowAfter('PageUp', 1, 10, 3), 0);
    assert.equal(rowAfter('PageDown', 4, 10, 3), 7);
    assert.equal(rowAfter('End', 4, 10, 3), 9);
    assert.equal(rowAfter('Home', 4, 10, 3), 0);
    assert.equal(rowAfter('Enter', 4, 10, 3), undefined);
    assert.equal(rowAfter('toString', 4, 10, 3), undefined);
    assert.equal(rowAfter('ArrowDown', 0, 0, 3), 0);
  });
});
